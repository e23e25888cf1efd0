"""How right a policy's states are, against the truth. Pure."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.day.policies import OCCUPIED, UNKNOWN, VACANT, States
from benchmarks.day.scores import DayScores
from central.ledger.records import Occupancy, OccupancyChange, RecordedChange
from central.stays.stays import Stay, stays_of

EARLY_S, LATE_S = 5.0, 15.0
"""A change is no false flip if the truth becomes it this soon after, or was it this shortly before:
a car that is half in its spot has been seen to come."""
STAY_TOLERANCE_S = 10.0


@dataclass(frozen=True)
class Measures:
    """One policy on one or more days. Delays in seconds, one for each real change that was seen."""

    spot_days: float
    false_flips: int
    right: float  # frames of spots whose state is as the truth; unknown is wrong
    frames: int  # of spots, counted
    delays: tuple[float, ...]
    missed: int  # real changes that were over, or the day was, before they were committed
    stays: int  # whole ones, both ends in the day
    stays_right: int

    @property
    def flips_a_spot_day(self) -> float:
        return self.false_flips / self.spot_days

    @property
    def right_share(self) -> float:
        return self.right / self.frames

    def delay(self, quantile: float) -> float | None:
        """Return a quantile of the delays, a missed change counting as never."""
        if not self.delays and not self.missed:
            return None
        everything = [*sorted(self.delays), *[float("inf")] * self.missed]
        return everything[min(len(everything) - 1, int(quantile * len(everything)))]

    @property
    def stays_share(self) -> float | None:
        return self.stays_right / self.stays if self.stays else None


def together(parts: Sequence[Measures]) -> Measures:
    """Return several days as one."""
    return Measures(
        spot_days=sum(part.spot_days for part in parts),
        false_flips=sum(part.false_flips for part in parts),
        right=sum(part.right for part in parts),
        frames=sum(part.frames for part in parts),
        delays=tuple(delay for part in parts for delay in part.delays),
        missed=sum(part.missed for part in parts),
        stays=sum(part.stays for part in parts),
        stays_right=sum(part.stays_right for part in parts),
    )


def measure(scores: DayScores, states: States) -> Measures:
    """Judge one day; every spot of it counts as one spot-day."""
    truth = np.where(scores.occupied, OCCUPIED, VACANT)
    delays: list[float] = []
    missed = flips = stays = stays_right = 0
    for place in range(len(scores.spot_ids)):
        one = _Spot(scores, truth[:, place], states[:, place], scores.counted[:, place])
        flips += one.false_flips()
        found = list(one.delays())
        delays += [delay for delay in found if delay is not None]
        missed += sum(delay is None for delay in found)
        whole = [
            stay
            for stay in _stays(scores, one.truth)
            if stay.ended_us and stay.began_seen and one.counts(stay)
        ]
        seen = _stays(scores, one.states)
        stays += len(whole)
        stays_right += sum(_is_right(stay, seen) for stay in whole)
    return Measures(
        spot_days=float(len(scores.spot_ids)),
        false_flips=flips,
        right=float(((states == truth) & scores.counted).sum()),
        frames=int(scores.counted.sum()),
        delays=tuple(delays),
        missed=missed,
        stays=stays,
        stays_right=stays_right,
    )


@dataclass(frozen=True)
class _Spot:
    """One spot's day: truth and states (T,), and where there is a truth."""

    scores: DayScores
    truth: States
    states: States
    counted: npt.NDArray[np.bool_]

    def false_flips(self) -> int:
        """Changes to occupied or vacant where the truth is not, was not just now, nor soon is."""
        early = round(EARLY_S / self.scores.frame_s)
        late = round(LATE_S / self.scores.frame_s)
        before = np.concatenate([[UNKNOWN], self.states[:-1]])
        count = 0
        for at in np.flatnonzero((self.states != before) & (self.states != UNKNOWN)):
            about = slice(max(0, at - late), at + early + 1)
            if self.counted[at] and not (self.truth[about] == self.states[at]).any():
                count += 1
        return count

    def counts(self, stay: Stay) -> bool:
        """whether there is a truth when a stay begins."""
        return bool(self.counted[np.searchsorted(self.scores.times_us, stay.began_us)])

    def delays(self) -> Iterator[float | None]:
        """For each real change the seconds until the state is the new truth; None: never."""
        edges = [*np.flatnonzero(np.diff(self.truth)) + 1, len(self.truth)]
        for begin, end in itertools.pairwise(edges):
            if not self.counted[begin]:
                continue
            hit = np.flatnonzero(self.states[begin:end] == self.truth[begin])
            yield float(hit[0]) * self.scores.frame_s if len(hit) else None


def _stays(scores: DayScores, states: States) -> tuple[Stay, ...]:
    """Return stays as the ledger's history would give them."""
    changes = []
    for at in np.flatnonzero(np.diff(states)) + 1:
        at_us = int(scores.times_us[at])
        before, after = Occupancy(int(states[at - 1])), Occupancy(int(states[at]))
        change = OccupancyChange("day", "spot", before, after, 0, "camera", at_us)
        changes.append(RecordedChange(int(at), at_us, change))
    return stays_of(changes)


def _is_right(stay: Stay, seen: Sequence[Stay]) -> bool:
    """Whether the seen stay that overlaps most is as long as the real one."""
    assert stay.ended_us is not None
    now = stay.ended_us

    def overlap(other: Stay) -> int:
        end = now if other.ended_us is None else other.ended_us
        return min(end, now) - max(other.began_us, stay.began_us)

    best = max(seen, key=overlap, default=None)
    if best is None or overlap(best) <= 0 or best.ended_us is None:
        return False
    return abs(best.seconds(now_us=now) - stay.seconds(now_us=now)) <= STAY_TOLERANCE_S
