"""How late a stream's pictures are, by its own stamps."""

import pytest

from edge.lag import Lag


def test_an_even_stream_has_no_lag_whatever_its_epoch() -> None:
    lag = Lag()
    assert [lag.observe(5_000.0 + n, now=n) for n in range(10)] == [0.0] * 10


def test_what_piles_up_is_lag_and_goes_when_it_is_caught_up() -> None:
    lag = Lag()
    for n in range(10):
        lag.observe(n, now=n)
    assert lag.observe(10, now=15) == pytest.approx(5.0, abs=0.01)
    assert lag.observe(20, now=20) == pytest.approx(0.0, abs=0.01)


def test_a_clock_that_runs_slow_is_no_lag() -> None:
    lag = Lag()
    assert max(lag.observe(n * (1 - 200e-6), now=n) for n in range(20_000)) < 0.01


def test_stamps_that_stand_still_or_leap_tell_nothing() -> None:
    lag = Lag()
    assert [lag.observe(0.0, now=n) for n in range(100)] == [0.0] * 100
    assert lag.observe(1e6, now=101) == 0.0
    assert lag.observe(5.0, now=102) == 0.0
