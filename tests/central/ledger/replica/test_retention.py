"""Old history goes for good; what is left is answered, proved and verified as before."""

import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.ledger.command import Command, DropHistory, encode
from central.ledger.interface import HistoryDropped, WatchGap
from central.ledger.outcome import Done, Refused
from central.ledger.proof import FORMAT, Head
from central.ledger.queries.history import HistoryQuestion
from central.ledger.records import LotState, RecordedChange
from central.ledger.state import cuts
from central.ledger.state.state_machine import StateMachine
from central.ledger.upkeep.verify import Mismatch, verify_data
from central.raft import Entry
from node.errors import UsageError
from tests.central.ledger.books import SECOND, Book, flips, tamper
from tests.central.ledger.samples import OCCUPIED, VACANT, appended, applied, batch, layout
from tests.central.ledger.state.test_row_wise import random_command


def entries_of(commands: Sequence[Command], first: int = 1) -> list[Entry]:
    return [
        Entry(index, 1, encode(command, committed_at_us=index * SECOND))
        for index, command in enumerate(commands, start=first)
    ]


def as_of(book: Book, index: int) -> tuple[LotState, ...]:
    """Cameras and confidences may have changed with no change of occupancy: they are not kept."""
    read, lots = book.queries.lots_as_of([], index * SECOND, with_layouts=True)
    assert read == index
    return lots


def changes_after(book: Book, lot_id: str, index: int) -> list[RecordedChange]:
    _, page = book.queries.history(HistoryQuestion(lot_id, page_size=5000))
    return [one for one in page.changes if one.index > index]


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32), restart=st.booleans())
def test_what_is_left_is_answered_and_proved_as_before(
    tmp_path_factory: pytest.TempPathFactory, seed: int, *, restart: bool
) -> None:
    rng, directory = random.Random(seed), tmp_path_factory.mktemp("state")
    book = Book(directory)
    heads: dict[int, bytes] = {}

    def apply(*commands: Command) -> None:
        for command in commands:
            index = book.apply(command)
            heads[index] = book.machine.chain_head

    apply(applied(layout()), *(random_command(rng) for _ in range(rng.randrange(70, 200))))
    dropped = 0
    for _ in range(rng.randrange(1, 3)):
        last = book.machine.applied_index
        through = rng.randrange(dropped + 64, last, 64) // 64 * 64 if last > dropped + 65 else 0
        if not through:
            break
        kept = sorted(
            {through, last, *rng.sample(range(through, last + 1), min(12, last - through))}
        )
        answers = {index: as_of(book, index) for index in kept}
        history = changes_after(book, "north", through)
        apply(DropHistory(through))
        dropped = through
        if restart:
            book.close()
            book = Book(directory)
        assert {index: as_of(book, index) for index in kept} == answers
        assert changes_after(book, "north", 0) == history
        for index in kept:
            assert book.queries.head(index) == (index, heads[index])
            for head_index in (index, rng.randint(index, last), 0):
                if index > through:
                    proof = book.queries.proof(index, head_index, replica_id="a")
                    assert proof is not None
                    assert proof.holds
                    assert proof.head.digest == heads[proof.head.index]
        apply(*(random_command(rng) for _ in range(rng.randrange(70))))
    book.close()
    assert verify_data(directory).dropped == dropped


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """200 entries, the first 128 of which were dropped by the 201st."""
    book = Book(tmp_path / "data")
    book.machine.apply(entries_of([applied(layout()), *flips(199)]))
    assert book.apply(DropHistory(128)) == 201
    return book


def test_what_was_dropped_is_refused(book: Book) -> None:
    queries = book.queries
    for ask in (
        lambda: queries.lots_as_of([], 127 * SECOND, with_layouts=False),
        lambda: queries.head(127),
        lambda: queries.links(127, limit=9),
        lambda: queries.proof(128, 0, replica_id="a"),
    ):
        with pytest.raises(HistoryDropped, match="has been dropped"):
            ask()
    with pytest.raises(WatchGap, match="up to index 128 has been dropped"):
        queries.events(127, limit=9)
    assert queries.events(128, limit=1)[1][0].index == 129
    _, page = queries.history(HistoryQuestion("north", page_size=1))
    assert (page.rows[0][0], page.dropped_until_us) == (129, 128 * SECOND)
    assert queries.checkpoint().size == 128


@pytest.mark.parametrize("through", [0, 63, 100, 128, 64, 256, 192 + 64])
def test_a_cut_that_cannot_be_is_refused(book: Book, through: int) -> None:
    index = book.machine.applied_index + 1
    (one,) = book.machine.apply(entries_of([DropHistory(through)], index))
    assert isinstance(one.outcome, Refused)
    assert verify_data_of(book) == 128


