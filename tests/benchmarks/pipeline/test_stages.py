"""The pipeline's benchmark: every stage does the whole work, and the table says what it means."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.pipeline.cli import _rows
from benchmarks.pipeline.scene import HEIGHT, SPOTS, WIDTH, layout_of, make_scene
from benchmarks.pipeline.stages import bare, cpu_ms, detector, full_frame, per_spot, ratio, strip
from central.layout.validate import check_layout
from central.processor.scores import Scores
from models.classifier import SpotClassifier
from node.errors import UsageError


@pytest.fixture(scope="module")
def classifier() -> SpotClassifier:
    return SpotClassifier.load(None)


def test_the_scene_is_a_valid_lot_of_true_size() -> None:
    scene = make_scene(2)
    assert len(scene.camera.regions) == SPOTS
    check_layout(layout_of(scene, "c1"), source="scene")
    for jpeg in scene.jpegs:
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape == (HEIGHT, WIDTH, 3)
        assert 150_000 < len(jpeg) < 400_000


def test_every_stage_looks_at_every_spot(classifier: SpotClassifier) -> None:
    pytest.importorskip("onnx")
    scene = make_scene(1)
    whole, cut = full_frame(classifier, scene)(0), strip(classifier, scene)(0)
    assert isinstance(whole, Scores)
    assert isinstance(cut, Scores)
    assert len(whole.probabilities) == len(cut.probabilities) == SPOTS
    assert np.allclose(whole.probabilities, np.asarray(bare(classifier, scene)(0)), atol=1e-6)
    found = per_spot(scene)(0)
    assert isinstance(found, list)
    assert len(found) == SPOTS


def test_a_detector_must_be_one(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"no")
    with pytest.raises(UsageError, match="--detector"):
        detector(make_scene(1), tmp_path / "x.onnx")


def test_ratios_are_made_within_a_round() -> None:
    assert ratio([1.0, 10.0, 1.0], [8.0, 80.0, 9.0]) == 8.0
    times = cpu_ms({"a": lambda _: sum(range(20_000)), "b": lambda _: None}, rounds=3)
    assert len(times["a"]) == 3
    assert min(times["a"]) > max(times["b"])


def test_goals_are_judged() -> None:
    found = {"full": [10.0], "bare": [9.0], "strip": [2.0], "malexnet": [81.0], "detector": [49.0]}
    rows = {row.peer_name: row for row in _rows(found)}
    assert rows["mAlexNet a spot"].met is True
    assert [row.met for row in _rows(found)] == [True, False, False, None]
    del found["detector"]
    assert len(list(_rows(found))) == 3
