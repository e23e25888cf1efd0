"""The history of a year: how long a day's query and the state at an instant take.

The table is that of the ledger, chained as the ledger chains it; only the detections that would
have made it are left out. Each query is of a day that nobody asked for before, on a connection of
its own, and includes turning the answer into its message; what the operating system has cached
stays.
"""

import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click

from benchmarks.machine import this_machine
from benchmarks.options import report_options
from benchmarks.report import Report, Row
from central.layout.document import Layout, Spot
from central.ledger import wire
from central.ledger.command import ApplyLayout, DropHistory, encode
from central.ledger.queries.history import HistoryQuestion
from central.ledger.queries.queries import Queries
from central.ledger.records import LedgerState, Occupancy
from central.ledger.state import chain
from central.ledger.state.spot_history import Change, Unwritten, said_of
from central.ledger.state.state_machine import StateMachine
from central.ledger.upkeep.verify import verify_data
from central.raft import Entry

GOAL_SECONDS = 0.1
LOTS = 10
SPOTS = 100  # in each
DAYS = 365
KEPT_DAYS = 30  # by --drop
PER_ENTRY = 4  # changes
ENTRIES_A_STEP = 5000
DAY_US = 86_400 * 1_000_000
BEGIN_US = 1_700_000_000 * 1_000_000


