"""Loading a model: what is refused and how; running it: batches do not matter."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from models import SHIPPED_MODEL
from models.classifier import SpotClassifier
from models.metadata import PREFIX
from models.patches import Image, PatchCutter
from node.errors import UsageError

from .tiny_models import METADATA, draw_asphalt, draw_car, write_mean_model


def noise(count: int, shape: tuple[int, int, int]) -> Image:
    rng = np.random.default_rng(11)
    return rng.integers(0, 256, (count, *shape), dtype=np.uint8)


def test_the_file_s_own_geometry_and_thresholds_are_used(tmp_path: Path) -> None:
    classifier = SpotClassifier.load(write_mean_model(tmp_path / "m.onnx"))
    assert classifier.metadata == METADATA
    assert classifier.spec.size == 16
    assert classifier.thresholds.occupied_above == 0.7
    assert len(classifier.sha256) == 64


@pytest.mark.parametrize("count", [0, 1, 2, 31, 32, 33, 65, 200])
def test_any_number_of_patches(tmp_path: Path, count: int) -> None:
    classifier = SpotClassifier.load(write_mean_model(tmp_path / "m.onnx"))
    patches = noise(count, (16, 16, 3))
    measured = classifier.probabilities(patches)
    assert measured.dtype == np.float32
    np.testing.assert_allclose(measured, patches.mean(axis=(1, 2, 3)) / 255.0, atol=1e-4)


def test_a_patch_scores_the_same_in_any_batch() -> None:
    classifier = SpotClassifier.load()
    patches = noise(70, classifier.spec.shape)
    together = classifier.probabilities(patches)
    alone = np.concatenate([classifier.probabilities(patches[i : i + 1]) for i in range(70)])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_two_loads_give_the_same_probabilities() -> None:
    patches = noise(8, SpotClassifier.load().spec.shape)
    one, other = (SpotClassifier.load().probabilities(patches) for _ in range(2))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("shape", "input_type", "needle"),
    [
        (("N", 16, 16, 3), TensorProto.FLOAT, r"tensor\(float\)"),
        (("N", 32, 32, 3), TensorProto.UINT8, "32, 32, 3"),
        (("N", 3, 16, 16), TensorProto.UINT8, "3, 16, 16"),
        ((4, 16, 16, 3), TensorProto.UINT8, "4, 16, 16, 3"),
    ],
    ids=["floats", "another size", "planes first", "fixed batch"],
)
def test_another_input_is_refused(
    tmp_path: Path, shape: tuple[str | int, ...], input_type: int, needle: str
) -> None:
    path = write_mean_model(tmp_path / "wrong.onnx", shape=shape, input_type=input_type)
    with pytest.raises(UsageError, match=needle) as caught:
        SpotClassifier.load(path)
    message = str(caught.value)
    assert str(path) in message
    assert "needed is one tensor(uint8) of shape (N, 16, 16, 3)" in message
    assert "\n" not in message


def test_a_model_of_something_else_is_refused(tmp_path: Path) -> None:
    path = write_mean_model(tmp_path / "other.onnx", metadata={"author": "somebody"})
    with pytest.raises(UsageError, match=r"other\.onnx.*parkledger\.channels is missing"):
        SpotClassifier.load(path)


def test_another_channel_order_is_refused(tmp_path: Path) -> None:
    properties = METADATA.properties() | {f"{PREFIX}channels": "rgb"}
    path = write_mean_model(tmp_path / "rgb.onnx", metadata=properties)
    with pytest.raises(UsageError, match="channel order is 'rgb'"):
        SpotClassifier.load(path)


@pytest.mark.parametrize("key", ["patch_size", "occupied_above"])
def test_a_number_that_is_none_is_refused(tmp_path: Path, key: str) -> None:
    properties = METADATA.properties() | {PREFIX + key: "large"}
    path = write_mean_model(tmp_path / "m.onnx", metadata=properties)
    with pytest.raises(UsageError, match=key):
        SpotClassifier.load(path)


def test_a_missing_file_and_a_text_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.onnx.*No such file"):
        SpotClassifier.load(tmp_path / "none.onnx")
    text = tmp_path / "text.onnx"
    text.write_text("not a model")
    with pytest.raises(UsageError, match=r"text\.onnx is no ONNX model"):
        SpotClassifier.load(text)


def test_patches_of_another_size_are_refused(tmp_path: Path) -> None:
    classifier = SpotClassifier.load(write_mean_model(tmp_path / "m.onnx"))
    with pytest.raises(ValueError, match="16, 16, 3"):
        classifier.probabilities(noise(2, (48, 48, 3)))


def test_the_shipped_model_is_small_and_says_what_it_is() -> None:
    assert SHIPPED_MODEL.stat().st_size <= 1_000_000
    metadata = SpotClassifier.load().metadata
    assert metadata.name == "parkledger-spot-classifier"
    assert len(metadata.training_data) == 64
    assert 0.5 < metadata.thresholds.occupied_above <= 0.9


def test_the_shipped_model_tells_drawn_cars_from_drawn_asphalt() -> None:
    """Pictures that the project draws itself: nothing of the kind was in the training data.

    A tenth of the cars may be missed: some flat black ones, on which nothing shines, are unsure.
    """
    classifier = SpotClassifier.load()
    rng = np.random.default_rng(2)
    pictures = [draw(rng) for draw in (draw_asphalt, draw_car) for _ in range(100)]
    region = [(0.2, 0.15), (0.8, 0.15), (0.8, 0.85), (0.2, 0.85)]
    cutter = PatchCutter([region], width=200, height=200, spec=classifier.spec)
    patches = np.concatenate([cutter.cut(picture) for picture in pictures])
    occupied = classifier.probabilities(patches) >= 0.5
    assert (~occupied[:100]).mean() >= 0.95
    assert occupied[100:].mean() >= 0.90
