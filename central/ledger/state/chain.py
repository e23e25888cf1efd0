"""The chain over all that was applied: one link an entry, heads that commit to all links before.

A link says what the entry was (`content`) and what it did (`rows`, the history that it made), so
that neither the log nor the history can be altered unnoticed, and history is still proved when the
log has been compacted. The links are the leaves of the tree in `merkle.py`; leaf 0 is index 1.

Of the tree, the leaves are stored and the subtrees of 64 leaves and more: the smaller ones are
computed again when a proof needs them, which keeps the table half as large.
"""

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from central.ledger.compact_json import dumps
from central.ledger.log.format import encode_configuration
from central.ledger.merkle import Frontier, Node, audit_path, frontier_at, peaks
from central.ledger.proof import Link
from central.ledger.state.cuts import last_cut
from central.raft import Entry

Row: TypeAlias = tuple[Any, ...]

STORED_LEVEL = 6
_CHUNK = 1000  # indexes whose rows are in memory at once

_RANGE = "WHERE applied_index BETWEEN ? AND ? ORDER BY applied_index"
_STATEMENTS = (
    (
        "SELECT applied_index, lot_id, version, committed_at_us, document FROM layouts "
        f"{_RANGE}, lot_id, version"
    ),
    (
        "SELECT applied_index, lot_id, reporter, available_spaces, counted_at_us, stale, status,"
        f" committed_at_us FROM count_history {_RANGE}"
    ),
    (
        "SELECT applied_index, ordinal, lot_id, camera_id, previous, condition, since_us, detail,"
        f" committed_at_us FROM camera_history {_RANGE}, ordinal"
    ),
    (
        "SELECT applied_index, dropped_through, dropped_until_us, head, layouts, base,"
        f" committed_at_us FROM cuts {_RANGE}"
    ),
    f"SELECT applied_index, digest, committed_at_us FROM sums {_RANGE}",
)
"""What an entry did beside changing spots, in the order in which it stands in a link."""


@dataclass(frozen=True, slots=True)
class StoredLink:
    """A link as it stands in the table, with the leaf that was computed when it was applied."""

    link: Link
    leaf: bytes


def content_of(entry: Entry) -> bytes:
    """Return the SHA-256 of what an entry says: a byte 0 and its data, or 1 and a configuration."""
    if entry.configuration is None:
        return hashlib.sha256(b"\0" + entry.data).digest()
    return hashlib.sha256(b"\1" + encode_configuration(entry.configuration)).digest()


def rows_of(
    connection: sqlite3.Connection,
    first: int,
    last: int,
) -> dict[int, str]:
    """Return by index, as JSON, the rows that the entries `first` to `last` made.

    `[changes, layouts, counts, cameras, cuts, sums]`, each a list of rows with all columns but the
    index: an auditor needs no more than a JSON reader. What entries of the first edition never make
    is left out at the end where there is none: cameras, cuts, sums, and a change's layout version
    and model. Entries that made no rows are missing; `NO_ROWS` is theirs.
    """
    spots = dict(
        connection.execute(
            "SELECT applied_index, changes FROM history WHERE applied_index BETWEEN ? AND ?",
            (first, last),
        )
    )
    found: dict[int, tuple[list[Row], ...]] = defaultdict(lambda: ([], [], [], [], []))
    for place, statement in enumerate(_STATEMENTS):
        for row in connection.execute(statement, (first, last)):
            found[row[0]][place].append(row)
    return {
        index: rows_to_json(spots.get(index, "[]"), found.get(index, ()))
        for index in sorted(spots.keys() | found)
    }


def rows_to_json(spots: str, others: Sequence[Sequence[Row]]) -> str:
    """Return the rows that one entry made, as its link has them.

    spots: its changes of spots, as JSON already. others: rows of layouts, counts, cameras, cuts and
    sums, each row with its index first.
    """
    if not any(others):
        return f"[{spots},[],[]]"
    kept = [[row[1:] for row in rows] for rows in others]
    while len(kept) > 2 and not kept[-1]:
        kept.pop()
    return f"[{','.join([spots, *(dumps(rows).decode() for rows in kept)])}]"


NO_ROWS = rows_to_json("[]", ())


