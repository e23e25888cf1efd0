"""What the model card claims, held against the files and, where they are, the data."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from models import SHIPPED_MODEL
from models.card import markdown
from models.classifier import SpotClassifier
from models.corpus import frames_by_part
from models.evaluate import evaluate
from models.metrics import Score, balanced_accuracy
from models.splits import Part

MODELS = SHIPPED_MODEL.parent
CARD = (MODELS / "README.md").read_text(encoding="utf-8")
LEFT_OUT = json.loads((MODELS / "leave_one_out.json").read_text(encoding="utf-8"))
DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there")


def claimed(name: str) -> float:
    """The balanced accuracy that the card gives for a set."""
    found = re.search(rf"^\| {re.escape(name)} \|[^|]+\|[^|]+\| ([\d.]+)% \|", CARD, re.MULTILINE)
    assert found, name
    return float(found[1]) / 100.0


def test_the_card_shows_the_figures_on_sources_left_out() -> None:
    rows = {name: Score(**row) for name, row in LEFT_OUT["left_out"].items()}
    for line in markdown(rows, first="left out"):
        assert line in CARD


def test_the_model_carries_the_calibration_that_leave_one_out_gave() -> None:
    metadata = SpotClassifier.load().metadata
    assert metadata.temperature == pytest.approx(LEFT_OUT["temperature"])
    assert metadata.thresholds.occupied_above == LEFT_OUT["thresholds"]["occupied_above"]
    assert metadata.thresholds.vacant_below == LEFT_OUT["thresholds"]["vacant_below"]
    assert f"Temperature {metadata.temperature:.3f}" in CARD


def test_the_file_is_as_small_as_the_card_says() -> None:
    size = SHIPPED_MODEL.stat().st_size
    assert size <= 1_000_000
    assert f"({size / 1000.0:.0f} KB, int8" in CARD


@needs_data
@pytest.mark.parametrize(
    ("source", "camera", "name", "frames"),
    [("cnrext", "7", "CNR-EXT camera 7", 21), ("acpds", "", "ACPDS valid", 20)],
)
def test_a_held_out_set_is_classified_as_the_card_says(
    source: str, camera: str, name: str, frames: int
) -> None:
    held_out = [
        frame
        for part, frame in frames_by_part(DATA, source)
        if part is Part.VALIDATION and frame.camera == camera
    ]
    measured = evaluate(held_out[:frames], SpotClassifier.load())
    found = balanced_accuracy(measured.probabilities, measured.occupied)
    # Twenty of the frames of ACPDS stand for all of them within a few points.
    assert found == pytest.approx(claimed(name), abs=0.002 if frames >= len(held_out) else 0.04)
    assert np.isfinite(measured.probabilities).all()
