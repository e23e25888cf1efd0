"""How good a classifier is: pure numpy, probabilities in, figures out."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

ECE_BINS: Final = 15

_DRAWS: Final = 1000


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Above `occupied_above` a spot is occupied, below `vacant_below` vacant, between unknown."""

    occupied_above: float
    vacant_below: float

    def __post_init__(self) -> None:
        if not 0.0 < self.vacant_below <= self.occupied_above < 1.0:
            raise ValueError(
                f"thresholds {self.vacant_below} and {self.occupied_above}:"
                " need 0 < vacant_below <= occupied_above < 1"
            )


@dataclass(frozen=True, slots=True)
class Score:
    """Figures of one set. All but `spots` in 0..1; nan where nothing was there to measure.

    accuracy, balanced_accuracy: deciding at one half, unknown or not.
    unknown_share: how many lie between the thresholds; error_when_sure: mistakes among the rest.
    """

    spots: int
    accuracy: float
    balanced_accuracy: float
    ece: float
    brier: float
    unknown_share: float
    error_when_sure: float


def accuracy(probabilities: FloatArray, occupied: BoolArray) -> float:
    """Share decided rightly at one half."""
    return _mean((probabilities >= 0.5) == occupied)


def balanced_accuracy(probabilities: FloatArray, occupied: BoolArray) -> float:
    """Mean of the shares found among the occupied and among the vacant.

    With one class alone in the set it is that class's share.
    """
    right = (probabilities >= 0.5) == occupied
    shares = [_mean(right[occupied == state]) for state in (True, False)]
    there = [share for share in shares if not np.isnan(share)]
    return float(np.mean(there)) if there else float("nan")


@dataclass(frozen=True, slots=True)
class Interval:
    """The 95 % interval of a figure; nan where nothing was there to measure."""

    low: float
    high: float


def balanced_accuracy_interval(
    probabilities: FloatArray, occupied: BoolArray, frames: IntArray
) -> Interval:
    """How far balanced accuracy would move, had other frames of the same kind been labelled.

    Percentile bootstrap (Efron, 1979) over whole frames: the spots of one frame share light and
    camera, so drawing spots would promise too much. frames: (N,), each spot's frame, any number.
    Frames of one camera resemble each other, too: with few cameras the interval is too narrow.
    The same input gives the same interval.
    """
    names, index = np.unique(frames, return_inverse=True)  # frames without a spot measure nothing
    count = len(names)
    if count < 2:
        return Interval(float("nan"), float("nan"))
    right = (probabilities >= 0.5) == occupied
    tallies = np.stack(
        [
            np.bincount(index, weights=chosen, minlength=count)
            for chosen in (right & occupied, occupied, right & ~occupied, ~occupied)
        ]
    )
    draws = np.random.default_rng(1).multinomial(count, np.full(count, 1.0 / count), _DRAWS)
    found, there, found_vacant, there_vacant = tallies @ draws.T
    with np.errstate(invalid="ignore"):  # a draw may lack a class: then the other's share is all
        shares = np.stack([found / there, found_vacant / there_vacant])
    low, high = np.quantile(np.nanmean(shares, axis=0), [0.025, 0.975])
    return Interval(float(low), float(high))


def brier(probabilities: FloatArray, occupied: BoolArray) -> float:
    """Mean squared difference of the probability of occupied to what was (Brier, 1950)."""
    return _mean((probabilities - occupied) ** 2)


def expected_calibration_error(
    probabilities: FloatArray, occupied: BoolArray, *, bins: int = ECE_BINS
) -> float:
    """Mean gap of confidence and accuracy over equal-width bins (Guo et al., ICML 2017).

    Confidence is that of the decided class, so it lies in 0.5..1.
    """
    if probabilities.size == 0:
        return float("nan")
    confidence = np.maximum(probabilities, 1.0 - probabilities)
    right = ((probabilities >= 0.5) == occupied).astype(np.float64)
    index = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gap = np.bincount(index, weights=confidence - right, minlength=bins)
    return float(np.abs(gap).sum() / probabilities.size)


def score(probabilities: FloatArray, occupied: BoolArray, thresholds: Thresholds) -> Score:
    """All figures of one set. probabilities, occupied: (N,)."""
    unknown = (probabilities <= thresholds.occupied_above) & (
        probabilities >= thresholds.vacant_below
    )
    sure = ~unknown
    return Score(
        spots=int(probabilities.size),
        accuracy=accuracy(probabilities, occupied),
        balanced_accuracy=balanced_accuracy(probabilities, occupied),
        ece=expected_calibration_error(probabilities, occupied),
        brier=brier(probabilities, occupied),
        unknown_share=_mean(unknown),
        error_when_sure=_mean((probabilities[sure] >= 0.5) != occupied[sure]),
    )


def _mean(values: BoolArray | FloatArray) -> float:
    return float(np.mean(values)) if values.size else float("nan")
