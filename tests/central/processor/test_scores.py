import math

import numpy as np

from central.processor.doubt import DOUBT
from central.processor.scores import LastScores, Scores

SECOND = 1_000_000


def test_what_a_strip_leaves_out_keeps_its_score() -> None:
    last = LastScores(3)
    assert np.array_equal(
        last.take(Scores((0.9,), (1,)), 1 * SECOND), [math.nan, 0.9, math.nan], equal_nan=True
    )
    assert last.oldest_us() is None
    assert list(last.take(Scores((0.1, 0.2, 0.3)), 2 * SECOND)) == [0.1, 0.2, 0.3]
    assert list(last.take(Scores((0.8,), (2,)), 3 * SECOND)) == [0.1, 0.2, 0.8]
    assert list(last.take(Scores((), ()), 4 * SECOND)) == [0.1, 0.2, 0.8]
    assert last.oldest_us() == 2 * SECOND


def test_a_score_that_is_too_old_says_nothing() -> None:
    last = LastScores(2)
    last.take(Scores((0.1, 0.9)), 0)
    limit = round(LastScores.max_age_s * SECOND)
    assert list(last.take(Scores((0.8,), (1,)), limit)) == [0.1, 0.8]
    first, second = last.take(Scores((), ()), limit + 1)
    assert math.isnan(first)
    assert second == 0.8


def test_doubtful_is_what_lies_far_enough_from_both_ends() -> None:
    scores = (DOUBT - 0.001, DOUBT, 0.5, 1.0 - DOUBT, 1.0 - DOUBT + 0.001)
    assert Scores(scores).doubtful() == (1, 2, 3)
    assert Scores(scores, (2, 4, 6, 8, 10)).doubtful() == (4, 6, 8)
    assert Scores((), ()).doubtful() == ()
