"""Temperature and thresholds, from data that neither trained the network nor is reported."""

from typing import Final

import numpy as np
import numpy.typing as npt

from models.metrics import BoolArray, FloatArray, Thresholds

UNKNOWN_SHARE: Final = 0.02
"""Share of the calibration set that the thresholds leave undecided."""

_NARROWEST: Final = 0.60
_WIDEST: Final = 0.90


def sigmoid(logits: FloatArray) -> FloatArray:
    """Probability of a logit, without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)))


def weighted_log_loss(logits: FloatArray, occupied: BoolArray, weights: FloatArray) -> float:
    """Mean negative log-likelihood with weights."""
    signed = np.where(occupied, logits, -logits)
    return float(np.average(np.logaddexp(0.0, -signed), weights=weights))


def temperature(logits: FloatArray, occupied: BoolArray, weights: FloatArray) -> float:
    """The divisor of the logits with the least log loss (Guo et al., ICML 2017).

    The loss is convex in the divisor's inverse; a golden-section search on its logarithm finds it
    within 0.1 %. Result within 0.1..10.
    """
    ratio = (np.sqrt(5.0) - 1.0) / 2.0
    low, high = np.log(0.1), np.log(10.0)
    while high - low > 1e-3:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        at_left = weighted_log_loss(logits / np.exp(left), occupied, weights)
        at_right = weighted_log_loss(logits / np.exp(right), occupied, weights)
        low, high = (low, right) if at_left <= at_right else (left, high)
    return float(np.exp((low + high) / 2.0))


def thresholds(probabilities: FloatArray, weights: FloatArray) -> Thresholds:
    """The symmetrical band round one half that leaves `UNKNOWN_SHARE` undecided.

    The band never gets narrower than 0.40..0.60 (a coin toss is no observation) nor wider than
    0.10..0.90 (beyond, hesitation would hide real changes). Rounded to two digits.
    """
    confidence = np.maximum(probabilities, 1.0 - probabilities)
    order = np.argsort(confidence)
    share = np.cumsum(weights[order]) / weights.sum()
    cut = float(confidence[order][min(int(np.searchsorted(share, UNKNOWN_SHARE)), len(order) - 1)])
    above = round(min(max(cut, _NARROWEST), _WIDEST), 2)
    return Thresholds(occupied_above=above, vacant_below=round(1.0 - above, 2))


def source_weights(sources: npt.NDArray[np.str_]) -> FloatArray:
    """Weights that let each source count the same, however many spots it has. Sum: 1."""
    names, index, counts = np.unique(sources, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / (counts[index] * len(names)))
