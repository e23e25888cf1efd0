"""What one seed's world is like: size, limits, and which faults it knows."""

import random
from dataclasses import dataclass

from central.raft import Config

TICK = 10  # a replica with a right clock ticks every so many units of simulated time
FAULTS = (
    "crash",
    "crash at a step",
    "split",
    "one-way cut",
    "bridge",
    "leader cut off",
    "pause",
    "clock skew",
    "slow disk",
    "transfer",
)


@dataclass(frozen=True)
class Plan:
    """Not every fault is on in every world: some bugs show only where others are quiet."""

    replicas: tuple[str, ...]
    faults: tuple[str, ...]
    fault_gap: int  # mean time between two faults
    client_gap: int  # mean time between two client requests
    drop: float
    duplicate: float
    slow: float  # share of messages that take up to thirty ticks
    window: int
    max_message_bytes: int
    max_uncommitted_bytes: int

    @classmethod
    def draw(cls, rng: random.Random) -> "Plan":
        """Draw a world."""
        size = rng.choice((1, 2, 3, 3, 3, 3, 3, 4, 5, 5, 5, 5))
        return cls(
            replicas=tuple("abcde"[:size]),
            faults=tuple(fault for fault in FAULTS if rng.random() < 0.6),
            fault_gap=rng.choice((50, 150, 400)),
            client_gap=rng.choice((8, 25, 80)),
            drop=rng.choice((0.0, 0.02, 0.15)),
            duplicate=rng.choice((0.0, 0.05, 0.2)),
            slow=rng.choice((0.0, 0.02, 0.1)),
            window=rng.choice((1, 2, 8)),
            max_message_bytes=rng.choice((1, 40, 10_000)),
            max_uncommitted_bytes=rng.choice((100, 2_000, 100_000)),
        )

    def config(self, name: str) -> Config:
        """Return what the core of replica `name` is started with."""
        return Config(
            replica_id=name,
            election_ticks=10,
            heartbeat_ticks=2,
            window=self.window,
            max_message_bytes=self.max_message_bytes,
            max_uncommitted_bytes=self.max_uncommitted_bytes,
        )
