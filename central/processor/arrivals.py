"""Cars that were seen to come: what that says of a score that is weak, or soon grows weak.

Pure. Light changes slowly, cars come within seconds. So where a spot was clearly vacant for minutes
and its score then rose while it was looked at, and stayed up, a car has come, even if the
classifier is not half sure of it, as of a dark car at dawn or one behind another. And a car that
has just come seldom leaves at once: what stands before it, or fog, is likelier to hide it.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from central.ledger.records import Occupancy

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
States = npt.NDArray[np.int8]
Times = npt.NDArray[np.int64]

_OCCUPIED, _VACANT = int(Occupancy.OCCUPIED), int(Occupancy.VACANT)
_NEVER = -1
_UNSEEN = -2


@dataclass(frozen=True)
class ArrivalSettings:
    """What counts as seen to come, and as just come. Log-odds are of occupied."""

    usual_s: float  # time constant of what a spot usually looks like
    clear: float  # at or below it, what is usual is clearly vacant
    raised: float  # at or above it a spot's look is up
    raised_us: int  # for which it has to stay up
    stays_us: int  # after an arrival, for which a leave is harder to believe


class Arrivals:
    """Of all spots of one camera's view.

    Invariants: `_raised_us` is _NEVER unless a vacant spot's look is up, and _UNSEEN if nobody
    saw it rise from a clearly vacant look; `_came_us` is _NEVER unless a spot is occupied.
    """

    def __init__(self, settings: ArrivalSettings, spots: int) -> None:
        self._settings = settings
        self._usual: Floats = np.zeros(spots)
        self._raised_us: Times = np.full(spots, _NEVER, np.int64)
        self._came_us: Times = np.full(spots, _NEVER, np.int64)
        self._none: Flags = np.zeros(spots, np.bool_)
        self._none_from_us = 0  # when no spot's car has just come any more

    def forget(self, place: int, usual: float) -> None:
        """Another word than ours counts for a spot from now on; usual: log-odds of that word."""
        self._usual[place] = usual
        self._raised_us[place] = self._came_us[place] = _NEVER

    def seen_to_come(
        self,
        held: States,
        recent: Floats,
        at_us: int,
        *,
        gap_s: float,
        watched: bool,
        blank: Flags,
    ) -> Flags:
        """Take one frame; return to which vacant spots a car has come, (N,).

        recent: log-odds of occupied, limited, of the last second. gap_s: what the frame stands for.
        watched: whether anybody would have seen what happened. blank: (N,), of which spots the
        frame says nothing: what is usual for them has to be learnt anew.
        """
        up = (recent >= self._settings.raised) & (held == _VACANT)
        if blank.any():
            up &= ~blank
            self._usual[blank] = 0.0
        if up.any():
            came = self._time(up, at_us, watched=watched)
            self._raised_us[~up] = _NEVER
        else:  # nearly every frame
            came = up
            self._raised_us.fill(_NEVER)
        self._usual += (recent - self._usual) * -math.expm1(-gap_s / self._settings.usual_s)
        return came

    def _time(self, up: Flags, at_us: int, *, watched: bool) -> Flags:
        later = (self._raised_us > at_us) & (self._raised_us != _UNSEEN)  # a clock was set back
        new = up & (later | (self._raised_us == _NEVER))
        seen = new & (self._usual <= self._settings.clear) & watched
        self._raised_us[new] = _UNSEEN
        self._raised_us[seen] = at_us
        long = at_us - self._raised_us >= self._settings.raised_us
        return np.asarray(up & long & (self._raised_us != _UNSEEN))

    def just_came(self, at_us: int) -> Flags:
        """Return which spots' cars came but a short while ago, (N,)."""
        if at_us >= self._none_from_us:
            return self._none
        ago_us = at_us - self._came_us
        recent = (ago_us >= 0) & (ago_us < self._settings.stays_us)
        return np.asarray(recent & (self._came_us != _NEVER))

    def changed(self, before: States, held: States, at_us: int) -> None:
        """Note what changed with a frame."""
        came = (before == _VACANT) & (held == _OCCUPIED)
        self._came_us[came] = at_us
        self._came_us[held != _OCCUPIED] = _NEVER
        if came.any():
            self._none_from_us = max(self._none_from_us, at_us + self._settings.stays_us)
