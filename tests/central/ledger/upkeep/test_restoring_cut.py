"""Backups of a ledger that has dropped history: restored, they answer, prove and verify alike."""

from pathlib import Path

import pytest

from central.ledger.command import DropHistory
from central.ledger.interface import HistoryDropped, WatchGap
from central.ledger.outcome import Done
from central.ledger.queries.history import HistoryQuestion
from central.ledger.queries.queries import Queries
from central.ledger.replica.opening import open_replica
from central.ledger.upkeep.verify import verify_data
from node.errors import OperationError
from tests.central.ledger.backups import made, restored, settings
from tests.central.ledger.books import SECOND, Book, flips, tamper
from tests.central.ledger.replica.test_retention import entries_of
from tests.central.ledger.samples import applied, layout

CHANGES = 199
DROPPED = 128


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """200 entries, the first 128 of which were dropped by the 201st."""
    book = Book(tmp_path / "book")
    book.machine.apply(entries_of([applied(layout()), *flips(CHANGES)]))
    assert book.apply(DropHistory(DROPPED)) == CHANGES + 2
    return book


def answers(queries: Queries) -> list[object]:
    """All that may be asked of what is left."""
    dropped = queries.checkpoint()
    said: list[object] = [(dropped.size, dropped.peaks), queries.history(HistoryQuestion("north"))]
    said += [queries.events(DROPPED, limit=500), queries.events(0xFFFF, limit=500)]
    for index in (DROPPED, DROPPED + 1, 150, CHANGES + 2):
        said.append(queries.head(index))
        said.append(queries.lots_as_of([], index * SECOND, with_layouts=True))
    for index in (DROPPED + 1, 192, CHANGES + 2):
        proof = queries.proof(index, 0, replica_id="a")
        assert proof is not None
        assert proof.holds
        said.append(proof)
    return said


def test_what_is_left_is_restored_and_answers_alike(book: Book, tmp_path: Path) -> None:
    before = answers(book.queries)
    file = made(book.directory, tmp_path / "cut.backup").path
    done = restored(file, tmp_path / "new")
    assert (done.checked.verified.dropped, done.checked.verified.index) == (DROPPED, CHANGES + 2)
    queries = Queries(tmp_path / "new" / "state.db")
    assert answers(queries) == before
    with pytest.raises(WatchGap):
        queries.events(DROPPED - 1, limit=9)
    with pytest.raises(HistoryDropped):
        queries.lots_as_of([], (DROPPED - 1) * SECOND, with_layouts=False)
    queries.close()


def test_the_restored_cluster_drops_more_and_is_saved_again(book: Book, tmp_path: Path) -> None:
    file = made(book.directory, tmp_path / "cut.backup").path
    restored(file, tmp_path / "new")
    opened = open_replica(settings(tmp_path / "new", "x"))
    first = opened.raft.last_index + 1
    outcomes = opened.state_machine.apply(
        entries_of([DropHistory(192)], first=opened.state_machine.applied_index + 1)
    )
    assert [one.outcome for one in outcomes] == [Done()]
    assert first == CHANGES + 4  # the restored log begins with the entry that names the group
    opened.state_machine.close()
    opened.storage.close()
    again = made(tmp_path / "new", tmp_path / "again.backup").path
    assert restored(again, tmp_path / "newer").checked.verified.dropped == 192
    assert verify_data(tmp_path / "newer").dropped == 192


def test_everything_but_the_last_entry_may_be_gone(tmp_path: Path) -> None:
    book = Book(tmp_path / "book")
    book.machine.apply(entries_of([applied(layout()), *flips(127)]))
    book.apply(DropHistory(DROPPED))
    file = made(book.directory, tmp_path / "cut.backup").path
    verified = restored(file, tmp_path / "new").checked.verified
    assert (verified.dropped, verified.index, verified.changes) == (DROPPED, DROPPED + 1, 0)


@pytest.mark.parametrize("statement", [
    "UPDATE spot_base SET occupancy = 3 - occupancy",
    "UPDATE cuts SET dropped_through = 64",
    "DELETE FROM chain WHERE applied_index = 129",
])  # fmt: skip
def test_what_was_altered_after_the_cut_is_not_restored(
    book: Book, tmp_path: Path, statement: str
) -> None:
    book.close()
    tamper(book.machine.path, statement)
    file = made(book.directory, tmp_path / "bad.backup").path
    with pytest.raises(OperationError, match=r"bad\.backup: is damaged: "):
        restored(file, tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