def verify_data_of(book: Book) -> int:
    book.close()
    return verify_data(book.directory).dropped


def test_all_portions_come_to_the_same(tmp_path: Path) -> None:
    commands: list[Command] = [applied(layout()), *flips(130), DropHistory(64)]
    commands += [appended(batch("far", 1, ("A2", OCCUPIED))), DropHistory(128)]
    heads = set()
    for name, size in (("one", 1), ("all", 1000), ("some", 50)):
        (tmp_path / name).mkdir()
        machine, entries = StateMachine(tmp_path / name), entries_of(commands)
        outcomes = []
        for begin in range(0, len(entries), size):
            outcomes += machine.apply(entries[begin : begin + size])
        assert [one.outcome for one in outcomes if one.index in (132, 134)] == [Done(), Done()]
        heads.add(machine.chain_head)
        machine.close()
        assert verify_data(tmp_path / name).dropped == 128
    assert len(heads) == 1


@pytest.mark.parametrize("statement", [
    "UPDATE spot_base SET occupancy = 3 - occupancy",
    "UPDATE spot_base SET captured_at_us = 1",
    "DELETE FROM spot_base",
    "UPDATE layouts SET document = replace(document, 'North', 'South')",
    "UPDATE cuts SET dropped_through = 64",
    "UPDATE cuts SET head = base",
    "UPDATE cuts SET dropped_until_us = 9",
    "UPDATE cuts SET committed_at_us = 9",
    "DELETE FROM cuts",
    "UPDATE chain_nodes SET digest = x'00' WHERE level = 7 AND position = 0",
    "DELETE FROM chain_nodes WHERE level = 7",
    "UPDATE chain_nodes SET digest = zeroblob(32) WHERE level = 7",
    "DELETE FROM chain WHERE applied_index = 129",
    "INSERT INTO history SELECT 60, held, changes FROM history WHERE applied_index = 150",
    "INSERT INTO spot_changes VALUES ('north', 'A1', 60, x'')",
])  # fmt: skip
def test_what_was_altered_after_a_cut_is_found(book: Book, statement: str) -> None:
    book.close()
    tamper(book.machine.path, statement)
    with pytest.raises(Mismatch):
        verify_data(book.directory)


def test_a_head_that_was_noted_before_the_cut_counts_no_longer(book: Book) -> None:
    at_cut, after = book.queries.head(128)[1], book.queries.head(150)[1]
    book.close()
    verify_data(book.directory, against=Head(128, at_cut, FORMAT, ""))
    verify_data(book.directory, against=Head(150, after, FORMAT, ""))
    with pytest.raises(Mismatch, match="index 128 does not fit: the head given"):
        verify_data(book.directory, against=Head(128, after, FORMAT, ""))
    with pytest.raises(UsageError, match="has dropped its history up to 128"):
        verify_data(book.directory, against=Head(127, at_cut, FORMAT, ""))


def test_nothing_of_it_stays_in_the_file_and_the_file_gets_smaller(tmp_path: Path) -> None:
    book = Book(tmp_path)
    secret = replace(batch("near", 1, ("A1", OCCUPIED)), model="unmistakable-one")
    said = [
        batch("near", number, ("A1", OCCUPIED if number % 2 else VACANT))
        for number in range(2, 18_000)
    ]
    hundreds = [appended(*said[begin : begin + 100]) for begin in range(0, len(said), 100)]
    book.machine.apply(entries_of([applied(layout()), appended(secret), *hundreds]))
    before = _size_of(book.machine)
    assert b"unmistakable-one" in book.machine.path.read_bytes()
    while through := book.queries.next_cut(150 * SECOND):
        book.apply(DropHistory(through))
    assert cuts_of(book.machine).index == 128  # 149, rounded down to what can be cut
    assert _size_of(book.machine) < before * 0.7
    assert b"unmistakable-one" not in book.machine.path.read_bytes()


def cuts_of(machine: StateMachine) -> cuts.Cut:
    with closing(sqlite3.connect(machine.path)) as connection:
        return cuts.last_cut(connection)


def _size_of(machine: StateMachine) -> int:
    machine.checkpoint()
    return machine.path.stat().st_size


def test_steps_are_small_and_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuts, "A_STEP", 70)
    book = Book(tmp_path)
    book.machine.apply(entries_of([applied(layout()), *flips(400)]))
    seen = []
    while through := book.queries.next_cut(300 * SECOND):
        seen.append(through)
        book.apply(DropHistory(through))
    assert seen == [64, 128, 192, 256]
    assert book.queries.next_cut(320 * SECOND) == 0
    assert book.queries.next_cut(321 * SECOND) == 320
