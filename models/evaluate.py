"""Measure a classifier on labelled frames, by the code that the processor runs."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.classifier import SpotClassifier
from models.datasets import LabelledFrame
from models.metrics import BoolArray, FloatArray, Score, Thresholds, score
from models.patches import Image, PatchCutter


@dataclass(frozen=True, slots=True)
class Mistake:
    """A spot decided wrongly. patch: (H, S, 3) uint8 BGR; confidence in the wrong answer."""

    image: str
    spot: str
    occupied: bool
    confidence: float
    patch: Image


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured. probabilities, occupied, cameras: (N,), one entry a spot."""

    images: int
    probabilities: FloatArray
    occupied: BoolArray
    cameras: npt.NDArray[np.str_]
    mistakes: tuple[Mistake, ...]

    def overall(self, thresholds: Thresholds) -> Score:
        """Figures of all spots."""
        return score(self.probabilities, self.occupied, thresholds)

    def by_camera(self, thresholds: Thresholds) -> dict[str, Score]:
        """Figures of each camera; frames without a camera's name are listed under '-'."""
        return {
            str(camera): score(self.probabilities[chosen], self.occupied[chosen], thresholds)
            for camera in np.unique(self.cameras)
            for chosen in [self.cameras == camera]
        }


def classify(frame: LabelledFrame, classifier: SpotClassifier) -> tuple[Image, FloatArray]:
    """Patches of a frame's spots and the probability of occupied of each."""
    polygons = [spot.polygon for spot in frame.spots]
    cutter = PatchCutter(polygons, width=frame.width, height=frame.height, spec=classifier.spec)
    patches = cutter.cut(frame.pixels())
    return patches, classifier.probabilities(patches).astype(np.float64)


def evaluate(
    frames: Sequence[LabelledFrame],
    classifier: SpotClassifier,
    *,
    keep_mistakes: int = 0,
    report: Callable[[int], None] = lambda done: None,
) -> Evaluation:
    """Classify every spot of every frame; `report` gets the number of frames done.

    keep_mistakes: how many of the surest mistakes to keep, surest first.
    """
    probabilities: list[FloatArray] = []
    mistakes: list[Mistake] = []
    for done, frame in enumerate(frames, start=1):
        patches, measured = classify(frame, classifier)
        probabilities.append(measured)
        if keep_mistakes:
            mistakes = _surest([*mistakes, *_mistakes(frame, patches, measured)], keep_mistakes)
        report(done)
    spots = [spot for frame in frames for spot in frame.spots]
    cameras = [frame.camera or "-" for frame in frames for _ in frame.spots]
    return Evaluation(
        images=len(frames),
        probabilities=np.concatenate(probabilities) if probabilities else np.empty(0),
        occupied=np.array([spot.occupied for spot in spots], dtype=np.bool_),
        cameras=np.array(cameras, dtype=np.str_),
        mistakes=tuple(mistakes),
    )


def _mistakes(frame: LabelledFrame, patches: Image, probabilities: FloatArray) -> list[Mistake]:
    return [
        Mistake(
            image=frame.image.name,
            spot=spot.name,
            occupied=spot.occupied,
            confidence=float(max(probability, 1.0 - probability)),
            patch=patch.copy(),
        )
        for spot, patch, probability in zip(frame.spots, patches, probabilities, strict=True)
        if (probability >= 0.5) != spot.occupied
    ]


def _surest(mistakes: Sequence[Mistake], count: int) -> list[Mistake]:
    return sorted(mistakes, key=lambda mistake: -mistake.confidence)[:count]


def as_json(evaluation: Evaluation, thresholds: Thresholds) -> dict[str, object]:
    """The machine-readable result of `parkledger evaluate --json`, nan as null."""

    def plain(figures: Score) -> dict[str, float | None]:
        return {
            name: None if np.isnan(value) else round(value, 6)
            for name, value in asdict(figures).items()
        }

    cameras = evaluation.by_camera(thresholds)
    return {
        "images": evaluation.images,
        **plain(evaluation.overall(thresholds)),
        "by_camera": {camera: plain(figures) for camera, figures in cameras.items()},
    }


def contact_sheet(mistakes: Sequence[Mistake], *, columns: int = 6, side: int = 112) -> Image:
    """(H, W, 3) uint8 BGR picture of mistakes, surest first, each with truth and confidence."""
    rows = max(1, -(-len(mistakes) // columns))
    width, height = 2 * side + 8, side + 38
    sheet = np.full((rows * height, columns * width, 3), 255, dtype=np.uint8)
    for index, mistake in enumerate(mistakes):
        top, left = (index // columns) * height, (index % columns) * width
        size = mistake.patch.shape[1]
        for look, start in enumerate(range(0, mistake.patch.shape[0], size)):
            part = mistake.patch[start : start + size]
            picture = cv2.resize(part, (side, side), interpolation=cv2.INTER_CUBIC)
            column = left + look * (side + 2)
            sheet[top : top + side, column : column + side] = picture
        truth = "occupied" if mistake.occupied else "vacant"
        answer = f"is {truth}, wrong at {mistake.confidence:.0%}"
        for line, text in enumerate((answer, f"{mistake.image[:28]} {mistake.spot}")):
            where = (left + 2, top + side + 12 + 14 * line)
            cv2.putText(sheet, text, where, cv2.FONT_HERSHEY_SIMPLEX, 0.36, (0, 0, 0), 1)
    return sheet
