"""Patches to scores: what changed is classified, the rest keep the scores that they have."""

from dataclasses import dataclass, replace

import numpy as np

from central.processor.classifier import Classifier
from central.processor.looks import Looks
from central.processor.scores import Scores
from models.patches import Image, Places, Shade
from models.signatures import COARSE, signatures


@dataclass(frozen=True, slots=True)
class Patches:
    """What was cut from a picture, or came in a strip; not shaded yet, and shaded in place.

    whose: places among the view's spots, in any order. fine: how many of the last ones are of a
    better quality than the others: they were asked for, so they are classified in any case.
    """

    pixels: Image  # (M, *spec.shape) uint8 BGR
    whose: Places  # (M,)
    shade: Shade
    fine: int = 0


def classify_patches(
    classifier: Classifier,
    patches: Patches,
    looks: Looks | None,
    at_us: int,
    *,
    places: tuple[int, ...] | None = None,
) -> Scores:
    """Classify what looks other than when it was last classified; looks None: everything.

    at_us: when the picture was captured, microseconds. places: `whose`, rising; None: they are all
    of a whole picture.
    """
    if looks is None:
        patches.shade.apply(patches.pixels, patches.whose)
        return Scores(classifier.probabilities(patches.pixels)[patches.whose.argsort()], places)
    now, whose = signatures(patches.pixels, side=COARSE), patches.whose
    due = looks.due(now, whose, at_us)
    due[len(due) - patches.fine :] = True
    which = np.flatnonzero(due)
    known = looks
    if len(which):
        pixels = patches.pixels if due.all() else patches.pixels[which]
        patches.shade.apply(pixels, whose[which])
        fresh = classifier.probabilities(pixels)
        known = looks.with_classified(now[which], whose[which], fresh, at_us)
    whole = places is None
    return Scores(
        known.probabilities[np.sort(whose)],
        places,
        looks=replace(known, last=now) if whole else known,
        since=looks,
        reused=len(due) - len(which),
        differs=whole and (looks.last is None or not np.array_equal(now, looks.last)),
    )
