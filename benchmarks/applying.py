"""What applying costs a replica: CPU a record, the state machine by itself.

Every record is a batch of one detection that flips a spot: a key, a view, a spot and a row of
history that is chained. Nothing is fsynced here: state.db follows from the log, which is. The
tables get it as they do on a busy replica that nobody reads: every 128 KB of entries.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click

from benchmarks.ledger.records import WRITERS, Batches, layout
from benchmarks.machine import this_machine
from benchmarks.options import report_options
from benchmarks.report import Report, Row
from central.ledger.command import AppendBatches, ApplyLayout, encode
from central.ledger.replica.applying import STORE_ROWS
from central.ledger.state.state_machine import StateMachine
from central.raft import Entry

FIRST_US = 1_700_000_000_000_000
GOAL_US = 16.0
GOAL_BATCH = 64


@click.command()
@click.option(
    "--records",
    type=click.IntRange(min=1000),
    default=50_000,
    show_default=True,
    show_envvar=True,
    help="Records in each repetition.",
)
@click.option(
    "--repeat",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    show_envvar=True,
    help="Repetitions of each kind; the median counts.",
)
@report_options
def benchmark(records: int, repeat: int) -> Report:
    """Measure the CPU time that the state machine takes to apply a record."""
    kinds = [(1, 1), (GOAL_BATCH, 1), (128, 1), (128, 4)]
    found: dict[tuple[int, int], list[float]] = {kind: [] for kind in kinds}
    for _ in range(repeat):
        for a_entry, a_write in kinds:
            count = records if a_entry > 1 else records // 10
            found[a_entry, a_write].append(_cpu_us(count, a_entry, a_write))
    rows = []
    for (a_entry, a_write), times in found.items():
        goal = a_entry >= GOAL_BATCH
        rows.append(
            Row(
                f"{a_entry} records an entry, {a_write} entries a write",
                "µs of CPU a record",
                statistics.median(times),
                goal=f"<= {GOAL_US:g}" if goal else None,
                met=statistics.median(times) <= GOAL_US if goal else None,
            )
        )
    return Report(machine=this_machine(), rows=tuple(rows))


def _cpu_us(records: int, a_entry: int, a_write: int) -> float:
    with (
        tempfile.TemporaryDirectory() as directory,
        closing(StateMachine(Path(directory))) as state,
    ):
        state.apply([Entry(1, 1, encode(ApplyLayout(layout(), None), committed_at_us=FIRST_US))])
        writes = list(_writes(records, a_entry, a_write, first=state.applied_index + 1))
        started = time.process_time()
        for entries in writes:
            state.take(entries)
            if state.unstored_rows >= STORE_ROWS:
                state.store()
        state.store()
        return (time.process_time() - started) * 1e6 / records


def _writes(records: int, a_entry: int, a_write: int, *, first: int) -> Iterator[list[Entry]]:
    batches, writer, index = Batches("b" * 16, FIRST_US), 0, first
    entries: list[Entry] = []
    for begin in range(0, records, a_entry):
        said = []
        for _ in range(min(a_entry, records - begin)):
            said.append(batches.following(writer))
            writer = (writer + 1) % WRITERS
        data = encode(AppendBatches(tuple(said)), committed_at_us=FIRST_US + index)
        entries.append(Entry(index, 1, data))
        index += 1
        if len(entries) == a_write:
            yield entries
            entries = []
    if entries:
        yield entries
