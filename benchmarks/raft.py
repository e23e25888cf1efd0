"""The consensus core alone: proposals through three replicas in memory, on one core.

No disk, no network, no state machine: what is measured is `central.raft` and the hand-over of its
effects. Writes are done at once and messages delivered in order.
"""

import random
import statistics
import time

import click
import psutil

from benchmarks.machine import this_machine
from benchmarks.options import report_options
from benchmarks.report import Report, Row
from central.raft import (
    Config,
    Configuration,
    Effects,
    HardState,
    Piece,
    Raft,
    Role,
    Snapshot,
)

GOAL_PER_SECOND = 150_000
GOAL_BATCH = 64
NAMES = ("a", "b", "c")
KEPT = 500  # entries that a log keeps when it is compacted
FLAT = 1.1  # memory at the end against memory after a tenth of the entries


@click.command()
@click.option(
    "--proposals",
    type=click.IntRange(min=1000),
    default=200_000,
    show_default=True,
    show_envvar=True,
    help="Proposals in each repetition.",
)
@click.option(
    "--size",
    type=click.IntRange(1, 1_000_000),
    default=150,
    show_default=True,
    show_envvar=True,
    help="Bytes of a proposal.",
)
@click.option(
    "--repeat",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    show_envvar=True,
    help="Repetitions; the median counts.",
)
@click.option(
    "--entries",
    type=click.IntRange(min=KEPT * 20),
    default=1_000_000,
    show_default=True,
    show_envvar=True,
    help="Entries over which memory must stay flat, while logs are compacted and snapshots sent.",
)
@report_options
def benchmark(proposals: int, size: int, repeat: int, entries: int) -> Report:
    """Measure the consensus core: proposals and reads a second, three replicas in memory."""
    rows = []
    for batch in (1, GOAL_BATCH, 256):
        count = proposals if batch > 1 else proposals // 10
        rate = statistics.median(_proposals(count, batch, size) for _ in range(repeat))
        asked = batch == GOAL_BATCH
        rows.append(
            Row(
                f"proposals in batches of {batch}",
                "1/s",
                rate,
                goal=f">= {GOAL_PER_SECOND}" if asked else None,
                met=rate >= GOAL_PER_SECOND if asked else None,
            )
        )
    reads = statistics.median(_reads(proposals, GOAL_BATCH) for _ in range(repeat))
    rows.append(Row(f"reads in batches of {GOAL_BATCH}", "1/s", reads))
    rows.extend(_memory(entries, size))
    return Report(machine=this_machine(), rows=tuple(rows))


class _Group:
    """Three replicas that obey their effects at once."""

    def __init__(self) -> None:
        self.rafts = {
            name: Raft(
                Config(name),
                start=Snapshot(0, 0, Configuration(frozenset(NAMES))),
                hard_state=HardState(),
                entries=(),
                applied=0,
                rng=random.Random(name),
            )
            for name in NAMES
        }
        self.committed = 0
        self.reads = 0
        self.restored = 0
        self.away: set[str] = set()
        self.applied = dict.fromkeys(NAMES, 0)
        while not any(raft.role is Role.LEADER for raft in self.rafts.values()):
            for raft in self.rafts.values():
                raft.tick()
            self.obey()
        self.leader = next(r for r in self.rafts.values() if r.role is Role.LEADER)

    def obey(self) -> None:
        busy = True
        while busy:
            busy = False
            for name, raft in self.rafts.items():
                effects = None if name in self.away else raft.take_effects()
                if effects is not None:
                    busy = True
                    self._obey(name, raft, effects)

    def _obey(self, name: str, raft: Raft, effects: Effects) -> None:
        for message in effects.messages_now + effects.messages_after:
            if message.receiver not in self.away:
                self.rafts[message.receiver].step(message)
        for wanted in effects.pieces_wanted:
            snapshot = raft.snapshot_at(self.applied[name])
            raft.piece_read(
                wanted.receiver, Piece(snapshot, b"%d" % snapshot.index, 5, 0, b"state")
            )
        if effects.persist is not None:
            for piece in effects.persist.pieces:
                raft.snapshot_received(piece.identity, intact=True)
        if effects.restore is not None:
            self.restored += 1
            self.applied[name] = effects.restore.snapshot.index
        if effects.committed:
            self.committed += len(effects.committed)
            self.applied[name] = effects.committed[-1].index
        self.reads += len(effects.reads)

    def compact(self) -> None:
        for name, raft in self.rafts.items():
            if self.applied[name] - raft.start.index >= 2 * KEPT:
                raft.compact(self.applied[name] - KEPT)


def _proposals(count: int, batch: int, size: int) -> float:
    group, payload = _Group(), b"x" * size
    before, started = group.committed, time.process_time()
    for _ in range(count // batch):
        group.leader.propose([payload] * batch)
        group.obey()
    elapsed = time.process_time() - started
    for raft in group.rafts.values():  # the last commit index travels with a heartbeat
        for _ in range(3):
            raft.tick()
    group.obey()
    done = count // batch * batch
    assert group.committed - before >= 3 * done, "every replica committed every proposal"
    return done / elapsed


def _reads(count: int, batch: int) -> float:
    group = _Group()
    started = time.process_time()
    for first in range(0, count, batch):
        for number in range(first, first + batch):
            assert group.leader.read(number)
        group.obey()
    elapsed = time.process_time() - started
    assert group.reads >= count, "every read was answered"
    return group.reads / elapsed


def _memory(count: int, size: int) -> list[Row]:
    """Commit so many entries; now and then a backup is away for longer than logs reach back."""
    group, payload = _Group(), b"x" * size
    backup = next(name for name, raft in group.rafts.items() if raft is not group.leader)
    used: list[int] = []
    for number in range(0, count, GOAL_BATCH):
        group.leader.propose([payload] * GOAL_BATCH)
        group.away = {backup} if number // (4 * KEPT) % 5 == 0 else set()
        group.obey()
        for raft in group.rafts.values():
            raft.tick()
        group.obey()
        group.compact()
        if number // GOAL_BATCH % max(1, count // GOAL_BATCH // 10) == 0:
            used.append(psutil.Process().memory_info().rss)
    assert group.restored, "a backup was brought up to date by a snapshot"
    early, late = used[1] / 2**20, max(used[2:]) / 2**20
    flat = late <= early * FLAT
    return [
        Row(f"snapshots restored over {count} entries", "", group.restored),
        Row(f"memory after {count // 10} entries", "MiB", early),
        Row(f"most memory up to {count}", "MiB", late, goal=f"<= {FLAT} times", met=flat),
    ]
