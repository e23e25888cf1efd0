"""PURE: how sharp a camera's pictures usually are, and whether this one is much less so."""

import math
import statistics

from edge.persistence import Moment

_FIRST = 20  # measurements before anything is said
_RISE_S = 3_600.0  # in which what is usual follows sharper pictures
_FALL_S = 24 * 3_600.0  # and blurrier ones: fog that comes within hours is not the new usual
_BLURRED_BELOW = 0.35  # share of what is usual; rain on real cameras comes to 0.53
_SHARP_ABOVE = 0.45
_LONGEST_STEP_S = 600.0  # a gap in the measurements counts as no more than this


class UsualSharpness:
    """Every lens, focus, lot and bit rate has its own sharpness: only a change tells anything."""

    def __init__(self) -> None:
        self._first: list[float] = []
        self._usual: float | None = None
        self._last = 0.0

    def share(self, sharpness: float) -> float | None:
        """Return `sharpness` as a share of what is usual, None while that is not known."""
        return None if not self._usual else sharpness / self._usual

    def is_blurred(self, sharpness: float | None, *, was: bool) -> bool | None:
        """Return whether a picture is blurred, None if that cannot be told.

        was: whether the last ones were, as it takes a little more to be sharp again.
        """
        share = None if sharpness is None else self.share(sharpness)
        if share is None:
            return None
        return share < (_SHARP_ABOVE if was else _BLURRED_BELOW)

    def learn(self, sharpness: float | None, at: Moment) -> None:
        """Take a picture that is not known to be a bad one."""
        if sharpness is None:
            return
        if self._usual is None:
            self._first.append(sharpness)
            if len(self._first) >= _FIRST:
                self._usual = statistics.median(self._first)
                self._first.clear()
        else:
            step = min(_LONGEST_STEP_S, at.now - self._last)
            pace = _RISE_S if sharpness > self._usual else _FALL_S
            self._usual += (1.0 - math.exp(-step / pace)) * (sharpness - self._usual)
        self._last = at.now

    def forget(self) -> None:
        """The picture has another size: begin anew."""
        self._usual = None
        self._first.clear()
