"""A rendered day through the processor's own decode, cut and classify."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.day.frames import RenderedDay
from benchmarks.day.scores import DayScores, Flags
from central.processor.classifier import model_name
from central.processor.decode import Undecodable, decode
from central.processor.looks import EVERYTHING, Looks, ReuseSettings
from central.processor.neighbours import neighbours
from central.processor.reuse import Patches, classify_patches
from central.processor.scores import Scores
from models.classifier import SpotClassifier
from models.patches import PatchCutter

SECOND_US = 1_000_000


def rendered_scores(
    classifier: SpotClassifier,
    day: RenderedDay,
    *,
    reuse: ReuseSettings = EVERYTHING,
    progress: Callable[[], None] = lambda: None,
) -> DayScores:
    """Classify each frame of a day."""
    polygons, height = day.polygons.tolist(), day.width * 9 // 16
    cutter = PatchCutter(polygons, width=day.width, height=height, spec=classifier.spec)
    looks, everybody = Looks.begin(reuse, cutter.count), np.arange(cutter.count)
    found: list[Scores] = []
    for number, jpeg in enumerate(day.jpegs):
        picture = decode(jpeg, width=day.width, height=height)
        assert not isinstance(picture, Undecodable), picture.reason
        patches = Patches(cutter.sample(picture), everybody, cutter.shade)
        found.append(classify_patches(classifier, patches, looks, number * SECOND_US))
        looks = found[-1].looks or looks
        progress()
    probabilities = [np.asarray(scores.probabilities) for scores in found]
    return scores_of_day(
        day, probabilities, near=neighbours(polygons), model=model_name(classifier)
    )


def scores_of_day(
    day: RenderedDay, found: Sequence[npt.NDArray[np.floating]], *, near: Flags, model: str
) -> DayScores:
    """Return the probabilities found of each frame, (N,), beside the day's truth."""
    return DayScores(
        name=f"rendered day {day.seed}",
        spot_ids=day.spot_ids,
        times_us=np.arange(len(found), dtype=np.int64) * SECOND_US,
        hours=day.hours,
        probabilities=np.array(found, np.float64),
        occupied=day.occupied,
        near=near,
        counted=day.counted,
        model=model,
    )
