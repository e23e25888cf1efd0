"""The consensus core alone: proposals through three replicas in memory, on one core.

No disk, no network, no state machine: what is measured is `central.raft` and the hand-over of its
effects. Writes are done at once and messages delivered in order.
"""

import random
import statistics
import time

import click

from benchmarks.machine import this_machine
from benchmarks.options import report_options
from benchmarks.report import Report, Row
from central.raft import Config, Configuration, HardState, Raft, Role, Snapshot

GOAL_PER_SECOND = 150_000
GOAL_BATCH = 64
NAMES = ("a", "b", "c")


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
@report_options
def benchmark(proposals: int, size: int, repeat: int) -> Report:
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
        while not any(raft.role is Role.LEADER for raft in self.rafts.values()):
            for raft in self.rafts.values():
                raft.tick()
            self.obey()
        self.leader = next(r for r in self.rafts.values() if r.role is Role.LEADER)

    def obey(self) -> None:
        busy = True
        while busy:
            busy = False
            for raft in self.rafts.values():
                effects = raft.take_effects()
                if effects is None:
                    continue
                busy = True
                for message in effects.messages_now + effects.messages_after:
                    self.rafts[message.receiver].step(message)
                self.committed += len(effects.committed)
                self.reads += len(effects.reads)


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
