"""Turnover by the hour: whose hours, and that nothing is counted twice."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.stays.stays import SECOND_US, Stay
from central.stays.turnover import turnover

NOON = int(datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp()) * SECOND_US
HOUR = 3600 * SECOND_US


def test_hours_are_those_of_the_zones_clock() -> None:
    begin, end = NOON + HOUR // 4, NOON + 2 * HOUR + HOUR // 2
    hours = turnover([], spots=2, since_us=begin, until_us=end, zone=UTC)
    assert [hour.begin_us for hour in hours] == [begin, NOON + HOUR, NOON + 2 * HOUR]
    assert hours[-1].end_us == end
    kolkata = turnover([], spots=2, since_us=begin, until_us=end, zone=ZoneInfo("Asia/Kolkata"))
    assert [hour.begin_us - NOON for hour in kolkata] == [
        HOUR // 4,
        HOUR // 2,
        HOUR + HOUR // 2,
    ]


def test_an_arrival_counts_where_it_was_seen_and_time_where_it_passed() -> None:
    stays = [
        Stay("A1", NOON + HOUR // 2, NOON + HOUR + HOUR // 4),
        Stay("A2", NOON - HOUR, None, began_seen=False),
    ]
    first, second = turnover(stays, spots=4, since_us=NOON, until_us=NOON + 2 * HOUR, zone=UTC)
    assert (first.arrivals, first.departures, second.arrivals, second.departures) == (1, 0, 0, 1)
    assert (first.occupied_s, second.occupied_s) == (1800 + 3600, 900 + 3600)
    assert first.per_spot == 0.25
    assert second.occupied_share == pytest.approx(4500 / (4 * 3600))


def test_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="no time in between"):
        turnover([], spots=1, since_us=NOON, until_us=NOON, zone=UTC)


@given(
    ends=st.lists(st.tuples(st.integers(-7200, 20000), st.integers(0, 9000)), max_size=8),
    length=st.integers(1, 20000),
)
def test_the_hours_together_are_the_whole(ends: list[tuple[int, int]], length: int) -> None:
    stays = [
        Stay("A1", NOON + begin * SECOND_US, NOON + (begin + lasts) * SECOND_US)
        for begin, lasts in ends
    ]
    until = NOON + length * SECOND_US
    hours = turnover(stays, spots=3, since_us=NOON, until_us=until, zone=UTC)
    assert sum(hour.occupied_s for hour in hours) == sum(
        max(0, min(length, begin + lasts) - max(0, begin)) for begin, lasts in ends
    )
    assert sum(hour.arrivals for hour in hours) == sum(0 <= begin < length for begin, _ in ends)
    assert all(
        timedelta(0) < timedelta(microseconds=h.end_us - h.begin_us) <= timedelta(hours=1)
        for h in hours
    )
