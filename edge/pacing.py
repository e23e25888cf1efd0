"""PURE: when a file's frames fall due, and which frames are worth sending. No clock is read here.

All times are seconds of one monotonic clock; positions are microseconds of the file's own time.
"""

from dataclasses import dataclass

_MAX_BELIEVABLE_FPS = 240.0
_DEFAULT_INTERVAL_S = 1 / 25


def nominal_interval(fps: float) -> float:
    """Return the seconds between frames of a source that claims `fps`, or a guess.

    Network cameras claim 0, 90000 or not-a-number; the guess only has to do for two frames.
    """
    return 1.0 / fps if 0.0 < fps <= _MAX_BELIEVABLE_FPS else _DEFAULT_INTERVAL_S


@dataclass(frozen=True)
class Placement:
    """What to do with a frame of a file.

    due: when to show it. interval_s: wall time until the next one, as far as is known.
    skip: it is past, as its successor is due too: do not wait, do not send, grab on.
    """

    due: float
    interval_s: float
    skip: bool


class FilePacer:
    """Places a file's frames on the monotonic clock, `speed` times faster than recorded.

    A frame that comes late is skipped, never queued. If skipping does not catch up within
    `patience_s` (the file decodes slower than it plays, or the process was stopped for a
    while), the file's clock is set back to the frame in hand: it then plays slower than asked,
    but it plays.
    """

    def __init__(self, *, speed: float, interval_s: float, patience_s: float) -> None:
        self._speed = speed
        self._patience_s = patience_s
        self._spacing_us = max(1, round(interval_s * 1e6))
        # The frame shown at `_anchor_due` had position `_anchor_us`.
        self._anchor_due: float | None = None
        self._anchor_us = 0
        self._last_us: int | None = None
        self._last_due = 0.0
        self._late_since: float | None = None

    def place(self, position_us: int, *, now: float) -> Placement:
        """Place the next frame in file order, which was grabbed at `now`."""
        position_us = self._advance(position_us)
        if self._anchor_due is None:
            self._set_anchor(now, position_us)
        due = self._due(position_us)
        interval = self._spacing_us / 1e6 / self._speed
        skip = False
        if due + interval > now:
            self._late_since = None
        elif self._late_since is None:
            self._late_since, skip = now, True
        elif now - self._late_since < self._patience_s:
            skip = True
        else:
            self._late_since = None
            self._set_anchor(now, position_us)
            due = now
        self._last_due = due
        return Placement(due=due, interval_s=interval, skip=skip)

    def start_over(self) -> None:
        """Say that the next frame is the file's first again, due one interval after the last."""
        self._set_anchor(self._last_due + self._spacing_us / 1e6 / self._speed, 0)
        self._last_us = None

    def _advance(self, position_us: int) -> int:
        # Some files carry no time stamps, or equal ones: then the nominal rate stands in.
        if self._last_us is not None:
            if position_us <= self._last_us:
                position_us = self._last_us + self._spacing_us
            self._spacing_us = position_us - self._last_us
        self._last_us = position_us
        return position_us

    def _set_anchor(self, due: float, position_us: int) -> None:
        self._anchor_due, self._anchor_us = due, position_us

    def _due(self, position_us: int) -> float:
        assert self._anchor_due is not None
        return self._anchor_due + (position_us - self._anchor_us) / 1e6 / self._speed


class IntervalEstimate:
    """How far apart a live source's frames come, smoothed, seconds."""

    _WEIGHT = 0.2

    def __init__(self, initial_s: float) -> None:
        self.seconds = initial_s
        self._last: float | None = None

    def observe(self, at: float) -> float:
        """Take note of a frame at `at` and return the estimate."""
        if self._last is not None:
            self.seconds += self._WEIGHT * (at - self._last - self.seconds)
        self._last = at
        return self.seconds


class Backlog:
    """Tells the frames that a network stream buffered while it was being opened from fresh ones.

    Opening an RTSP stream takes a second or more; its first frames are that old and come all at
    once. The first one that had to be waited for is fresh. Bounded, as a machine too slow for
    its source never waits.
    """

    _LIMIT_FRAMES = 250

    def __init__(self, interval_s: float) -> None:
        self._wait_s = interval_s / 4
        self._left = self._LIMIT_FRAMES

    def is_stale(self, waited_s: float) -> bool:
        """Say whether the frame that was waited for `waited_s` seconds is part of it."""
        if waited_s >= self._wait_s:
            self._left = 0
        self._left -= self._left > 0
        return self._left > 0


class RateGate:
    """Picks `fps` frames a second: for each slot the frame nearest to it.

    The decision falls when the frame arrives, as a frame that is grabbed away can no longer be
    retrieved. Nearest, not "first after": a 1 fps source sent at 1 fps would otherwise miss
    every slot by a millisecond and be sent at half its rate. The first frame is always taken;
    of a source slower than `fps` every frame is; two picks are never closer than half a period.
    """

    def __init__(self, fps: float) -> None:
        self.period_s = 1.0 / fps
        self._next_slot: float | None = None
        self._last = 0.0

    def admits(self, at: float, *, interval_s: float) -> bool:
        """Say whether the frame at `at` is sent; its successor is expected `interval_s` later."""
        # A microsecond against float rounding: 0.98 must not miss the slot at 1 - 0.02.
        tolerance = min(max(interval_s, 0.0), self.period_s) / 2 + 1e-6
        if self._next_slot is None:
            slot = at
        elif at < max(self._next_slot - tolerance, self._last + self.period_s / 2):
            return False
        elif at <= self._next_slot + tolerance:
            slot = self._next_slot
        else:
            slot = at
        self._last, self._next_slot = at, slot + self.period_s
        return True
