"""PURE: changes of occupancy to stays, one for each time that a spot was taken.

A car has no name here: a stay is a spot's time from vacant to vacant. While a spot is unknown
nobody can tell whether its car goes or another comes, so a short gap is bridged and a long one
ends the stay when it was last seen; the ends that were not seen are marked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from central.layout.document import Layout
from central.ledger.records import Occupancy, RecordedChange, SpotState

SECOND_US = 1_000_000
BRIDGE_S = 600
"""Seconds of `unknown` between two times of `occupied` that are still one stay."""


@dataclass(frozen=True)
class Stay:
    """One spot taken once. Times are of capture, microseconds since 1970-01-01 UTC."""

    spot_id: str
    began_us: int
    ended_us: int | None  # None: the spot is still taken, as far as is known
    began_seen: bool = True  # False: it was taken already when it was first seen
    ended_seen: bool = True  # False: it was taken when it was last seen

    def seconds(self, *, now_us: int) -> float:
        """Return its length; up to `now_us` while it lasts."""
        ended = now_us if self.ended_us is None else self.ended_us
        return max(0, ended - self.began_us) / SECOND_US


@dataclass
class _Open:
    """A stay that lasts. `unsure_us`: since when the spot is unknown, None while it is taken."""

    began_us: int
    began_seen: bool
    unsure_us: int | None = None


def stays_of(
    changes: Iterable[RecordedChange],
    *,
    opening: Iterable[SpotState] = (),
    bridge_s: float = BRIDGE_S,
) -> tuple[Stay, ...]:
    """Return all stays that touch the time of `changes`, by beginning, then by spot.

    changes: of one lot, in the order of the history, all from some instant on.
    opening: the spots as they stood at that instant (`Ledger.get(as_of_us=...)`): who was there
    already then. Without it such a stay begins, unseen, with the first change of its spot.
    """
    bridge_us = round(bridge_s * SECOND_US)
    open_stays: dict[str, _Open] = {}
    for spot in opening:
        if spot.occupancy is Occupancy.OCCUPIED:
            # What the spot was before is not asked: its arrival may have been seen or not.
            open_stays[spot.spot_id] = _Open(spot.since_us, began_seen=False)
    found: list[Stay] = []
    for recorded in changes:
        change = recorded.change
        open_stay = open_stays.get(change.spot_id)
        if open_stay is None and change.previous is Occupancy.OCCUPIED:
            open_stay = _Open(change.captured_at_us, began_seen=False)
        after, ended = _step(
            open_stay,
            change.spot_id,
            change.occupancy,
            change.captured_at_us,
            came=change.previous is Occupancy.VACANT,
            bridge_us=bridge_us,
        )
        found += ended
        if after is None:
            open_stays.pop(change.spot_id, None)
        else:
            open_stays[change.spot_id] = after
    found += [_lasting(spot_id, stay) for spot_id, stay in open_stays.items()]
    return tuple(sorted(found, key=lambda stay: (stay.began_us, stay.spot_id)))


def _step(
    stay: _Open | None,
    spot_id: str,
    occupancy: Occupancy,
    at_us: int,
    *,
    came: bool,
    bridge_us: int,
) -> tuple[_Open | None, list[Stay]]:
    """Return what lasts after one change, and what has ended with it."""
    if occupancy is Occupancy.OCCUPIED:
        if stay is None:
            return _Open(at_us, began_seen=came), []
        if stay.unsure_us is None or at_us - stay.unsure_us <= bridge_us:
            return _Open(stay.began_us, stay.began_seen), []
        return _Open(at_us, began_seen=False), [_ended(spot_id, stay, stay.unsure_us, seen=False)]
    if stay is None:
        return None, []
    if occupancy is Occupancy.UNKNOWN:
        return _Open(stay.began_us, stay.began_seen, stay.unsure_us or at_us), []
    if stay.unsure_us is None:
        return None, [_ended(spot_id, stay, at_us, seen=True)]
    return None, [_ended(spot_id, stay, stay.unsure_us, seen=False)]


def _ended(spot_id: str, stay: _Open, at_us: int, *, seen: bool) -> Stay:
    # Two cameras' clocks may differ: no stay ends before it began.
    ended_us = max(at_us, stay.began_us)
    return Stay(spot_id, stay.began_us, ended_us, began_seen=stay.began_seen, ended_seen=seen)


def _lasting(spot_id: str, stay: _Open) -> Stay:
    return Stay(
        spot_id,
        stay.began_us,
        stay.unsure_us,
        began_seen=stay.began_seen,
        ended_seen=stay.unsure_us is None,
    )


def limits_of(layout: Layout) -> dict[str, int]:
    """Return the longest stay allowed, in seconds, of each spot whose zone has one."""
    by_zone = {zone.zone_id: zone.max_stay_s for zone in layout.zones if zone.max_stay_s}
    return {spot.spot_id: by_zone[spot.zone_id] for spot in layout.spots if spot.zone_id in by_zone}


def over_stay_s(stay: Stay, limits: Mapping[str, int], *, now_us: int) -> float:
    """Return by how many seconds a stay exceeds its spot's limit; 0 within it, or without one."""
    limit = limits.get(stay.spot_id)
    return 0.0 if limit is None else max(0.0, stay.seconds(now_us=now_us) - limit)