@click.command()
@click.option(
    "--rows",
    type=click.IntRange(min=10_000),
    default=500_000,
    show_default=True,
    show_envvar=True,
    help="Changes in the history: a year of 10 lots with 100 spots each.",
)
@click.option(
    "--queries",
    type=click.IntRange(3, 1000),
    default=30,
    show_default=True,
    show_envvar=True,
    help="Questions of each kind; the slowest but five in a hundred counts.",
)
@click.option(
    "--verify/--no-verify",
    default=False,
    show_default=True,
    show_envvar=True,
    help="Measure 'parkledger verify' of that table, too.",
)
@click.option(
    "--drop/--no-drop",
    default=False,
    show_default=True,
    show_envvar=True,
    help="At the end drop all but the last 30 days, and measure that: steps, and what it frees.",
)
@click.option(
    "--keep",
    type=click.Path(path_type=Path),
    show_default="a directory that is deleted afterwards",
    show_envvar=True,
    help="Build the table in this directory, or use the one that is there.",
)
@report_options
def benchmark(rows: int, queries: int, verify: bool, drop: bool, keep: Path | None) -> Report:
    """Measure a day's history and the state at an instant, out of a year."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        return _measure(keep, rows, queries, verify=verify, drop=drop)
    with tempfile.TemporaryDirectory() as directory:
        return _measure(Path(directory), rows, queries, verify=verify, drop=drop)


def _measure(directory: Path, rows: int, queries: int, *, verify: bool, drop: bool) -> Report:
    state = directory / "state.db"
    report: list[Row] = []
    if not state.exists():
        started = time.perf_counter()
        _build(directory, rows)
        report.append(Row("building it", "s", time.perf_counter() - started))
    with closing(sqlite3.connect(state)) as connection:
        (held,) = connection.execute("SELECT sum(held) FROM history").fetchone()
    report.insert(0, Row("changes in the history", "1", held))
    report.insert(1, Row("state.db", "bytes a change", state.stat().st_size / held))
    rng = random.Random(1)
    for name, ask in (
        ("a day of one spot", _spot_day),
        ("a day of a lot of 100 spots", _lot_day),
        ("a lot as of an instant", _as_of),
        ("a proof", _proof),
    ):
        report += _rows(name, state, queries, ask, rng, goal=name != "a proof")
    if verify:
        started = time.perf_counter()
        verify_data(state)
        report.append(Row("verifying all of it", "s", time.perf_counter() - started))
    if drop:
        report += _dropping(directory)
    return Report(machine=this_machine(), rows=tuple(report))


def _dropping(directory: Path) -> list[Row]:
    """Drop all but the last days, step by step as a replica does."""
    machine, times = StateMachine(directory), list[float]()
    queries, before = Queries(machine.path), machine.path.stat().st_size
    until = BEGIN_US + (DAYS - KEPT_DAYS) * DAY_US
    while through := queries.next_cut(until):
        data = encode(DropHistory(through), committed_at_us=BEGIN_US + DAYS * DAY_US)
        entry = Entry(machine.applied_index + 1, 1, data)
        started = time.process_time()
        machine.apply([entry])
        times.append(time.process_time() - started)
        machine.checkpoint()
    machine.checkpoint()
    queries.close()
    machine.close()
    return [
        Row("dropping: steps", "1", len(times)),
        Row("dropping: CPU a step, median", "ms", statistics.median(times) * 1e3),
        Row("dropping: CPU a step, most", "ms", max(times) * 1e3),
        Row("dropping: state.db before", "MB", before / 1e6),
        Row("dropping: state.db after", "MB", machine.path.stat().st_size / 1e6),
    ]


def _rows(
    name: str,
    state: Path,
    count: int,
    ask: Callable[[Queries, random.Random], int],
    rng: random.Random,
    *,
    goal: bool,
) -> list[Row]:
    times: list[float] = []
    cpu_times: list[float] = []
    sizes: list[int] = []
    for _ in range(count):
        queries = Queries(state)
        started, cpu_started = time.perf_counter(), time.process_time()
        sizes.append(ask(queries, rng))
        cpu_times.append(time.process_time() - cpu_started)
        times.append(time.perf_counter() - started)
        queries.close()
    slow = sorted(times)[min(count - 1, int(count * 0.95))]
    return [
        Row(f"{name}: rows", "1", statistics.median(sizes)),
        Row(f"{name}: CPU, median", "ms", statistics.median(cpu_times) * 1e3),
        Row(f"{name}: median", "ms", statistics.median(times) * 1e3),
        Row(
            f"{name}: 95 %",
            "ms",
            slow * 1e3,
            goal=f"< {GOAL_SECONDS * 1e3:.0f}" if goal else None,
            met=slow < GOAL_SECONDS if goal else None,
        ),
    ]


def _spot_day(queries: Queries, rng: random.Random) -> int:
    return _day(queries, rng, spot_ids=(f"S{rng.randrange(SPOTS):03}",))


def _lot_day(queries: Queries, rng: random.Random) -> int:
    return _day(queries, rng, spot_ids=())


def _day(queries: Queries, rng: random.Random, *, spot_ids: tuple[str, ...]) -> int:
    """Ask for a whole day, page by page, as a replica answers it."""
    since = BEGIN_US + rng.randrange(DAYS - 1) * DAY_US
    question = HistoryQuestion(
        f"lot-{rng.randrange(LOTS)}", spot_ids, since_us=since, until_us=since + DAY_US
    )
    found = 0
    while True:
        index, page = queries.history(question)
        wire.page_to_proto(page, index=index, age_us=0).SerializeToString()
        found += len(page.rows)
        if page.end is None:
            return found
        question = replace(question, after=page.end)


def _as_of(queries: Queries, rng: random.Random) -> int:
    instant = BEGIN_US + rng.randrange(DAYS * DAY_US)
    lot_ids = [f"lot-{rng.randrange(LOTS)}"]
    index, lots = queries.lots_as_of(lot_ids, instant, with_layouts=False)
    wire.state_to_proto(LedgerState(index, 0, lots)).SerializeToString()
    return len(lots[0].spots)


def _proof(queries: Queries, rng: random.Random) -> int:
    last, _ = queries.head(0)
    proof = queries.proof(rng.randint(1, last), 0, replica_id="a")
    assert proof is not None
    assert proof.holds
    return len(proof.path)


def _build(directory: Path, rows: int) -> None:
    machine = StateMachine(directory)
    for index in range(1, LOTS + 1):
        spots = tuple(Spot(f"S{spot:03}") for spot in range(SPOTS))
        command = ApplyLayout(Layout(f"lot-{index - 1}", f"Lot {index}", spots=spots), None)
        machine.apply([Entry(index, 1, encode(command, committed_at_us=BEGIN_US))])
    machine.close()
    with closing(sqlite3.connect(directory / "state.db", isolation_level=None)) as connection:
        # Nothing here has to survive a crash, and the index has a place for each spot.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -65536")
        last: dict[tuple[str, str], Change] = {}
        links = chain.Links(chain.frontier_of(connection, LOTS))
        for entries, times, made in _steps(rows):
            connection.execute("BEGIN")
            for entry, at, changes in zip(entries, times, made, strict=True):
                unwritten = Unwritten()  # nobody waits long for the next entry on a quiet campus
                said = unwritten.add(entry.index, [said_of(change) for change in changes])
                links.add(entry, at, chain.rows_to_json(said, ()))
                unwritten.flush(connection)
                last |= {change[2:4]: change for change in changes}
            links.flush(connection)
            connection.execute(
                "UPDATE meta SET applied_index = ?, chain_head = ?",
                (entries[-1].index, links.frontier.root()),
            )
            connection.execute("COMMIT")
        # What the spots are now, for 'verify' asks whether it follows from the history.
        connection.executemany(
            "UPDATE spots SET (occupancy, confidence, camera_id, since_us, layout_version, model) ="
            " (?, ?, ?, ?, ?, ?) WHERE lot_id = ? AND spot_id = ?",
            [(*change[5:9], *change[10:], *spot) for spot, change in last.items()],
        )


def _steps(rows: int) -> Iterator[tuple[list[Entry], list[int], list[list[Change]]]]:
    """Yield entries, their times, and the changes that they make."""
    rng = random.Random(0)
    occupancy = [[Occupancy.UNKNOWN] * SPOTS for _ in range(LOTS)]
    count = -(-rows // PER_ENTRY)
    for begin in range(0, count, ENTRIES_A_STEP):
        entries: list[Entry] = []
        times: list[int] = []
        made: list[list[Change]] = []
        for number in range(begin, min(begin + ENTRIES_A_STEP, count)):
            index, lot = LOTS + 1 + number, rng.randrange(LOTS)
            at = BEGIN_US + number * DAYS * DAY_US // count
            first = rng.randrange(SPOTS)
            changes: list[Change] = []
            for ordinal in range(PER_ENTRY):
                spot = (first + 29 * ordinal) % SPOTS
                before = occupancy[lot][spot]
                now = Occupancy.VACANT if before is Occupancy.OCCUPIED else Occupancy.OCCUPIED
                occupancy[lot][spot] = now
                place = (index, ordinal, f"lot-{lot}", f"S{spot:03}")
                said = (int(before), int(now), 9500, f"camera-{lot}", at - 1_500_000, at)
                changes.append((*place, *said, 1, "0123456789abcdef"))
            made.append(changes)
            entries.append(Entry(index, 1, b"made by the benchmark"))
            times.append(at)
        yield entries, times, made
