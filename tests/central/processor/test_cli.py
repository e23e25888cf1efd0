"""The command, as its user meets it."""

import logging
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from node.cli import main

DEADLINE = 60.0  # seconds; a whole interpreter with ONNX Runtime starts in two
Fails = Callable[..., tuple[int, str]]
UNUSED = "127.0.0.1:1"  # nothing listens there: a ledger that is away


@pytest.fixture
def fails(capsys: pytest.CaptureFixture[str]) -> Iterator[Fails]:
    """Run the command to its failure; returns exit code and standard error, which is one line."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level  # the command sets up logs of its own

    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as left:
            main(["processor", *arguments])
        error = capsys.readouterr().err
        assert len(error.splitlines()) == 1, error
        assert isinstance(left.value.code, int)
        return left.value.code, error

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def wrong_model(tmp_path: Path) -> Path:
    """A classifier for 224-pixel float pictures, channels first."""
    shape: list[str | int | None] = ["n", 3, 224, 224]
    node = helper.make_node("ReduceMean", ["x"], ["y"], keepdims=0, axes=[1, 2, 3])
    graph = helper.make_graph(
        [node],
        "wrong",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n"])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    entries = {
        "name": "wrong", "version": "1", "patch_size": "224", "patch_margin": "0.2",
        "patch_surroundings": "0.0",
        "channels": "bgr", "temperature": "1.0", "occupied_above": "0.7", "vacant_below": "0.3",
        "training_data_sha256": "0" * 64,
    }  # fmt: skip
    helper.set_model_props(model, {f"parkledger.{key}": value for key, value in entries.items()})
    path = tmp_path / "wrong.onnx"
    onnx.save(model, path)
    return path


def test_a_model_with_another_input_shape(fails: Fails, wrong_model: Path) -> None:
    code, error = fails("--model", str(wrong_model), "--listen", "127.0.0.1:0")
    assert code == 2
    assert "wrong.onnx" in error
    assert "tensor(float)" in error
    assert "needed is one tensor(uint8)" in error


def test_a_model_that_is_not_there(fails: Fails, tmp_path: Path) -> None:
    code, error = fails("--model", str(tmp_path / "none.onnx"))
    assert code == 2
    assert "none.onnx" in error


def test_a_port_in_use(fails: Fails) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, error = fails("--listen", address)
    assert code == 1
    assert f"cannot listen on {address}: Address already in use" in error
    assert "--listen" in error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--workers", "0"), "--workers"),
        (("--listen", "nowhere"), "write HOST:PORT"),
        (("--ledger", ","), "at least one HOST:PORT"),
        (("--processor-id", "a b"), "processor id 'a b'"),
        (("--silent-after", "0"), "--silent-after"),
        (("--occupied-above", "0.2", "--vacant-below", "0.4"), "the first under the second"),
        (("--change-threshold", "256"), "--change-threshold"),
        (("--refresh-every", "nan"), "nan is not a number"),
        (("--enter-seconds", "nan"), "nan is not a number"),
    ],
)
def test_wrong_values(fails: Fails, arguments: tuple[str, ...], said: str) -> None:
    code, error = fails(*arguments)
    assert code == 2
    assert said in error


def test_it_says_when_it_is_ready_and_ends_when_told_with_the_ledger_away() -> None:
    arguments = ["--listen", "127.0.0.1:0", "--processor-id", "p7", "--ledger", UNUSED]
    process = subprocess.Popen(
        [sys.executable, "-m", "node", "processor", *arguments], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if "ready listen=127.0.0.1:" in line:
            break
    assert "processor=p7 model=" in seen[-1]
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    assert "Traceback" not in "".join(seen) + rest
