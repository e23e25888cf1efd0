import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.pacing import Backlog, FilePacer, IntervalEstimate, RateGate, nominal_interval


def pacer(*, speed: float = 1.0, fps: float = 10.0, patience_s: float = 1.0) -> FilePacer:
    return FilePacer(speed=speed, interval_s=1 / fps, patience_s=patience_s)


def picked(times: list[float], *, fps: float, interval_s: float) -> list[float]:
    gate = RateGate(fps)
    return [at for at in times if gate.admits(at, interval_s=interval_s)]


class TestFilePacer:
    @pytest.mark.parametrize(("speed", "due"), [(1.0, 100.1), (2.0, 100.05), (0.5, 100.2)])
    def test_frames_fall_due_at_their_own_time_over_speed(self, speed: float, due: float) -> None:
        clock = pacer(speed=speed)
        assert clock.place(0, now=100.0).due == 100.0
        placement = clock.place(100_000, now=100.0)
        assert placement.due == pytest.approx(due)
        assert placement.interval_s == pytest.approx(0.1 / speed)
        assert not placement.skip

    def test_a_first_frame_that_is_not_at_zero_is_due_at_once(self) -> None:
        assert pacer().place(5_000_000, now=7.0).due == 7.0

    def test_a_frame_whose_successor_is_due_as_well_is_skipped(self) -> None:
        clock = pacer()
        clock.place(0, now=0.0)
        skips = [clock.place(number * 100_000, now=0.55).skip for number in range(1, 7)]
        assert skips == [True, True, True, True, False, False]

    def test_a_file_that_cannot_catch_up_is_set_back_and_plays_on(self) -> None:
        clock = pacer(patience_s=1.0)
        clock.place(0, now=0.0)
        # Each frame takes 0.3 s to decode and is to be shown for 0.1 s.
        placements = [clock.place(n * 100_000, now=n * 0.3) for n in range(1, 20)]
        shown = [n for n, placement in enumerate(placements, 1) if not placement.skip]
        assert len(shown) >= 3
        assert max(b - a for a, b in itertools.pairwise(shown)) * 0.3 <= 1.0 + 2 * 0.3

    def test_frames_without_time_stamps_play_at_the_nominal_rate(self) -> None:
        clock = pacer(fps=5.0)
        dues = [clock.place(0, now=0.0).due for _ in range(4)]
        assert dues == pytest.approx([0.0, 0.2, 0.4, 0.6])

    def test_starting_over_goes_on_one_interval_after_the_last_frame(self) -> None:
        clock = pacer(speed=2.0)
        for number in range(3):
            clock.place(number * 100_000, now=0.0)
        clock.start_over()
        assert clock.place(0, now=0.0).due == pytest.approx(0.15)
        assert clock.place(100_000, now=0.0).due == pytest.approx(0.20)

    @given(
        positions=st.lists(st.integers(0, 10**7), min_size=1, max_size=30),
        delays=st.lists(st.floats(0, 2), min_size=30, max_size=30),
    )
    def test_due_times_never_run_backwards(self, positions: list[int], delays: list[float]) -> None:
        clock, now, last = pacer(), 0.0, -math.inf
        for position, delay in zip(positions, delays, strict=False):
            now += delay
            placement = clock.place(position, now=now)
            assert placement.due >= last - 1e-9
            last = placement.due


class TestRateGate:
    def test_the_first_frame_goes_out_at_once(self) -> None:
        assert RateGate(0.01).admits(123.0, interval_s=0.04)

    def test_one_of_25_goes_at_one_a_second(self) -> None:
        times = [n / 25 for n in range(251)]
        assert picked(times, fps=1, interval_s=1 / 25) == pytest.approx(list(range(11)))

    def test_a_source_as_fast_as_the_rate_does_not_beat_against_it(self) -> None:
        # 1 fps at 1 fps with every frame a little early: a "first after" rule sends every other.
        times = [0.0, *(n - 0.02 * (n % 3) for n in range(1, 60))]
        assert picked(times, fps=1, interval_s=1.0) == times

    @given(
        period=st.floats(0.02, 10),
        slower=st.floats(1, 20),
        count=st.integers(1, 50),
    )
    def test_every_frame_of_a_slower_source_is_sent(
        self, period: float, slower: float, count: int
    ) -> None:
        interval = period * slower
        times = [n * interval for n in range(count)]
        assert picked(times, fps=1 / period, interval_s=interval) == times

    @given(period=st.floats(0.1, 5), faster=st.floats(1, 60))
    def test_of_a_faster_source_the_asked_rate_is_sent(self, period: float, faster: float) -> None:
        interval = period / faster
        times = [n * interval for n in range(math.ceil(20 * faster) + 1)]
        assert len(picked(times, fps=1 / period, interval_s=interval)) == pytest.approx(21, abs=1)

    @given(
        gaps=st.lists(st.floats(0.001, 3), max_size=80),
        interval=st.floats(0, 5),
    )
    def test_two_picks_are_at_least_half_a_period_apart(
        self, gaps: list[float], interval: float
    ) -> None:
        times, now = [0.0], 0.0
        for gap in gaps:
            now += gap
            times.append(now)
        sent = picked(times, fps=1, interval_s=interval)
        assert all(b - a >= 0.5 - 1e-5 for a, b in itertools.pairwise(sent))


class TestBacklog:
    def test_frames_are_stale_until_one_had_to_be_waited_for(self) -> None:
        backlog = Backlog(0.04)
        waits = [0.001, 0.009, 0.03, 0.001, 0.04]
        assert [backlog.is_stale(wait) for wait in waits] == [True, True, False, False, False]

    def test_it_is_bounded(self) -> None:
        backlog = Backlog(0.04)
        assert sum(backlog.is_stale(0.0) for _ in range(1000)) == 249


def test_the_interval_estimate_follows_the_source() -> None:
    estimate = IntervalEstimate(0.04)
    for second in range(30):
        estimate.observe(float(second))
    assert estimate.seconds == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("claimed", [0.0, -1.0, 90_000.0, math.nan, math.inf])
def test_an_unbelievable_rate_is_replaced(claimed: float) -> None:
    assert nominal_interval(claimed) == 1 / 25


def test_a_slow_rate_is_believed() -> None:
    assert nominal_interval(0.2) == 5.0
