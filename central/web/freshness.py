"""PURE: how old the view may be, known from linearizable reads and never from a wall clock.

A read that was asked at `asked` and answered with index `i` tells that everything committed
before `asked` is at or below `i`. So a view that has applied `i` is as fresh as `asked`. A replica
that was cut off and goes on telling "nothing new" makes nothing fresh.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """Which state an answer is of. age_us: how old it may be at most; None: nobody knows."""

    index: int
    age_us: int | None
    stale: bool


class Freshness:
    """What was found out so far. Times are of one monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._fresh_at: float | None = None
        self._waiting: tuple[float, int] | None = None  # asked, index that the view lacks yet

    def confirm(self, *, asked: float, index: int, applied: int) -> None:
        """Note a linearizable read; `applied` is how far the view is."""
        self._waiting = (asked, index)
        self.advance(applied)

    def advance(self, applied: int) -> None:
        """Note that the view has come to an index."""
        if self._waiting is not None and applied >= self._waiting[1]:
            self._fresh_at = max(self._waiting[0], self._fresh_at or 0.0)
            self._waiting = None

    def age_us(self, now: float) -> int | None:
        """Return how old the view may be at most, in microseconds."""
        return None if self._fresh_at is None else max(0, int((now - self._fresh_at) * 1e6))

    def mark(self, index: int, *, now: float, limit_s: float) -> Mark:
        """Return the mark of the view at that index; older than `limit_s` is stale."""
        age_us = self.age_us(now)
        return Mark(index, age_us, stale=age_us is None or age_us > limit_s * 1e6)
