"""Jittered exponential back-off ("full jitter": Brooker, AWS Architecture Blog, 2015)."""

import random
from dataclasses import dataclass, field


@dataclass
class Backoff:
    """Delays before the next attempt, in seconds; `reset()` after a success.

    Full jitter spreads a fleet that lost the same peer at the same instant; the floor keeps
    a lucky zero from becoming a busy loop. Many are made, one a call: the system's randomness
    needs no seeding, which takes 20 us.
    """

    first: float = 0.1
    limit: float = 5.0
    floor: float = 0.02
    rng: random.Random = field(default_factory=random.SystemRandom)
    attempts: int = 0

    def next_delay(self) -> float:
        """Return the seconds to wait before the next attempt and count it."""
        ceiling = min(self.limit, self.first * 2.0 ** min(self.attempts, 30))
        self.attempts += 1
        return self.floor + self.rng.random() * max(0.0, ceiling - self.floor)

    def reset(self) -> None:
        """Forget past failures."""
        self.attempts = 0
