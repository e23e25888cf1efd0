"""PURE: how far behind a live source's pictures are, told by the source's own clock.

Nobody knows how long the first picture was under way. But a stream whose time stamps advance more
slowly than the clock is piling up somewhere, and what it piles up is how late it is.
"""

_DRIFT = 500e-6
"""Seconds a second by which the two clocks may disagree: cheap quartz is off by 100 in a million,
and a camera's clock is corrected by a few hundred."""

_LEAP_S = 60.0
"""Time stamps that leap by more than this have begun anew."""


class Lag:
    """Seconds behind the promptest picture so far."""

    def __init__(self) -> None:
        self._least_s: float | None = None  # of clock less stamp
        self._last_stamp_s = 0.0
        self._last_now = 0.0

    def observe(self, stamp_s: float, *, now: float) -> float:
        """Take a picture stamped `stamp_s` by the source at monotonic `now`; return its lag.

        0 where the stamps do not advance: then they tell nothing.
        """
        offset = now - stamp_s
        elapsed, advanced = now - self._last_now, stamp_s - self._last_stamp_s
        self._last_stamp_s, self._last_now = stamp_s, now
        if self._least_s is None or advanced <= 0 or advanced > elapsed + _LEAP_S:
            self._least_s = offset
            return 0.0
        self._least_s = min(offset, self._least_s + _DRIFT * elapsed)
        return offset - self._least_s
