"""PURE: evidence that has to last before it counts, and to be gone a while before it is over."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Moment:
    """now: monotonic seconds, for durations. at_us: the camera's wall clock, for people."""

    now: float
    at_us: int


class Persistence:
    """`holds` from `begin_after_s` of unbroken evidence on, until `end_after_s` without any.

    One piece of evidence is never enough, nor is one without: at low frame rates an odd picture
    would else flip the lot.
    """

    def __init__(self, *, begin_after_s: float, end_after_s: float) -> None:
        self._begin_after_s = begin_after_s
        self._end_after_s = end_after_s
        self._turning_since: Moment | None = None  # first of the observations against `holds`
        self.holds = False
        self.since_us = 0
        """While it holds: when its evidence began."""

    def observe(self, *, present: bool | None, at: Moment) -> bool:
        """Take one observation, None if it does not tell; returns whether the condition holds."""
        if present is None:
            return self.holds
        if present is self.holds:
            self._turning_since = None
            return self.holds
        if self._turning_since is None:
            self._turning_since = at
            return self.holds
        needed = self._end_after_s if self.holds else self._begin_after_s
        if at.now - self._turning_since.now >= needed:
            self.holds = present
            self.since_us = self._turning_since.at_us
            self._turning_since = None
        return self.holds
