"""The exported graph computes what the trained network computes."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import pytest

onnx = pytest.importorskip("onnx", reason="onnx comes with the extra 'train' only")
torch = pytest.importorskip("torch", reason="torch comes with the extra 'train' only")

from models import SHIPPED_MODEL  # noqa: E402
from models.classifier import SpotClassifier  # noqa: E402
from models.export import export  # noqa: E402
from models.metadata import ModelMetadata  # noqa: E402
from models.metrics import Thresholds  # noqa: E402
from models.network import build, planes  # noqa: E402
from models.patches import Image, PatchSpec  # noqa: E402
from models.quantise import quantise  # noqa: E402

Floats = npt.NDArray[np.float32]


def exported(path: Path, spec: PatchSpec, patches: Image) -> Floats:
    """Write a network whose weights are random; return what PyTorch makes of the patches."""
    torch.manual_seed(6)
    rows, size, _ = spec.shape
    network = build(rows, size)
    values = planes(torch.from_numpy(patches))
    with torch.no_grad():
        network(values)  # moves the running statistics away from their start
        network.eval()
        expected = torch.sigmoid(network(values) / 1.7).numpy()
    metadata = ModelMetadata("test", "0", spec, 1.7, Thresholds(0.7, 0.3), "0" * 64)
    export(path, {key: value.numpy() for key, value in network.state_dict().items()}, metadata)
    assert SpotClassifier.load(path).metadata == metadata
    return np.asarray(expected)


def some_patches(spec: PatchSpec) -> Image:
    rows, size, _ = spec.shape
    patches = np.random.default_rng(6).integers(0, 256, (24, rows, size, 3), dtype=np.uint8)
    patches[:4] = patches[:4] // 8 + 100  # hardly any contrast
    patches[4] = 128  # none at all
    patches[5:9, size:] //= 3  # looks of different brightness
    return patches


@pytest.mark.parametrize("surroundings", [0.0, 1.8])
def test_onnx_and_torch_agree(tmp_path: Path, surroundings: float) -> None:
    spec = PatchSpec(32, 0.25, surroundings)
    patches = some_patches(spec)
    expected = exported(tmp_path / "exported.onnx", spec, patches)
    classifier = SpotClassifier.load(tmp_path / "exported.onnx")
    np.testing.assert_allclose(classifier.probabilities(patches), expected, atol=2e-4)


def test_in_bytes_patches_stand_in_one_image_and_nothing_is_moved_for_it(tmp_path: Path) -> None:
    spec = PatchSpec(32, 0.25, 1.8)
    patches = some_patches(spec)
    exported(tmp_path / "float.onnx", spec, patches)
    quantise(tmp_path / "float.onnx", tmp_path / "int8.onnx", patches)
    kinds = kinds_of_nodes(tmp_path / "int8.onnx", tmp_path / "as_run.onnx")
    assert kinds.count("QLinearConv") == 5
    assert "Transpose" not in kinds


def test_the_shipped_model_is_written_by_this_exporter(tmp_path: Path) -> None:
    spec = SpotClassifier.load().spec
    exported(tmp_path / "float.onnx", spec, some_patches(spec))
    quantise(tmp_path / "float.onnx", tmp_path / "int8.onnx", some_patches(spec))
    shipped = kinds_of_nodes(SHIPPED_MODEL, tmp_path / "shipped_as_run.onnx")
    assert shipped == kinds_of_nodes(tmp_path / "int8.onnx", tmp_path / "as_run.onnx")


def test_an_answer_does_not_depend_on_what_else_is_asked_in_the_same_run() -> None:
    classifier = SpotClassifier.load()
    patches = some_patches(classifier.spec)
    together = classifier.probabilities(patches)
    alone = [classifier.probabilities(patches[at : at + 1]) for at in range(len(patches))]
    assert together.std() > 0.01
    assert np.array_equal(together, np.concatenate(alone))


def kinds_of_nodes(path: Path, as_run: Path) -> list[str]:
    """What ONNX Runtime makes of a model's graph before it runs it."""
    options = ort.SessionOptions()
    options.log_severity_level = 3  # it warns of files written for this kind of processor
    options.optimized_model_filepath = str(as_run)
    ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return [node.op_type for node in onnx.load(str(as_run)).graph.node]
