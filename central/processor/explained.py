"""Changes that a neighbour's vehicle explains: one arrival changes more pictures than its own.

Pure. A van that parks before a car hides most of it, and what is left looks vacant; headlights and
bodies that lean into a region look like a car. Such a change begins when the neighbour's begins and
is weaker than a change of the spot's own. So of two neighbours whose pictures change together, the
one without clear evidence keeps what is believed of it: the other's change explains both. That ends
when its picture agrees with the belief again, or when the neighbour changes once more. Where
neither happens for long the spot is unknown: what is hidden for long cannot be known.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from central.ledger.records import Occupancy

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
States = npt.NDArray[np.int8]
Times = npt.NDArray[np.int64]

_OCCUPIED, _VACANT = int(Occupancy.OCCUPIED), int(Occupancy.VACANT)
_UNKNOWN = int(Occupancy.UNKNOWN)
_NEVER = -1


@dataclass(frozen=True)
class ExplainedSettings:
    """How a change is told from one that a neighbour explains. Log-odds are of averages, > 0."""

    sure: float  # at or beyond it the picture of a hidden spot agrees again
    full: float  # the most that an average can be
    clear: float  # at or beyond it, of the contrary, a change is the spot's own
    together_us: int  # the most by which two changes that are one begin apart
    hidden_us: int  # after which a spot whose change is explained is unknown


@dataclass(frozen=True)
class _Hidden:
    """A spot whose change is explained: what is believed of it, and by what.

    neighbours: those whose change explains it, and what they became.
    """

    kept: int
    since_us: int
    neighbours: tuple[tuple[int, int], ...]


class Explained:
    """Which changes are not to be believed, of all spots of one camera's view.

    A change begins when the average turns against what is believed. Where nothing new was seen for
    a while before, nobody knows when that was, and nothing explains it.
    """

    def __init__(self, settings: ExplainedSettings, near: Flags) -> None:
        """near: (N, N), whose vehicles may show in whose regions (`neighbours`)."""
        self._settings = settings
        self._near = near
        self._agrees: Flags = np.zeros(len(near), np.bool_)
        self._turned_us: Times = np.full(len(near), _NEVER, np.int64)  # when it last ceased to
        self._changed_us: Times = np.full(len(near), _NEVER, np.int64)  # its own change's beginning
        self._freed_us: Times = np.full(len(near), _NEVER, np.int64)  # when it ceased to be hidden
        self._fresh_us = _NEVER  # when something new was last seen
        self._jumped_us = _NEVER  # when it last was after a long while
        self._hidden: dict[int, _Hidden] = {}

    def forget(self, place: int) -> None:
        """Another word than ours counts for a spot from now on."""
        self._hidden.pop(place, None)
        self._agrees[place] = False
        for times_us in (self._turned_us, self._changed_us, self._freed_us):
            times_us[place] = _NEVER

    def judge(
        self,
        held: States,
        decided: States,
        average: Floats,
        at_us: int,
        *,
        recent: Floats,
    ) -> None:
        """Take back in `decided` what a neighbour explains. All of shape (N,).

        held: what was believed; decided: what the averages alone make of it; average: log-odds of
        occupied, put back to `full` where a spot is in full view again; recent: the same of the
        last second.
        """
        known = held != _UNKNOWN
        sign_of = np.where(held == _OCCUPIED, 1.0, np.where(held == _VACANT, -1.0, 0.0))
        side = sign_of * average
        self._date((side >= 0) & known, at_us)
        changes = (decided != held) & known
        if not self._hidden and not changes.any():
            return  # nearly every frame
        # A change of a spot's own is clear at once; what becomes so later has to stay so.
        shown = np.where(self._together(self._turned_us, at_us), recent, average)
        for place in map(int, np.flatnonzero(changes)):
            if place not in self._hidden:
                clear = -sign_of[place] * shown[place] >= self._settings.clear
                self._change(place, held, decided, side, at_us, clear=bool(clear))
        for place, hidden in list(self._hidden.items()):
            sign = 1.0 if hidden.kept == _OCCUPIED else -1.0
            agrees = sign * average[place]
            young = self._is_together(hidden.since_us, at_us)
            if -sign * shown[place] >= self._settings.clear:
                self._changed_us[place] = self._turned_us[place]
                del self._hidden[place]
            elif agrees >= self._settings.sure:
                del self._hidden[place]
            elif not young and _is_free(hidden, held):
                # What was seen of it until now says nothing: it is looked at anew.
                average[place] = sign * self._settings.full
                self._freed_us[place] = at_us
                del self._hidden[place]
                decided[place] = hidden.kept
            else:
                over = at_us - hidden.since_us >= self._settings.hidden_us
                decided[place] = _UNKNOWN if over else hidden.kept

    def look(self, at_us: int, *, fresh: bool) -> bool:
        """Take a frame's time, before `judge`; return whether changes were watched until now.

        fresh: whether the frame is a look of its own, not a picture that stands still. Right after
        a gap, and while a picture stands still, nobody watches.
        """
        if fresh:
            if not self._is_together(self._fresh_us, at_us):
                self._jumped_us = at_us
            self._fresh_us = at_us
        looks = self._is_together(self._fresh_us, at_us)
        return looks and not self._is_together(self._jumped_us, at_us)

    def _date(self, agrees: Flags, at_us: int) -> None:
        turned = self._agrees & ~agrees
        self._agrees = agrees
        if not turned.any():
            return
        self._turned_us[turned] = at_us
        # What turns right after a jump, or once the view is free again, was so before.
        jumped = self._is_together(self._jumped_us, at_us)
        self._turned_us[turned & (jumped | self._together(self._freed_us, at_us))] = _NEVER

    def _change(
        self,
        place: int,
        held: States,
        decided: States,
        side: Floats,
        at_us: int,
        *,
        clear: bool,
    ) -> None:
        began_us = int(self._turned_us[place])
        if not clear and began_us != _NEVER:
            reasons = self._reasons(place, held, side, began_us)
            if reasons:
                self._hidden[place] = _Hidden(int(held[place]), at_us, reasons)
                return
        if decided[place] != _UNKNOWN:
            self._changed_us[place] = began_us

    def _reasons(
        self, place: int, held: States, side: Floats, began_us: int
    ) -> tuple[tuple[int, int], ...]:
        """Return the neighbours that changed, or are about to, at the same time as a spot."""
        near = self._near[place] & (held != _UNKNOWN)
        near[list(self._hidden)] = False
        turning = near & (side < 0) & self._together(self._turned_us, began_us)
        changed = near & (side >= 0) & self._together(self._changed_us, began_us)
        contrary = {_OCCUPIED: _VACANT, _VACANT: _OCCUPIED}
        return (
            *((int(other), contrary[int(held[other])]) for other in np.flatnonzero(turning)),
            *((int(other), int(held[other])) for other in np.flatnonzero(changed)),
        )

    def _together(self, times_us: Times, at_us: int) -> Flags:
        """Return whether times are known, and so near that what happened then began together."""
        apart = np.abs(times_us - at_us) <= self._settings.together_us
        return np.asarray(apart & (times_us != _NEVER))

    def _is_together(self, time_us: int, at_us: int) -> bool:
        """As `_together`, of one time."""
        return time_us != _NEVER and abs(time_us - at_us) <= self._settings.together_us


def _is_free(hidden: _Hidden, held: States) -> bool:
    """Whether the neighbours that explain a spot's change changed back, or never changed."""
    return all(held[other] not in (became, _UNKNOWN) for other, became in hidden.neighbours)
