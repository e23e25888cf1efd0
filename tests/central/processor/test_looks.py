"""When a spot is classified again."""

import numpy as np
import numpy.typing as npt
import pytest

from central.processor.looks import Looks, ReuseSettings

SECOND = 1_000_000
ALL = np.arange(3)
GREY = np.full((3, 8), 100, np.uint8)
SURE = np.array([0.99, 0.01, 0.98], np.float32)


def looks(scores: npt.NDArray[np.float32] = SURE, *, at_s: float = 100.0) -> Looks:
    """Return what is remembered of three grey spots."""
    begun = Looks.begin(ReuseSettings(threshold=3.0, refresh_s=30.0), 3)
    assert begun is not None
    assert begun.due(GREY, ALL, round(at_s * SECOND)).all(), "nothing is known before the first"
    return begun.with_classified(GREY, ALL, scores, round(at_s * SECOND))


def striped(by: int) -> npt.NDArray[np.uint8]:
    """Return how the second spot looks when half of its cells are brighter, half darker."""
    now = GREY.copy()
    now[1, ::2] += np.uint8(by)
    now[1, 1::2] -= np.uint8(by)
    return now


def test_what_looks_alike_is_left() -> None:
    assert looks().due(striped(2), ALL, 101 * SECOND).tolist() == [False] * 3


def test_what_changed_is_due_and_only_that() -> None:
    assert looks().due(striped(3), ALL, 101 * SECOND).tolist() == [False, True, False]
    assert looks().due(GREY + np.uint8(40), ALL, 101 * SECOND).all(), "headlights"


def test_slow_changes_add_up_as_what_was_classified_stays() -> None:
    known = looks()
    due = [known.due(striped(step), ALL, (100 + step) * SECOND)[1] for step in range(5)]
    assert due == [False, False, False, True, True]


def test_what_is_doubtful_is_always_due() -> None:
    known = looks(np.array([0.03, 0.5, 0.98], np.float32))
    assert known.due(GREY, ALL, 101 * SECOND).tolist() == [True, True, False]


@pytest.mark.parametrize(("at_s", "due"), [(149.9, False), (150.0, True), (119.9, True)])
def test_all_is_due_in_the_end_and_when_a_clock_was_set_back(at_s: float, due: bool) -> None:
    known = looks().with_classified(GREY, ALL, SURE, 120 * SECOND)
    assert known.due(GREY, ALL, round(at_s * SECOND)).tolist() == [due] * 3


def test_what_was_first_classified_together_is_due_again_one_after_the_other() -> None:
    known = looks(at_s=100.0)
    due = [known.due(GREY, ALL, (100 + second) * SECOND).tolist() for second in (9, 10, 20, 30)]
    assert due == [[False] * 3, [False, False, True], [False, True, True], [True] * 3]


def test_each_spot_has_a_time_of_its_own() -> None:
    known = looks().with_classified(GREY[:1], np.array([2]), SURE[:1], 120 * SECOND)
    assert known.due(GREY, ALL, 131 * SECOND).tolist() == [True, True, False]
    assert known.probabilities.tolist() == pytest.approx([0.99, 0.01, 0.99])


def test_some_spots_in_any_order() -> None:
    known = looks()
    assert known.due(striped(9)[[1, 0]], np.array([1, 0]), 101 * SECOND).tolist() == [True, False]


def test_what_was_remembered_is_never_written_to() -> None:
    known = looks()
    looks_before, scores_before = known.classified.copy(), known.probabilities.copy()
    known.with_classified(striped(9)[1:], ALL[1:], SURE[:2], 200 * SECOND)
    assert np.array_equal(known.classified, looks_before)
    assert np.array_equal(known.probabilities, scores_before)
    assert known.at_us.tolist() == [100 * SECOND, 90 * SECOND, 80 * SECOND]


def test_spots_that_no_strip_has_shown_yet_are_due() -> None:
    begun = Looks.begin(ReuseSettings(), 3)
    assert begun is not None
    known = begun.with_classified(GREY[:1], ALL[:1], SURE[:1], 100 * SECOND)
    assert known.due(GREY, ALL, 101 * SECOND).tolist() == [False, True, True]


def test_a_threshold_of_zero_remembers_nothing() -> None:
    assert Looks.begin(ReuseSettings(threshold=0.0), 3) is None


@pytest.mark.parametrize(
    ("threshold", "refresh_s"), [(-1.0, 30.0), (np.nan, 30.0), (3.0, np.nan), (3.0, np.inf)]
)
def test_settings_that_make_no_sense(threshold: float, refresh_s: float) -> None:
    with pytest.raises(ValueError, match="grey levels and 0 to 86400 s are needed"):
        ReuseSettings(threshold=threshold, refresh_s=refresh_s)
