"""What leaving spots unknown buys, and whether a probability means what it says. Pure numpy."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from models.metrics import BoolArray, FloatArray, IntArray

RELIABILITY_BINS: Final = 10

GOAL_UNKNOWN: Final = 0.03
"""With at most this share unknown, 1 % of the rest may be wrong: the goal that the card answers."""


@dataclass(frozen=True, slots=True)
class Abstention:
    """Share of spots left unknown, from none upwards, and the share of mistakes among the rest.

    unknown, error: (M,), each in 0..1. The least sure spots are left unknown first.
    """

    unknown: FloatArray
    error: FloatArray


@dataclass(frozen=True, slots=True)
class Reliability:
    """Spots by the probability they were given. Bins without a spot are left out.

    given: mean probability of occupied; found: share that was occupied; spots: how many. All (B,).
    """

    given: FloatArray
    found: FloatArray
    spots: IntArray


def abstention(probabilities: FloatArray, occupied: BoolArray) -> Abstention:
    """Every point that a symmetrical band round one half can reach. probabilities: (N,)."""
    confidence = np.maximum(probabilities, 1.0 - probabilities)
    order = np.argsort(confidence, kind="stable")
    wrong = ((probabilities >= 0.5) != occupied)[order]
    rest = np.arange(len(order), 0, -1)
    error = np.cumsum(wrong[::-1])[::-1] / rest
    # Spots of equal confidence are left unknown together or not at all.
    first = np.flatnonzero(np.diff(confidence[order], prepend=-1.0) > 0.0)
    return Abstention(unknown=first / max(1, len(order)), error=error[first])


def error_beyond(probabilities: FloatArray, occupied: BoolArray, unknown: float) -> float:
    """The share of mistakes left when at most this share of spots, the least sure, are unknown."""
    curve = abstention(probabilities, occupied)
    return float(curve.error[np.flatnonzero(curve.unknown <= unknown)[-1]])


def reliability(probabilities: FloatArray, occupied: BoolArray) -> Reliability:
    """Given and found shares of occupied in bins of equal width. probabilities: (N,)."""
    bins = RELIABILITY_BINS
    index = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    spots = np.bincount(index, minlength=bins)
    there = spots > 0
    given = np.bincount(index, weights=probabilities, minlength=bins)[there] / spots[there]
    found = np.bincount(index, weights=occupied, minlength=bins)[there] / spots[there]
    return Reliability(given, found, spots[there])
