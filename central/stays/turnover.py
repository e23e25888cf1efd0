"""PURE: how much a lot turns over, hour by hour of its own clock."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from central.stays.stays import SECOND_US, Stay

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR_US = 3600 * SECOND_US


@dataclass(frozen=True)
class HourOfTurnover:
    """One hour, or the part of it that was asked for: [begin_us, end_us)."""

    begin_us: int
    end_us: int
    arrivals: int  # stays that were seen to begin
    departures: int  # stays that were seen to end
    occupied_s: float  # of all spots together
    spots: int

    @property
    def per_spot(self) -> float:
        """Arrivals a spot: the usual meaning of turnover."""
        return self.arrivals / self.spots if self.spots else 0.0

    @property
    def occupied_share(self) -> float:
        """The share of the spots' time that was occupied."""
        whole = self.spots * (self.end_us - self.begin_us) / SECOND_US
        return self.occupied_s / whole if whole else 0.0


def turnover(
    stays: Iterable[Stay], *, spots: int, since_us: int, until_us: int, zone: tzinfo | None
) -> tuple[HourOfTurnover, ...]:
    """Return the hours between two instants, as clocks in `zone` (None: this machine's) show them.

    spots: of the lot. Raises ValueError if the times are the wrong way round.
    """
    if since_us >= until_us:
        raise ValueError(f"turnover from {since_us} to {until_us}: no time in between")
    edges = [*_hours(since_us, until_us, zone), until_us]
    hours = [_Count() for _ in edges[1:]]
    for stay in stays:
        ended = until_us if stay.ended_us is None else stay.ended_us
        _add_occupied(hours, edges, max(stay.began_us, since_us), min(ended, until_us))
        if stay.began_seen and since_us <= stay.began_us < until_us:
            hours[_hour_at(edges, stay.began_us)].arrivals += 1
        if stay.ended_seen and stay.ended_us is not None and since_us <= stay.ended_us < until_us:
            hours[_hour_at(edges, stay.ended_us)].departures += 1
    return tuple(
        HourOfTurnover(
            begin_us=begin,
            end_us=end,
            arrivals=count.arrivals,
            departures=count.departures,
            occupied_s=count.occupied_us / SECOND_US,
            spots=spots,
        )
        for begin, end, count in zip(edges[:-1], edges[1:], hours, strict=True)
    )


@dataclass
class _Count:
    arrivals: int = 0
    departures: int = 0
    occupied_us: int = 0


def _hour_at(edges: list[int], instant: int) -> int:
    return bisect_right(edges, instant) - 1


def _add_occupied(hours: list[_Count], edges: list[int], begin: int, end: int) -> None:
    while begin < end:
        hour = _hour_at(edges, begin)
        part = min(end, edges[hour + 1])
        hours[hour].occupied_us += part - begin
        begin = part


def _hours(since_us: int, until_us: int, zone: tzinfo | None) -> Iterator[int]:
    """Yield `since_us`, then every full hour of the zone's clock before `until_us`."""
    yield since_us
    local = (_EPOCH + timedelta(microseconds=since_us)).astimezone(zone)
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    # In real time from here on: zones change their offset by whole hours, or by half ones rarely.
    edge = since_us - past // timedelta(microseconds=1) + _HOUR_US
    while edge < until_us:
        yield edge
        edge += _HOUR_US
