"""A state of an earlier schema is brought up to date, and its heads stay what they were."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.ledger.command import AppendBatches, Command, DropHistory, LoseCamera, SumState
from central.ledger.merkle import EMPTY_ROOT
from central.ledger.state import upgrading
from central.ledger.state.state_machine import StateMachine
from central.ledger.upkeep.verify import verify_data
from tests.central.ledger.books import Book, book_of
from tests.central.ledger.samples import OCCUPIED, VACANT, appended, applied, batch, layout
from tests.central.ledger.schema_2 import FILLED, HEAD_AT_6, STATEMENTS
from tests.central.ledger.schema_4 import go_back_to_4
from tests.central.ledger.state.test_row_wise import contents as contents_of
from tests.central.ledger.state.test_row_wise import random_command

# What filled the tables in schema_2.py, by the program of that time.
FIRST: tuple[Command, ...] = (
    applied(layout()),
    AppendBatches((batch("near", 1, ("A1", OCCUPIED), ("A2", VACANT)),), edition=1),
    AppendBatches((batch("far", 1, ("A1", VACANT)),), edition=1),
    LoseCamera("near", 2_500_000, edition=1),
    AppendBatches((batch("near", 2, ("A2", OCCUPIED)),), edition=1),
    LoseCamera("nobody", 9, edition=1),
)

# And then, by the program of schema 3: it remembered no rejections, and its sums knew of none.
SECOND: tuple[Command, ...] = (
    AppendBatches(
        (batch("near", 3, ("A1", OCCUPIED)), batch("near", 4, layout_version=2)), edition=2
    ),
    AppendBatches((batch("near", 4), batch("nobody", 1)), edition=2),
    SumState(),
)
HEAD_AT_9 = "6645278a6f42128cdbacda60748b8e2846336e100fe0411714971c8de17d34fa"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A directory with a state of schema 2."""
    directory = tmp_path / "old"
    directory.mkdir()
    with closing(sqlite3.connect(directory / "state.db")) as connection:
        connection.executescript(STATEMENTS + FILLED)
    return directory


def test_the_first_edition_is_chained_as_ever(tmp_path: Path) -> None:
    book = Book(tmp_path / "new")
    assert book.machine.chain_head == EMPTY_ROOT
    book.apply(*FIRST)
    assert book.machine.chain_head.hex() == HEAD_AT_6


def test_the_second_edition_is_chained_and_summed_up_as_ever(tmp_path: Path) -> None:
    book = Book(tmp_path / "new")
    book.apply(*FIRST, *SECOND)
    assert book.machine.chain_head.hex() == HEAD_AT_9


@pytest.mark.parametrize("later", [False, True])
def test_a_state_of_version_3_is_brought_up_to_date(tmp_path: Path, *, later: bool) -> None:
    """Whether it is upgraded before or after others: all come to one head."""
    new, old = Book(tmp_path / "new"), Book(tmp_path / "old")
    new.apply(*FIRST, *SECOND)
    old.apply(*FIRST, *(SECOND if later else ()))
    old.close()
    with closing(sqlite3.connect(old.machine.path)) as connection:
        go_back_to_4(connection)
        # All that version 3 lacked.
        connection.executescript("DROP TABLE rejections; UPDATE meta SET schema_version = 3")
    upgraded = Book(tmp_path / "old")
    upgraded.apply(*(() if later else SECOND))
    rejected = appended(batch("near", 5, layout_version=2))
    for book in (new, upgraded):
        book.apply(rejected, rejected, SumState())
        book.close()
    assert upgraded.machine.chain_head == new.machine.chain_head
    assert verify_data(tmp_path / "old") == verify_data(tmp_path / "new")


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), a_write=st.sampled_from([1, 7, 4096]))
def test_a_state_of_version_4_is_brought_up_to_date(
    tmp_path_factory: pytest.TempPathFactory, seed: int, a_write: int
) -> None:
    rng, directory = random.Random(seed), tmp_path_factory.mktemp("state")
    book = Book(directory)
    book.apply(applied(layout()), *(random_command(rng) for _ in range(rng.randrange(150))))
    if book.machine.applied_index > 64 and rng.random() < 0.5:
        book.apply(DropHistory(64))
    book.close()

    def contents() -> dict[str, list[tuple[object, ...]]]:
        with closing(sqlite3.connect(book.machine.path)) as connection:
            return contents_of(connection)

    before, verified = contents(), verify_data(directory)
    with closing(sqlite3.connect(book.machine.path)) as connection:
        go_back_to_4(connection)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upgrading, "A_WRITE", a_write)
        StateMachine(directory).close()
    assert contents() == before
    assert verify_data(directory) == verified


def test_a_long_conversion_says_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    book = book_of(tmp_path, changes=5)
    book.close()
    with closing(sqlite3.connect(book.machine.path)) as connection:
        go_back_to_4(connection)
    monkeypatch.setattr(upgrading, "A_LINE", 2)
    StateMachine(tmp_path).close()
    assert caplog.messages[-3:] == [
        "converting a history of 5 changes",
        "converted 2 of 5 changes",
        "converted 4 of 5 changes",
    ]


def test_a_state_of_version_2_is_brought_up_to_date(
    old: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    new = Book(tmp_path / "new")
    new.apply(*FIRST)
    upgraded = Book(old)
    assert "is of schema version 2: bringing it up to date" in caplog.text
    more = appended(batch("near", 3, ("A1", OCCUPIED)))
    for book in (new, upgraded):
        book.apply(more, LoseCamera("near", 9_000_000))
    assert upgraded.machine.chain_head == new.machine.chain_head
    answers = [book.queries.lots([], with_layouts=True) for book in (new, upgraded)]
    assert answers[0] == answers[1]
    assert new.queries.events(0, limit=99) == upgraded.queries.events(0, limit=99)
    for book in (new, upgraded):
        book.close()
    assert verify_data(old) == verify_data(new.directory)
    StateMachine(old).close()  # and is not brought up to date again
