"""The state machine against its naive twin: the same tables, outcomes and heads for any log."""

import random
import sqlite3
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.layout.document import Camera, Layout, Spot
from central.ledger.command import (
    Command,
    CorruptCommandError,
    LoseCamera,
    ReportCount,
    SumState,
    encode,
)
from central.ledger.outcome import Appended
from central.ledger.records import CameraCondition, CameraReport, DetectionBatch, LotReport
from central.ledger.state.apply_detections import KEPT_BOOTS, KEPT_REJECTIONS
from central.ledger.state.spot_history import places
from central.ledger.state.state_machine import StateMachine
from central.ledger.upkeep.verify import verify_data
from central.raft import Entry
from tests.central.ledger.books import Book, book_of, tamper
from tests.central.ledger.row_wise import RowWise
from tests.central.ledger.samples import (
    OCCUPIED,
    UNKNOWN,
    VACANT,
    appended,
    applied,
    batch,
    entries_of,
    layout,
    region,
)

FEWER = layout(cameras=(Camera("near", regions=(region("A1"),)),))
SOUTH = layout("south", cameras=(Camera("side", regions=(region("A2"),)),))
LAYOUTS = (layout(), replace(layout(), name="Other"), FEWER, SOUTH)
TABLES = {
    "lots": "*",
    "layouts": "*",
    "cameras": "*",
    "views": "lot_id, spot_id, camera_id, rank, occupancy, confidence, captured_at_us, late_us,"
    " layout_version, model",
    "spots": "lot_id, spot_id, occupancy, confidence, camera_id, since_us, layout_version, model",
    "spot_lives": "*",
    "history": "*",
    "camera_history": "*",
    "counts": "*",
    "count_history": "*",
    "sessions": "camera_id, boot_id, sequence, applied_index",
    "rejections": "*",
    "cuts": "*",
    "sums": "*",
    "chain": "*",
    "chain_nodes": "*",
}
"""Every table but `spot_changes`, without the numbers of rows."""


def contents(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: sorted(connection.execute(f"SELECT {columns} FROM {table}"), key=repr)
        for table, columns in TABLES.items()
    } | {"places": list(places(connection))}  # what is in one row of spot_changes may differ


def random_batch(rng: random.Random) -> DetectionBatch:
    said = rng.sample(["A1", "A2", "A3"], rng.choice([0, 1, 1, 2, 2]))
    one = batch(
        rng.choice(["near", "near", "far", "side", "nobody"]),
        rng.randrange(1, 30),
        *((spot, rng.choice([OCCUPIED, VACANT, UNKNOWN])) for spot in said),
        boot_id=f"b{rng.randrange(20 if rng.random() < 0.3 else 2)}",
        layout_version=rng.choice([1, 1, 1, 2, 3]),
        confidence=rng.randrange(10_001),
        captured_at_us=rng.randrange(10**9),
    )
    if rng.random() < 0.3:
        condition = rng.choice(list(CameraCondition)[:4])
        report = CameraReport(condition, rng.randrange(99), rng.choice(["", 'a "b" ü']))
        return replace(one, camera=report, model=rng.choice(["", 'm"ö']))
    return one


def random_command(rng: random.Random) -> Command:
    kind = rng.randrange(13)
    if kind < 7:
        batches = appended(*(random_batch(rng) for _ in range(rng.randrange(6))))
        return replace(batches, edition=rng.choice([1, 2, 3, 3]))
    if kind < 9:
        camera_id = rng.choice(["near", "far", "side", "nobody"])
        return LoseCamera(camera_id, rng.randrange(99), rng.choice([1, 2]))
    if kind < 10:
        return SumState()
    if kind < 12:
        return applied(rng.choice(LAYOUTS), rng.choice([None, None, 0, 1, 2]))
    status, lot_id = rng.choice(["OK", "BAD"]), rng.choice(["north", "south", "moon"])
    return ReportCount(LotReport("gate", lot_id, rng.randrange(9), status, rng.randrange(99)))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), length=st.integers(1, 40), restart=st.booleans())
def test_any_log_comes_to_what_the_naive_twin_makes_of_it(
    tmp_path_factory: pytest.TempPathFactory, seed: int, length: int, *, restart: bool
) -> None:
    rng, twin, directory = random.Random(seed), RowWise(), tmp_path_factory.mktemp("state")
    entries = entries_of(applied(layout()), *(random_command(rng) for _ in range(length)))
    machine = StateMachine(directory)
    cuts = {rng.randrange(length + 1) for _ in range(rng.randrange(6))}
    for first, last in pairwise(sorted({0, len(entries), *cuts})):
        act = machine.take if rng.random() < 0.7 else machine.apply
        outcomes = [one.outcome for one in act(entries[first:last])]
        assert outcomes == [twin.apply(entry) for entry in entries[first:last]]
        assert machine.chain_head == twin.head
        if restart:
            machine.close()
            machine = StateMachine(directory)
    machine.store()
    with closing(sqlite3.connect(machine.path)) as connection:
        assert contents(connection) == contents(twin.connection)
    machine.close()
    verify_data(directory)


