"""Simulated time: what happens next, by time and then by order of asking; and the only chance."""

import heapq
import random
from collections import Counter
from collections.abc import Callable


class Clock:
    """The queue of all that will happen, the one generator, and counts of what did."""

    def __init__(self, rng: random.Random, trace: Callable[[str], None] | None) -> None:
        self.rng = rng
        self.now = 0
        self.counts: Counter[str] = Counter()
        self.trace = trace
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._asked = 0

    def after(self, delay: int, action: Callable[[], None]) -> None:
        """Let `action` happen `delay` units from now."""
        self._asked += 1
        heapq.heappush(self._queue, (self.now + delay, self._asked, action))

    def step(self) -> None:
        """Let the next thing happen."""
        self.now, _, action = heapq.heappop(self._queue)
        action()

    def count(self, what: str) -> None:
        """Note that a fault or an event of interest really occurred."""
        self.counts[what] += 1

    def say(self, *words: object) -> None:
        """Add a line to the trace, if there is one."""
        if self.trace is not None:
            self.trace(f"{self.now:7d} {' '.join(map(str, words))}")

    def gap(self, mean: int) -> int:
        """Draw a waiting time, at least 1."""
        return 1 + int(self.rng.expovariate(1 / mean))
