"""When a camera looks for its first processor again."""

import random

import pytest

from edge.homing import Homing


def middle() -> Homing:
    """One without jitter."""
    homing = Homing(rng=random.Random(1))
    homing.rng.random = lambda: 0.5  # type: ignore[method-assign]
    return homing


def test_a_returned_camera_that_is_thrown_out_again_waits_longer_each_time() -> None:
    homing = middle()
    delays = []
    for hour in range(9):
        delays.append(homing.next_delay())
        homing.returned(now=3600.0 * hour)
        homing.broke(now=3600.0 * hour + 1.0)
    assert delays == pytest.approx([5, 10, 20, 40, 80, 160, 320, 600, 600])


def test_a_return_that_lasts_forgets_the_past() -> None:
    homing = middle()
    homing.returned(now=0.0)
    homing.broke(now=1.0)
    assert homing.next_delay() == pytest.approx(10.0)
    homing.returned(now=10.0)
    homing.broke(now=70.0)
    assert homing.next_delay() == pytest.approx(5.0)


def test_a_break_elsewhere_is_no_failed_return() -> None:
    homing = middle()
    homing.broke(now=1.0)
    assert homing.next_delay() == pytest.approx(5.0)


def test_a_fleet_does_not_return_all_at_once() -> None:
    delays = [Homing(rng=random.Random(seed)).next_delay() for seed in range(100)]
    assert min(delays) < 4.5 < 5.5 < max(delays)
