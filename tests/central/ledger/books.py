"""A state machine with commands applied to it, and questions about it, for tests of its past."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from central.ledger.command import Command, encode
from central.ledger.queries.queries import Queries
from central.ledger.state import chain
from central.ledger.state.state_machine import StateMachine
from central.raft import Entry
from tests.central.ledger.samples import OCCUPIED, VACANT, appended, applied, batch, layout

SECOND = 1_000_000


class Book:
    """Entries are proposed at the times that are given, else a second after one another."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        self.directory = directory
        self.machine = StateMachine(directory)
        self.queries = Queries(self.machine.path)

    def apply(self, *commands: Command, at_us: int | None = None, term: int = 1) -> int:
        """Apply commands one by one; returns the last index."""
        for command in commands:
            index = self.machine.applied_index + 1
            at = index * SECOND if at_us is None else at_us
            self.machine.apply([Entry(index, term, encode(command, committed_at_us=at))])
        return self.machine.applied_index

    def close(self) -> None:
        self.queries.close()
        self.machine.close()


def flips(count: int) -> Iterable[Command]:
    """Spot A1 of lot north comes and goes."""
    for number in range(1, count + 1):
        yield appended(batch("near", number, ("A1", OCCUPIED if number % 2 else VACANT)))


def book_of(directory: Path, *, changes: int) -> Book:
    """Lot north at index 1, then a change an index."""
    book = Book(directory)
    book.apply(applied(layout()), *flips(changes))
    return book


def diverge(state: Path, index: int) -> None:
    """Make a state that nobody uses one of another history from an index on, all of one piece.

    For fewer than 64 entries: larger subtrees are not computed again.
    """
    tamper(state, "UPDATE chain SET leaf = content WHERE applied_index = ?", index)
    with closing(sqlite3.connect(state)) as connection, connection:
        (applied_index,) = connection.execute("SELECT applied_index FROM meta").fetchone()
        head = chain.head_at(connection, applied_index)
        connection.execute("UPDATE meta SET chain_head = ?", (head,))


def tamper(state: Path, statement: str, *values: Any) -> None:
    """Change a database that nobody uses; it must be one row."""
    with closing(sqlite3.connect(state)) as connection:
        changed = connection.execute(statement, values).rowcount
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert changed == 1