def test_only_the_last_rejections_of_a_run_are_remembered(tmp_path: Path) -> None:
    numbers = range(1, KEPT_REJECTIONS + 100)
    early = [batch("near", number, layout_version=9) for number in numbers]
    runs = [batch("near", 1, layout_version=9, boot_id=f"run-{n:02}") for n in range(KEPT_BOOTS)]
    commands = (
        *(applied(layout()), appended(*early[:200]), appended(*early[200:]), SumState()),
        *(appended(*early), appended(*runs), appended(early[-1])),
    )
    machine, twin = StateMachine(tmp_path), RowWise()
    told = []
    for entry in entries_of(*commands):
        if entry.index == 5:  # as after a restart: from what the tables have
            machine.close()
            machine = StateMachine(tmp_path)
        (one,) = machine.take([entry])
        assert one.outcome == twin.apply(entry)
        told.append(one.outcome)
    again, anew = told[4], told[6]
    assert isinstance(again, Appended)
    assert isinstance(anew, Appended)
    assert [one.key for one in again.rejected] == [one.key for one in early[-KEPT_REJECTIONS:]]
    assert len(anew.rejected) == 1  # that run was forgotten: it is judged as a new one
    machine.store()
    with closing(sqlite3.connect(machine.path)) as connection:
        assert contents(connection) == contents(twin.connection)
    machine.close()
    verify_data(tmp_path)


def test_a_write_that_fails_leaves_nothing_in_memory(tmp_path: Path) -> None:
    machine, twin = StateMachine(tmp_path), RowWise()
    said = [appended(batch("near", n, ("A1", OCCUPIED if n % 2 else VACANT))) for n in (1, 2)]
    first, second, third = entries_of(applied(layout()), *said)
    machine.apply([first])
    wrong = encode(said[0], committed_at_us=1).replace(b'["A1",1,', b'["A1",9,')
    for bad, error in (
        ([second, replace(third, index=9)], AssertionError),
        ([second, replace(third, data=wrong.replace(b",1,1000000,", b",5,1000000,"))],
         CorruptCommandError),
    ):  # fmt: skip
        with pytest.raises(error):
            machine.apply(bad)
        assert machine.applied_index == 1
    machine.apply([second, third])
    for entry in (first, second, third):
        twin.apply(entry)
    with closing(sqlite3.connect(machine.path)) as connection:
        assert contents(connection) == contents(twin.connection)


def test_a_large_lot_and_a_restart(tmp_path: Path) -> None:
    names = [f"S{number:03}" for number in range(120)]
    cameras = tuple(
        Camera(f"c{number}", regions=tuple(region(name) for name in names[number::2]))
        for number in range(2)
    )
    large = Layout("large", spots=tuple(map(Spot, names)), cameras=cameras)
    rng, twin = random.Random(5), RowWise()
    commands: list[Command] = [applied(large)]
    for number in range(1, 40):
        camera = rng.randrange(2)
        said = rng.sample(names[camera::2], 20)
        states = [(name, rng.choice([OCCUPIED, VACANT, UNKNOWN])) for name in said]
        commands.append(appended(batch(f"c{camera}", number, *states)))
    entries: list[Entry] = entries_of(*commands)
    machine = StateMachine(tmp_path)
    machine.apply(entries[:20])
    machine.close()
    machine = StateMachine(tmp_path)
    machine.apply(entries[20:])
    for entry in entries:
        twin.apply(entry)
    assert machine.chain_head == twin.head
    with closing(sqlite3.connect(machine.path)) as connection:
        assert contents(connection) == contents(twin.connection)


@pytest.mark.parametrize("statement", [
    "UPDATE views SET confidence = confidence + 1 WHERE camera_id = 'near' AND spot_id = 'A1'",
    "UPDATE sessions SET sequence = sequence - 1",
    "UPDATE spots SET confidence = 1 WHERE spot_id = 'A1'",
    "UPDATE cameras SET since_us = 1 WHERE camera_id = 'far'",
    "INSERT INTO rejections VALUES ('near', 'boot-1', 1, 'no')",
])  # fmt: skip
def test_a_sum_tells_tables_apart_whose_histories_are_the_same(
    tmp_path: Path, statement: str
) -> None:
    books = [book_of(tmp_path / name, changes=3) for name in ("good", "bad")]
    books[1].close()
    tamper(books[1].machine.path, statement)
    books[1] = Book(tmp_path / "bad")
    assert books[0].machine.chain_head == books[1].machine.chain_head
    for book in books:
        book.apply(SumState())
    assert books[0].machine.chain_head != books[1].machine.chain_head
