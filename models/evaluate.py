"""Measure a classifier on labelled frames, by the code that the processor runs."""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Final

import cv2
import numpy as np

from models.classifier import SpotClassifier
from models.datasets import LabelledFrame
from models.metrics import (
    BoolArray,
    FloatArray,
    IntArray,
    Interval,
    Score,
    Thresholds,
    balanced_accuracy_interval,
    score,
)
from models.patches import Image, PatchCutter

NAMELESS: Final = "-"
"""What frames without a camera, weather or time are listed under."""

_HOUR: Final = re.compile(r"\d{4}-\d\d-\d\d[T_ ](\d\d)")


class Group(Enum):
    """By what figures can be listed."""

    CAMERA = "camera"
    WEATHER = "weather"
    HOUR = "hour"

    def of(self, frame: LabelledFrame) -> str:
        """Which group a frame belongs to."""
        if self is Group.CAMERA:
            return frame.camera or NAMELESS
        if self is Group.WEATHER:
            return frame.weather or NAMELESS
        found = _HOUR.match(frame.taken)
        return found[1] if found else NAMELESS


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
    """What was measured. probabilities, occupied, index: (N,), one entry a spot.

    index: each spot's frame, as its place in `frames`.
    """

    frames: tuple[LabelledFrame, ...]
    probabilities: FloatArray
    occupied: BoolArray
    index: IntArray
    mistakes: tuple[Mistake, ...]

    def overall(self, thresholds: Thresholds) -> Score:
        """Figures of all spots."""
        return score(self.probabilities, self.occupied, thresholds)

    def interval(self) -> Interval:
        """The 95 % interval of the balanced accuracy of all spots."""
        return balanced_accuracy_interval(self.probabilities, self.occupied, self.index)

    def by(self, group: Group, thresholds: Thresholds) -> dict[str, Score]:
        """Figures of each camera, weather or hour, in order."""
        names = np.array([group.of(frame) for frame in self.frames], dtype=np.str_)
        spots = names[self.index]
        return {
            name: score(self.probabilities[chosen], self.occupied[chosen], thresholds)
            for name in sorted(set(spots.tolist()), key=_natural)
            for chosen in [spots == name]
        }


def _natural(name: str) -> tuple[bool, int, str]:
    """Numbers first and by value, so that camera 10 follows camera 9."""
    return (not name.isdecimal(), int(name) if name.isdecimal() else 0, name)


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
    spots = [spot.occupied for frame in frames for spot in frame.spots]
    counts = [len(frame.spots) for frame in frames]
    return Evaluation(
        frames=tuple(frames),
        probabilities=np.concatenate(probabilities) if probabilities else np.empty(0),
        occupied=np.array(spots, dtype=np.bool_),
        index=np.repeat(np.arange(len(frames), dtype=np.int64), counts),
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


def as_json(
    evaluation: Evaluation, thresholds: Thresholds, groups: Sequence[Group] = ()
) -> dict[str, object]:
    """The machine-readable result of `parkledger evaluate --json`, nan as null.

    Figures by camera are always there, others where asked for.
    """

    def plain(values: Score | Interval) -> dict[str, float | None]:
        return {
            name: None if np.isnan(value) else round(value, 6)
            for name, value in asdict(values).items()
        }

    listed = dict.fromkeys((Group.CAMERA, *groups))
    return {
        "images": len(evaluation.frames),
        **plain(evaluation.overall(thresholds)),
        **{
            f"by_{group.value}": {
                name: plain(figures) for name, figures in evaluation.by(group, thresholds).items()
            }
            for group in listed
        },
        "balanced_accuracy_95": list(plain(evaluation.interval()).values()),
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
