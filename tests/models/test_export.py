"""The exported graph computes what the trained network computes."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the extra 'train' only")

from models.classifier import SpotClassifier  # noqa: E402
from models.export import export  # noqa: E402
from models.metadata import ModelMetadata  # noqa: E402
from models.metrics import Thresholds  # noqa: E402
from models.network import build, planes  # noqa: E402
from models.patches import PatchSpec  # noqa: E402


@pytest.mark.parametrize("surroundings", [0.0, 1.8])
def test_onnx_and_torch_agree(tmp_path: Path, surroundings: float) -> None:
    torch.manual_seed(6)
    spec = PatchSpec(32, 0.25, surroundings)
    rows, size, _ = spec.shape
    network = build(rows, size)
    patches = np.random.default_rng(6).integers(0, 256, (24, rows, size, 3), dtype=np.uint8)
    patches[:4] = patches[:4] // 8 + 100  # hardly any contrast
    patches[4] = 128  # none at all
    patches[5:9, size:] //= 3  # looks of different brightness
    values = planes(torch.from_numpy(patches))
    with torch.no_grad():
        network(values)  # moves the running statistics away from their start
        network.eval()
        expected = torch.sigmoid(network(values) / 1.7).numpy()
    metadata = ModelMetadata("test", "0", spec, 1.7, Thresholds(0.7, 0.3), "0" * 64)
    path = tmp_path / "exported.onnx"
    export(path, {key: value.numpy() for key, value in network.state_dict().items()}, metadata)
    classifier = SpotClassifier.load(path)
    assert classifier.metadata == metadata
    np.testing.assert_allclose(classifier.probabilities(patches), expected, atol=2e-4)