class Links:
    """Links that are to be written, and the tree that they grow."""

    def __init__(self, frontier: Frontier) -> None:
        self.frontier = frontier
        self._links: list[tuple[int, int, int, bytes, bytes]] = []
        self._nodes: list[tuple[int, int, bytes]] = []

    def add(self, entry: Entry, committed_at_us: int, rows: str) -> None:
        """Chain the next entry with its time and the rows that it made."""
        content = content_of(entry)
        leaf = Link(entry.index, entry.term, committed_at_us, content, rows).leaf()
        self._links.append((entry.index, entry.term, committed_at_us, content, leaf))
        self._nodes += [(n.level, n.position, n.digest) for n in stored(self.frontier.append(leaf))]

    def flush(self, connection: sqlite3.Connection) -> None:
        """Write what was added, inside the caller's transaction."""
        connection.executemany("INSERT INTO chain VALUES (?, ?, ?, ?, ?)", self._links)
        if self._nodes:
            connection.executemany("INSERT INTO chain_nodes VALUES (?, ?, ?)", self._nodes)
        self._links.clear()
        self._nodes.clear()


def stored(nodes: Sequence[Node]) -> list[Node]:
    """Return those that are kept in the table."""
    return [node for node in nodes if node.level >= STORED_LEVEL]


def frontier_of(connection: sqlite3.Connection, index: int) -> Frontier:
    """Return the tree over all links up to an index, ready to grow."""
    return frontier_at(index, _Tree(connection).subtree)


def head_at(connection: sqlite3.Connection, index: int) -> bytes:
    """Return the head at an applied index. Raises ValueError if the chain has a hole."""
    return frontier_of(connection, index).root()


def path_of(connection: sqlite3.Connection, index: int, head_index: int) -> list[bytes]:
    """Return the audit path of an entry to the head at `head_index`, at or after it."""
    return audit_path(index - 1, head_index, _Tree(connection).subtree)


def prune(connection: sqlite3.Connection, through: int) -> None:
    """Drop the links up to an index, and of the tree over them all but its largest subtrees.

    No proof or head of what comes after needs more: a subtree within the dropped part is asked for
    as a whole or not at all.
    """
    kept = set(peaks(0, through))
    gone = [
        node
        for node in connection.execute(
            "SELECT level, position FROM chain_nodes WHERE ((position + 1) << level) <= ?",
            (through,),
        )
        if node not in kept
    ]
    connection.executemany("DELETE FROM chain_nodes WHERE level = ? AND position = ?", gone)
    connection.execute("DELETE FROM chain WHERE applied_index <= ?", (through,))


def last_committed_at_us(connection: sqlite3.Connection) -> int:
    """Return the time of the last applied entry, 0 before the first."""
    row = connection.execute("SELECT committed_at_us FROM chain ORDER BY applied_index DESC")
    (at,) = row.fetchone() or (0,)
    return int(at)


def last_index_by(connection: sqlite3.Connection, instant_us: int) -> int:
    """Return the last index that was committed at or before an instant, the cut if none was.

    By bisection: times never go back from one index to the next, so the table needs no index.
    """
    low = last_cut(connection).index
    high = connection.execute("SELECT max(applied_index) FROM chain").fetchone()[0] or 0
    while low < high:
        middle = (low + high + 1) // 2
        (at,) = connection.execute(
            "SELECT committed_at_us FROM chain WHERE applied_index = ?", (middle,)
        ).fetchone()
        low, high = (middle, high) if at <= instant_us else (low, middle - 1)
    return int(low)


def links(connection: sqlite3.Connection, first: int, last: int) -> Iterator[StoredLink]:
    """Yield the links of that range as they stand in the tables, rows and all."""
    for begin in range(first, last + 1, _CHUNK):
        end = min(begin + _CHUNK - 1, last)
        rows = rows_of(connection, begin, end)
        for index, term, at, content, leaf in connection.execute(
            "SELECT applied_index, term, committed_at_us, content, leaf FROM chain "
            "WHERE applied_index BETWEEN ? AND ? ORDER BY applied_index",
            (begin, end),
        ):
            yield StoredLink(Link(index, term, at, content, rows.get(index, NO_ROWS)), leaf)


class _Tree:
    """Reads subtrees from the tables."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def subtree(self, level: int, position: int) -> bytes:
        if level >= STORED_LEVEL:
            row = self._connection.execute(
                "SELECT digest FROM chain_nodes WHERE level = ? AND position = ?",
                (level, position),
            ).fetchone()
            if row is None:
                raise ValueError(f"the chain has no node {position} of level {level}")
            return bytes(row[0])
        first = (position << level) + 1
        last = first + (1 << level) - 1
        leaves = self._connection.execute(
            "SELECT leaf FROM chain WHERE applied_index BETWEEN ? AND ? ORDER BY applied_index",
            (first, last),
        ).fetchall()
        if len(leaves) != 1 << level:
            raise ValueError(f"the chain has a hole between {first} and {last}")
        part = Frontier()
        for (leaf,) in leaves:
            part.append(leaf)
        return part.root()
