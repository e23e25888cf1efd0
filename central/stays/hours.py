"""PURE: how full a lot was, hour by hour, from its state at the beginning and its changes since."""

from collections.abc import Iterable
from dataclasses import dataclass

from central.ledger.records import Occupancy, RecordedChange, SpotState


@dataclass(frozen=True)
class Edges:
    """Instants at which hours begin, and the last one's end: at least two, rising."""

    instants: tuple[int, ...]


@dataclass(frozen=True)
class HourOfCounts:
    """[begin_us, end_us): mean numbers of spots in each state by time, and extremes of vacant."""

    begin_us: int
    end_us: int
    occupied: float
    vacant: float
    unknown: float
    least_vacant: int
    most_vacant: int


def counts_by_hour(
    opening: Iterable[SpotState], changes: Iterable[RecordedChange], edges: Edges
) -> tuple[HourOfCounts, ...]:
    """Return the hours between the edges. Time is that of commit, as everywhere in history.

    opening: the spots as they stood at the first edge; changes: all since, in order. Spots that a
    new layout adds count from their first change on.
    """
    states = {spot.spot_id: spot.occupancy for spot in opening}
    counter = _Counter(edges, states)
    for recorded in changes:
        counter.advance(recorded.committed_at_us)
        change = recorded.change
        counter.move(states.get(change.spot_id), change.occupancy)
        states[change.spot_id] = change.occupancy
    counter.advance(edges.instants[-1])
    return tuple(counter.hours)


class _Counter:
    """Adds up spots times microseconds, and closes an hour at each edge."""

    def __init__(self, edges: Edges, states: dict[str, Occupancy]) -> None:
        self._edges = edges.instants
        self._at = self._edges[0]
        self._now = dict.fromkeys(Occupancy, 0)
        for state in states.values():
            self._now[state] += 1
        self._sums = dict.fromkeys(Occupancy, 0)
        self._least = self._most = self._now[Occupancy.VACANT]
        self.hours: list[HourOfCounts] = []

    def move(self, previous: Occupancy | None, now: Occupancy) -> None:
        """Count a spot that changed."""
        if previous is not None:
            self._now[previous] -= 1
        self._now[now] += 1
        self._least = min(self._least, self._now[Occupancy.VACANT])
        self._most = max(self._most, self._now[Occupancy.VACANT])

    def advance(self, to: int) -> None:
        """Let time go on to an instant."""
        while len(self.hours) < len(self._edges) - 1:
            end = self._edges[len(self.hours) + 1]
            self._add(max(0, min(to, end) - self._at))
            self._at = max(self._at, min(to, end))
            if to < end:
                return
            self._close(end)

    def _add(self, length: int) -> None:
        for state in Occupancy:
            self._sums[state] += self._now[state] * length

    def _close(self, end: int) -> None:
        begin = self._edges[len(self.hours)]
        means = {state: total / (end - begin) for state, total in self._sums.items()}
        self.hours.append(
            HourOfCounts(
                begin,
                end,
                occupied=means[Occupancy.OCCUPIED],
                vacant=means[Occupancy.VACANT],
                unknown=means[Occupancy.UNKNOWN],
                least_vacant=self._least,
                most_vacant=self._most,
            )
        )
        # The next hour begins with what is now.
        self._sums = dict.fromkeys(Occupancy, 0)
        self._least = self._most = self._now[Occupancy.VACANT]
