"""Figures against values worked out by hand."""

import math

import numpy as np
import pytest

from models.metrics import (
    Thresholds,
    accuracy,
    balanced_accuracy,
    balanced_accuracy_interval,
    brier,
    expected_calibration_error,
    score,
)

# Three occupied (two found), one vacant (found).
PROBABILITIES = np.array([0.9, 0.8, 0.3, 0.1])
OCCUPIED = np.array([True, True, True, False])


def test_accuracy_counts_what_is_right_at_one_half() -> None:
    assert accuracy(PROBABILITIES, OCCUPIED) == pytest.approx(3 / 4)


def test_balanced_accuracy_is_the_mean_of_both_classes_shares() -> None:
    assert balanced_accuracy(PROBABILITIES, OCCUPIED) == pytest.approx((2 / 3 + 1) / 2)


def test_balanced_accuracy_of_one_class_alone_is_its_share() -> None:
    assert balanced_accuracy(PROBABILITIES[:3], OCCUPIED[:3]) == pytest.approx(2 / 3)


def test_brier_is_the_mean_squared_difference() -> None:
    expected = (0.1**2 + 0.2**2 + 0.7**2 + 0.1**2) / 4
    assert brier(PROBABILITIES, OCCUPIED) == pytest.approx(expected)


def test_calibration_error_is_the_weighted_gap_of_the_bins() -> None:
    # Bins of a tenth: 0.95 twice (one right), 0.75 once (right).
    probabilities = np.array([0.95, 0.05, 0.75])
    occupied = np.array([True, True, True])
    expected = (2 * abs(0.95 - 0.5) + 1 * abs(0.75 - 1.0)) / 3
    measured = expected_calibration_error(probabilities, occupied, bins=10)
    assert measured == pytest.approx(expected)


def test_a_calibrated_coin_has_no_calibration_error() -> None:
    probabilities = np.full(10, 0.7)
    occupied = np.array([True] * 7 + [False] * 3)
    assert expected_calibration_error(probabilities, occupied) == pytest.approx(0.0, abs=1e-9)


def test_certainty_falls_into_the_last_bin() -> None:
    assert expected_calibration_error(np.array([1.0, 0.0]), np.array([True, False])) == 0.0


def test_score_separates_the_unsure_from_the_wrong() -> None:
    figures = score(
        np.array([0.95, 0.55, 0.45, 0.05]),
        np.array([True, True, True, True]),
        Thresholds(occupied_above=0.6, vacant_below=0.4),
    )
    assert figures.spots == 4
    assert figures.unknown_share == pytest.approx(0.5)
    assert figures.error_when_sure == pytest.approx(0.5)


def test_nothing_measured_is_not_a_number() -> None:
    figures = score(np.empty(0), np.empty(0, dtype=np.bool_), Thresholds(0.6, 0.4))
    assert figures.spots == 0
    assert math.isnan(figures.accuracy)
    assert math.isnan(figures.balanced_accuracy)
    assert math.isnan(figures.ece)


@pytest.mark.parametrize(("above", "below"), [(0.4, 0.6), (1.0, 0.5), (0.5, 0.0)])
def test_thresholds_that_cross_or_touch_the_ends_are_refused(above: float, below: float) -> None:
    with pytest.raises(ValueError, match="thresholds"):
        Thresholds(occupied_above=above, vacant_below=below)


def test_an_interval_holds_the_figure_and_shrinks_with_more_frames() -> None:
    """Frames of ten spots; of a quarter of the frames, half the occupied spots are missed."""
    widths = []
    for count in (20, 320):
        frames = np.repeat(np.arange(count), 10)
        occupied = np.tile(np.arange(10) < 6, count)
        missed = (frames % 4 == 0) & (np.tile(np.arange(10) < 3, count))
        probabilities = np.where(occupied & ~missed, 0.9, 0.1)
        figure = balanced_accuracy(probabilities, occupied)
        interval = balanced_accuracy_interval(probabilities, occupied, frames)
        assert interval.low < figure < interval.high
        widths.append(interval.high - interval.low)
    # The error of a mean of n frames: deviation over root n, so a quarter here.
    assert widths[1] == pytest.approx(widths[0] / 4, rel=0.25)


def test_frames_are_drawn_and_not_spots() -> None:
    """All mistakes in one frame of two: either all or half of what a draw holds is wrong."""
    frames = np.repeat([3, 7], 500)
    occupied = np.tile([True, False], 500)
    probabilities = np.where(frames == 3, occupied, ~occupied).astype(np.float64)
    interval = balanced_accuracy_interval(probabilities, occupied, frames)
    assert (interval.low, interval.high) == (0.0, 1.0)


def test_an_interval_needs_two_frames_and_bears_a_class_alone() -> None:
    alone = balanced_accuracy_interval(PROBABILITIES, OCCUPIED, np.zeros(4, dtype=np.int64))
    assert math.isnan(alone.low)
    assert math.isnan(alone.high)
    none = balanced_accuracy_interval(np.empty(0), np.empty(0, np.bool_), np.empty(0, np.int64))
    assert math.isnan(none.low)
    one_class = balanced_accuracy_interval(PROBABILITIES, np.ones(4, np.bool_), np.arange(4))
    assert 0.0 <= one_class.low <= 0.5 <= one_class.high <= 1.0
