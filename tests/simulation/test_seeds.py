"""The core in many worlds: `make test` runs two hundred, `make test-long` twenty thousand."""

from collections import Counter

import pytest

from tests.simulation.world import World

CHUNK = 100
LONG_CHUNK = 1000

# What must really occur in every chunk, or the simulator tests nothing.
EXPECTED = {
    "EIO on fsync",
    "bit flip",
    "bridge",
    "change refused: an earlier change is not committed yet",
    "change refused: leadership is being handed over",
    "change refused: nothing is committed in this term yet",
    "clock skew",
    "command sent again",
    "compaction",
    "compaction held back",
    "crash after fsync, before it was known",
    "crash before a write",
    "crash between writes",
    "crash during fsync",
    "crash from outside",
    "crash while applying",
    "crash while sending after a write",
    "crash while sending at once",
    "crash with a torn write",
    "crash with a write lost",
    "disk full",
    "disk lost",
    "greeting",
    "leader cut off",
    "membership changed",
    "message delayed",
    "message dropped",
    "message duplicated",
    "message lost at a cut",
    "one-way cut",
    "pause",
    "proposal refused: overloaded",
    "read refused: nothing committed in this term",
    "read refused: overloaded",
    "restart",
    "slow disk",
    "snapshot damaged",
    "snapshot made",
    "snapshot piece damaged",
    "snapshot received",
    "snapshot restored",
    "split",
    "start refused: bit flipped",
    "suspicion",
    "transfer",
    "writes merged",
}


def run(first: int, seeds: int) -> Counter[str]:
    """Run worlds and return what occurred in them all."""
    outcomes = [World(seed).run() for seed in range(first, first + seeds)]
    # Replay one with: python -m tests.simulation --replay SEED --trace
    violations = {each.seed: each.violation for each in outcomes if each.violation is not None}
    assert not violations
    return sum((each.counts for each in outcomes), Counter[str]())


@pytest.mark.parametrize("first", range(0, 200, CHUNK))
def test_no_invariant_breaks_in_any_world(first: int) -> None:
    counts = run(first, CHUNK)
    assert set(counts) >= EXPECTED
    assert counts["elections won"] > 2 * CHUNK
    assert counts["proposals acknowledged"] > 50 * CHUNK
    assert counts["reads answered"] > 10 * CHUNK


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("first", range(1000, 21_000, LONG_CHUNK))
def test_no_invariant_breaks_in_very_many_worlds(first: int) -> None:
    run(first, LONG_CHUNK)
