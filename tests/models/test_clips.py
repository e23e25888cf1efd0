"""The shipped model, trained on photographs, on the rendered clips it has never seen."""

import json
import tomllib

import cv2
import numpy as np
import pytest

from models.classifier import SpotClassifier
from models.patches import PatchCutter
from sample_videos import NORTH

SECONDS = (0.5, 20.0, 40.0, 58.0)


def occupied_at(history: list[tuple[float, str]], second: float) -> bool:
    return [state for start, state in history if start <= second][-1] == "occupied"


@pytest.mark.parametrize("camera", ["north-east", "north-west"])
def test_rendered_spots_are_classified_right(camera: str) -> None:
    clip = NORTH.clips[camera]
    classifier = SpotClassifier.load()
    layout = tomllib.loads(NORTH.layout.read_text())
    truth = json.loads(NORTH.truth.read_text())["spots"]
    (regions,) = (one["regions"] for one in layout["cameras"] if one["id"] == camera)
    video = cv2.VideoCapture(str(clip))
    right = []
    for second in SECONDS:
        video.set(cv2.CAP_PROP_POS_MSEC, second * 1000.0)
        found, frame = video.read()
        assert found
        height, width = frame.shape[:2]
        polygons = [region["polygon"] for region in regions]
        cutter = PatchCutter(polygons, width=width, height=height, spec=classifier.spec)
        patches = cutter.cut(np.asarray(frame, dtype=np.uint8))
        expected = [occupied_at(truth[region["spot"]], second) for region in regions]
        right.append((classifier.probabilities(patches) >= 0.5) == np.array(expected))
    video.release()
    assert np.concatenate(right).mean() >= 0.97
