"""PURE: when a camera that had to fail over looks for its first processor again.

One that comes and goes must not drag its cameras to and fro: every return that did not last
doubles the wait.
"""

import random
from dataclasses import dataclass, field


@dataclass
class Homing:
    """Seconds of one monotonic clock. lasting: what a return must last to have been a good one."""

    first: float = 5.0
    limit: float = 600.0
    lasting: float = 60.0
    rng: random.Random = field(default_factory=random.Random)
    _delay: float = 0.0
    _returned_at: float | None = None

    def next_delay(self) -> float:
        """Return how long to wait before looking; jittered, as a fleet fails over at once."""
        base = max(self.first, self._delay)
        return base * (0.8 + 0.4 * self.rng.random())

    def returned(self, *, now: float) -> None:
        """The camera went back to a better processor."""
        self._returned_at = now

    def broke(self, *, now: float) -> None:
        """A stream broke."""
        if self._returned_at is None:
            return
        lasted = now - self._returned_at >= self.lasting
        self._delay = 0.0 if lasted else min(self.limit, 2.0 * max(self.first, self._delay))
        self._returned_at = None
