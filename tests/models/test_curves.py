"""Abstention and reliability on cases that can be counted by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.curves import abstention, error_beyond, reliability

SPOTS = st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans()), min_size=1, max_size=40)


def test_the_least_sure_are_left_unknown_first() -> None:
    probabilities = np.array([0.9, 0.55, 0.1, 0.3])
    occupied = np.array([True, False, False, True])
    curve = abstention(probabilities, occupied)
    np.testing.assert_allclose(curve.unknown, [0.0, 0.25, 0.5])
    np.testing.assert_allclose(curve.error, [0.5, 1 / 3, 0.0])


def test_equally_sure_spots_go_together() -> None:
    probabilities = np.array([0.75, 0.25, 0.75, 0.5])
    occupied = np.array([True, True, False, True])
    curve = abstention(probabilities, occupied)
    np.testing.assert_allclose(curve.unknown, [0.0, 0.25])
    np.testing.assert_allclose(curve.error, [0.5, 2 / 3])


@given(SPOTS)
def test_every_point_is_what_a_band_of_that_width_gives(spots: list[tuple[float, bool]]) -> None:
    probabilities = np.array([probability for probability, _ in spots])
    occupied = np.array([state for _, state in spots])
    curve = abstention(probabilities, occupied)
    confidence = np.maximum(probabilities, 1.0 - probabilities)
    wrong = (probabilities >= 0.5) != occupied
    levels = np.unique(confidence)
    assert len(curve.unknown) == len(levels)
    for level, unknown, error in zip(levels, curve.unknown, curve.error, strict=True):
        sure = confidence >= level
        assert np.isclose(unknown, 1.0 - sure.mean())
        assert np.isclose(error, wrong[sure].mean())


def test_bins_hold_what_was_given_and_found() -> None:
    probabilities = np.array([0.02, 0.04, 0.5, 1.0, 0.96])
    occupied = np.array([False, True, True, True, True])
    bins = reliability(probabilities, occupied)
    np.testing.assert_allclose(bins.given, [0.03, 0.5, 0.98])
    np.testing.assert_allclose(bins.found, [0.5, 1.0, 1.0])
    assert bins.spots.tolist() == [2, 1, 2]


def test_the_error_beyond_a_share_is_that_of_the_surest() -> None:
    """The two least sure, equally so, are wrong, and one of the sure ones is."""
    chances = np.array([0.625, 0.375, 0.75, 0.25, 0.75, 0.25, 0.875, 0.125, 0.125, 0.875])
    occupied = np.array([0, 1, 1, 0, 1, 0, 1, 0, 1, 1], dtype=np.bool_)
    assert np.isclose(error_beyond(chances, occupied, 0.0), 0.3)
    assert np.isclose(error_beyond(chances, occupied, 0.1), 0.3)  # both or neither
    assert np.isclose(error_beyond(chances, occupied, 0.2), 1 / 8)
    assert np.isclose(error_beyond(chances, occupied, 0.5), 1 / 8)
