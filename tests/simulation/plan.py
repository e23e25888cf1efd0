"""What one seed's world is like: size, limits, and which faults it knows."""

import random
from dataclasses import dataclass, replace

from central.raft import Config, Configuration, Snapshot

TICK = 10  # a replica with a right clock ticks every so many units of simulated time
FASTEST_TICK = TICK // 3
ELECTION_TICKS = 10
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
    "disk full",
    "EIO on fsync",
    "bit flip",
    "disk lost",
    "transfer",
    "membership",
    "suspicion",
    "greeting",
)


@dataclass(frozen=True)
class Plan:
    """Not every fault is on in every world: some bugs show only where others are quiet."""

    replicas: tuple[str, ...]
    spares: tuple[str, ...]  # run from the beginning, and belong to the group when it says so
    faults: tuple[str, ...]
    fault_gap: int  # mean time between two faults
    client_gap: int  # mean time between two client requests
    compact_gap: int  # mean time between two compactions
    kept: int  # entries that a compaction keeps
    piece_bytes: int
    damage: float  # share of snapshot pieces that arrive with another byte
    drop: float
    duplicate: float
    slow: float  # share of messages that take up to thirty ticks
    window: int
    max_message_bytes: int
    max_uncommitted_bytes: int
    max_reads: int
    batching: float  # share of inputs after which a process does not look at once what to do
    lease: int
    least_spared_bytes: int
    weight: int  # what a process says that a snapshot weighs; 0: nothing

    @classmethod
    def draw(cls, rng: random.Random) -> "Plan":
        """Draw a world."""
        size = rng.choice((1, 2, 3, 3, 3, 3, 3, 4, 5, 5, 5, 5))
        spares = rng.choice((0, 0, 1, 2))
        plan = cls(
            replicas=tuple("abcde"[:size]),
            spares=tuple("vwxyz"[:spares]),
            faults=tuple(fault for fault in FAULTS if rng.random() < 0.5),
            fault_gap=rng.choice((50, 150, 400)),
            client_gap=rng.choice((8, 25, 80)),
            compact_gap=rng.choice((60, 200, 200, 100_000)),
            kept=rng.choice((0, 0, 5, 50)),
            piece_bytes=rng.choice((40, 400, 100_000)),
            damage=rng.choice((0.0, 0.03, 0.3)),
            drop=rng.choice((0.0, 0.02, 0.15)),
            duplicate=rng.choice((0.0, 0.05, 0.2)),
            slow=rng.choice((0.0, 0.02, 0.1)),
            window=rng.choice((1, 2, 8)),
            max_message_bytes=rng.choice((1, 40, 10_000)),
            max_uncommitted_bytes=rng.choice((100, 2_000, 100_000)),
            max_reads=rng.choice((2, 10_000)),
            batching=rng.choice((0.0, 0.0, 0.5)),
            lease=rng.choice((0, 0, ELECTION_TICKS * FASTEST_TICK - 1)),
            least_spared_bytes=rng.choice((1, 30, 200)),
            weight=rng.choice((0, 1, 1, 100)),
        )
        # Some races need many of the same: a third of the worlds is about snapshots or membership.
        return rng.choice((plan, plan, plan, plan, plan.of_snapshots(), plan.of_members()))

    def of_snapshots(self) -> "Plan":
        """Return a world whose replicas always lag, and get snapshots in many small pieces."""
        return replace(
            self,
            faults=(*self.faults, "crash", "leader cut off", "split", "transfer"),
            fault_gap=150,
            client_gap=8,
            compact_gap=60,
            kept=0,
            piece_bytes=100,
            damage=0.02,
            max_uncommitted_bytes=100_000,
        )

    def of_members(self) -> "Plan":
        """Return a world in which the group and its leader change all the time."""
        return replace(
            self,
            spares=("v", "w"),
            faults=("membership",) * 6 + ("transfer",) * 2 + self.faults,
            fault_gap=60,
            max_uncommitted_bytes=100_000,
        )

    def config(self, name: str) -> Config:
        """Return what the core of replica `name` is started with."""
        return Config(
            replica_id=name,
            election_ticks=ELECTION_TICKS,
            heartbeat_ticks=2,
            window=self.window,
            max_message_bytes=self.max_message_bytes,
            max_uncommitted_bytes=self.max_uncommitted_bytes,
            max_reads=self.max_reads,
            lease=self.lease,
            least_spared_bytes=self.least_spared_bytes,
        )

    @property
    def first(self) -> Snapshot:
        """What the first members' logs start from."""
        return Snapshot(configuration=Configuration(frozenset(self.replicas)))
