"""The benchmark of the classifier runs what is shipped, beside the network that is published."""

import json
from pathlib import Path

import pytest

from benchmarks.classifier import benchmark
from models import SHIPPED_MODEL
from node.errors import UsageError


def rows(tmp_path: Path, *arguments: str) -> list[dict[str, object]]:
    file = tmp_path / "classifier.json"
    benchmark.main(["--repeat", "3", "--json", str(file), *arguments], standalone_mode=False)
    return list(json.loads(file.read_text())["rows"])


def test_it_writes_its_rows(tmp_path: Path) -> None:
    classified, cut = rows(tmp_path)
    assert isinstance(classified["ours"], float)
    assert classified["ours"] > 100
    assert classified["ratio"] is None
    assert cut["unit"] == "ms"


def test_models_are_measured_beside_malexnet(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="the peer is built with onnx, of the extra 'train'")
    model = str(SHIPPED_MODEL)
    classified, _ = rows(tmp_path, "--model", model, "--peer", "malexnet")
    assert classified["peer_name"] == "malexnet"
    assert classified["goal"] == "10 times"
    ours, peer, ratio = (classified[key] for key in ("ours", "peer", "ratio"))
    assert isinstance(ours, float)
    assert isinstance(peer, float)
    # Medians of rates and of ratios differ by what the machine's speed varied meanwhile.
    assert ratio == pytest.approx(ours / peer, rel=0.5)


def test_an_unknown_peer_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--peer none\.onnx: there is no such file"):
        benchmark.main(["--peer", "none.onnx"], standalone_mode=False)
