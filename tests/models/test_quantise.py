"""A model in whole bytes answers nearly what its float32 form does, and says the same of itself."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx comes with the extra 'train' only")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from models.classifier import SpotClassifier  # noqa: E402
from models.corpus import Samples  # noqa: E402
from models.patches import Image  # noqa: E402
from models.quantise import compare, quantise, spread  # noqa: E402
from models.splits import Part  # noqa: E402
from node.errors import UsageError  # noqa: E402

from .tiny_models import METADATA, write_mean_model  # noqa: E402

# (channels out, in, rows, columns) of each kernel; the first sees four neighbouring pixels as one.
KERNELS = ((8, 12, 4, 1), (16, 8, 3, 3), (16, 16, 4, 4), (8, 16, 1, 1), (1, 8, 1, 1))


def write_network(path: Path) -> Path:
    """A network with normalisation, a striding stem, ReLUs and a head, its weights random."""
    rng = np.random.default_rng(4)
    constants = {
        "one": np.ones(1, dtype=np.float32),
        "zero": np.zeros(1, dtype=np.float32),
        "looks": np.array([0, 1, -1]),
        "grouped": np.array([-1, 16, 4, 12]),
        "column": np.array([-1]),
    }
    nodes: list[Any] = [
        helper.make_node("Cast", ["patches"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["floats", "looks"], ["rows"]),
        helper.make_node("InstanceNormalization", ["rows", "one", "zero"], ["even"], epsilon=16.0),
        helper.make_node("Reshape", ["even", "grouped"], ["pixels"]),
        helper.make_node("Transpose", ["pixels"], ["value0"], perm=[0, 3, 1, 2]),
    ]
    for index, shape in enumerate(KERNELS):
        deviation = np.sqrt(2.0 / np.prod(shape[1:]))
        constants[f"kernel{index}"] = rng.normal(0.0, deviation, shape).astype(np.float32)
        constants[f"bias{index}"] = rng.normal(0.0, 0.1, shape[0]).astype(np.float32)
        inputs = [f"value{index}", f"kernel{index}", f"bias{index}"]
        how: dict[str, Any] = (
            {"strides": [4, 1]} if index == 0 else {"pads": [int(shape[2] == 3)] * 4}
        )
        nodes += [
            helper.make_node("Conv", inputs, [f"sum{index}"], **how),
            helper.make_node("Relu", [f"sum{index}"], [f"value{index + 1}"]),
        ]
    nodes[-1] = helper.make_node("Reshape", [f"sum{len(KERNELS) - 1}", "column"], ["logit"])
    nodes.append(helper.make_node("Sigmoid", ["logit"], ["occupied"]))
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("patches", TensorProto.UINT8, ["N", 16, 16, 3])],
        [helper.make_tensor_value_info("occupied", TensorProto.FLOAT, ["N"])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
        producer_name="parkledger",
    )
    helper.set_model_props(model, METADATA.properties())
    onnx.save(model, str(path))
    return path


def blobs(count: int) -> Image:
    """Patches with some structure, for noise alone drives no filter."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(0, 256, (count, 4, 4, 3))
    fine = coarse.repeat(4, axis=1).repeat(4, axis=2) + rng.normal(0, 8, (count, 16, 16, 3))
    return np.clip(fine, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("quantise")
    source = write_network(folder / "float.onnx")
    quantise(source, folder / "new" / "int8.onnx", blobs(200))
    return source, folder / "new" / "int8.onnx"


def test_the_answers_stay_nearly_the_same(models: tuple[Path, Path]) -> None:
    before, after = (SpotClassifier.load(path) for path in models)
    unseen = blobs(400)[200:]
    first, second = before.probabilities(unseen), after.probabilities(unseen)
    assert first.std() > 0.05, "a network whose answers never change tests nothing"
    np.testing.assert_allclose(second, first, atol=0.04)
    assert (first != second).any(), "nothing was quantised"


def test_what_the_file_says_of_itself_stays(models: tuple[Path, Path]) -> None:
    before, after = (SpotClassifier.load(path) for path in models)
    assert after.metadata == before.metadata
    properties = {entry.key: entry.value for entry in onnx.load(str(models[1])).metadata_props}
    assert properties["parkledger.quantised_from_sha256"] == before.sha256
    one, other = (onnx.load(str(path)) for path in models)
    assert list(one.graph.input) == list(other.graph.input)
    assert list(one.graph.output) == list(other.graph.output)
    assert one.producer_name == other.producer_name


def test_weights_are_bytes_but_for_the_last_two_layers(models: tuple[Path, Path]) -> None:
    constants = onnx.load(str(models[1])).graph.initializer
    kernels = [c for c in constants if len(c.dims) == 4]
    kinds = [kernel.data_type for kernel in kernels]
    assert sorted(kinds) == sorted([TensorProto.INT8] * 3 + [TensorProto.FLOAT] * 2)
    in_bytes = [numpy_helper.to_array(k) for k in kernels if k.data_type == TensorProto.INT8]
    # Seven bits, so that two products fit into sixteen on CPUs without VNNI.
    assert max(np.abs(kernel.astype(int)).max() for kernel in in_bytes) <= 64
    assert max(kernel.max() for kernel in in_bytes) > 60


def test_pixels_become_bytes_once_and_nothing_before_is_rounded(models: tuple[Path, Path]) -> None:
    nodes = onnx.load(str(models[1])).graph.node
    feeds = {node.output[0]: node for node in nodes}
    normalising = next(node for node in nodes if node.op_type == "InstanceNormalization")
    before = [normalising]
    while before[-1].input[0] in feeds:
        before.append(feeds[before[-1].input[0]])
    assert [node.op_type for node in before] == ["InstanceNormalization", "Reshape", "Cast"]


def test_the_same_inputs_give_the_same_bytes(models: tuple[Path, Path], tmp_path: Path) -> None:
    quantise(models[0], tmp_path / "again.onnx", blobs(200))
    assert (tmp_path / "again.onnx").read_bytes() == models[1].read_bytes()


def test_the_loss_is_told_set_by_set(models: tuple[Path, Path]) -> None:
    patches = blobs(60)
    bright = patches.mean(axis=(1, 2, 3)) > 127
    samples = [
        Samples("east", Part.CALIBRATION, patches[:20], bright[:20], np.zeros(20, np.bool_)),
        Samples("west", Part.VALIDATION, patches[20:40], bright[20:40], np.zeros(20, np.bool_)),
        Samples("east", Part.CALIBRATION, patches[40:], bright[40:], np.zeros(20, np.bool_)),
    ]
    before, after = (SpotClassifier.load(path) for path in models)
    east, west = compare(samples, before, after)
    assert (east.name, east.spots) == ("east calibration", 40)
    assert (west.name, west.spots) == ("west validation", 20)
    same = compare(samples, before, before)
    assert [loss.flipped for loss in same] == [0, 0]
    assert same[0].before == same[0].after == east.before


def test_calibration_patches_are_spread_over_all_samples() -> None:
    patches = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1)
    none = np.zeros(5, np.bool_)
    samples = [Samples("s", Part.CALIBRATION, patches[i : i + 5], none, none) for i in (0, 5)]
    assert spread(samples, 4).ravel().tolist() == [0, 3, 6, 9]
    assert len(spread(samples, 99)) == 10


def test_a_model_that_cannot_be_quantised_is_named(
    models: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out.onnx"
    (tmp_path / "text.onnx").write_text("no model")
    wrong = {
        tmp_path / "none.onnx": "cannot read model",
        tmp_path / "text.onnx": "is no ONNX model",
        models[1]: "quantised already; give the float32 model",
        write_mean_model(tmp_path / "mean.onnx"): "no convolution or matrix product",
    }
    for path, needle in wrong.items():
        with pytest.raises(UsageError, match=needle) as caught:
            quantise(path, out, blobs(8))
        assert str(path) in str(caught.value)
    assert not out.exists()
    with pytest.raises(ValueError, match="at least one patch"):
        quantise(models[0], out, blobs(0))
