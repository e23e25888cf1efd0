"""Evaluation by the processor's own code, on drawn frames and, where there, on real ones."""

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.classifier import SpotClassifier
from models.corpus import load_frames
from models.datasets import LabelledFrame, LabelledSpot
from models.evaluate import Group, Mistake, as_json, contact_sheet, evaluate
from models.metrics import Thresholds, balanced_accuracy
from models.splits import Part

from .tiny_models import METADATA, write_mean_model

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
REGION = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))


def flat_frame(folder: Path, tone: int, *, occupied: bool) -> LabelledFrame:
    path = folder / f"{tone}.png"
    cv2.imwrite(str(path), np.full((60, 80, 3), tone, dtype=np.uint8))
    return LabelledFrame(path, 80, 60, "c", "", "", (LabelledSpot("A1", REGION, occupied),))


def test_mistakes_come_surest_first(tmp_path: Path) -> None:
    """The tiny model's probability is a patch's brightness, so every answer is known."""
    frames = [
        flat_frame(tmp_path, 204, occupied=True),  # 0.8, right
        flat_frame(tmp_path, 51, occupied=True),  # 0.2, wrong with 0.8
        flat_frame(tmp_path, 255, occupied=False),  # 1.0, wrong with 1.0
        flat_frame(tmp_path, 102, occupied=True),  # 0.4, wrong with 0.6
    ]
    done: list[int] = []
    classifier = SpotClassifier.load(write_mean_model(tmp_path / "m.onnx"))
    measured = evaluate(frames, classifier, keep_mistakes=2, report=done.append)
    assert done == [1, 2, 3, 4]
    np.testing.assert_allclose(measured.probabilities, [0.8, 0.2, 1.0, 0.4], atol=1e-3)
    assert [round(mistake.confidence, 2) for mistake in measured.mistakes] == [1.0, 0.8]
    assert measured.overall(METADATA.thresholds).accuracy == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("taken", "hour"),
    [
        ("2012-09-11_15_16_58", "15"),
        ("2015-11-16T09:10", "09"),
        ("2015-11-16 23:59:00", "23"),
        ("2015-11-16", "-"),
        ("", "-"),
    ],
)
def test_the_hour_is_read_from_any_source_s_time(taken: str, hour: str) -> None:
    assert Group.HOUR.of(LabelledFrame(Path("a"), 1, 1, "", taken, "", ())) == hour


def test_groups_come_in_order_and_hold_their_own_spots(tmp_path: Path) -> None:
    spots = (LabelledSpot("A1", REGION, occupied=True),)
    frames = []
    for camera, weather, tone in (("10", "", 255), ("9", "rainy", 0), ("mast", "sunny", 255)):
        path = tmp_path / f"{camera}.png"
        cv2.imwrite(str(path), np.full((60, 80, 3), tone, dtype=np.uint8))
        frames.append(LabelledFrame(path, 80, 60, camera, "", "", spots, weather))
    classifier = SpotClassifier.load(write_mean_model(tmp_path / "m.onnx"))
    measured = evaluate(frames, classifier)
    cameras = measured.by(Group.CAMERA, METADATA.thresholds)
    assert list(cameras) == ["9", "10", "mast"]
    assert [figures.accuracy for figures in cameras.values()] == [0.0, 1.0, 1.0]
    assert list(measured.by(Group.WEATHER, METADATA.thresholds)) == ["-", "rainy", "sunny"]


def test_no_frames_is_no_number_but_no_error(tmp_path: Path) -> None:
    classifier = SpotClassifier.load(write_mean_model(tmp_path / "m.onnx"))
    result = as_json(evaluate([], classifier), Thresholds(0.6, 0.4))
    assert result["spots"] == 0
    assert result["accuracy"] is None


def test_a_sheet_of_no_mistakes_is_white() -> None:
    assert (contact_sheet([]) == 255).all()


def test_a_sheet_grows_by_rows() -> None:
    patch = np.zeros((16, 16, 3), dtype=np.uint8)
    one = Mistake("a.jpg", "1", occupied=True, confidence=0.9, patch=patch)
    heights = [contact_sheet([one] * count).shape[0] for count in (1, 6, 7)]
    assert heights[0] == heights[1] == heights[2] // 2


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there")
@pytest.mark.parametrize(
    ("source", "part", "at_least"),
    [
        ("acpds", Part.VALIDATION, 0.90),
        ("cnrext", Part.VALIDATION, 0.96),
        ("pklot", Part.VALIDATION, 0.98),
        ("cnrext", Part.DEMONSTRATION, 0.94),
    ],
)
def test_the_card_s_claims_on_some_real_frames(source: str, part: Part, at_least: float) -> None:
    """A dozen frames a set; bounds lie below the card's figures by what a dozen frames vary."""
    classifier = SpotClassifier.load()
    samples = list(islice(load_frames(DATA, source, [part], classifier.spec), 12))
    probabilities = np.concatenate([classifier.probabilities(s.patches) for s in samples])
    occupied = np.concatenate([sample.occupied for sample in samples])
    assert balanced_accuracy(probabilities.astype(np.float64), occupied) >= at_least
