"""The history of spots in the tables: an entry's changes in one row, and which entries changed a
spot.

A row a change was half of what a replica did with a record: it had to find its place in two trees.
So what an entry changed is kept as its link has it, as text that is made anyway; and the index says
once a write, of each spot that changed meanwhile, which entries changed it.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from central.ledger.compact_json import dumps, loads

Change: TypeAlias = tuple[int, int, str, str, int, int, int, str, int, int, int, str]
"""applied_index, ordinal, lot_id, spot_id, previous, occupancy, confidence, camera_id,
captured_at_us, committed_at_us, layout_version, model."""

Said: TypeAlias = tuple[Any, ...]
"""A change as a link has it: without the index, and without layout version and model where both are
empty, as entries of the first edition leave them."""

SPAN = 255
"""How far apart indexes in one row of the index are at most: so one knows how far beyond the last
one that is asked for to look, and a byte says how far before the last of its row one lies."""

_NO_SOURCE = (0, "")  # no layout version, no model

_RUNS = (
    "SELECT last_index, earlier FROM spot_changes"
    " WHERE lot_id = ? AND spot_id {spots} AND last_index BETWEEN ? AND ?"
)


class Unwritten:
    """Changes that the tables do not have yet."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, int, str]] = []
        self._places: defaultdict[tuple[str, str], list[int]] = defaultdict(list)

    def add(self, index: int, changes: Sequence[Said]) -> str:
        """Add what an entry changed, after those before it; returns it as its link has it."""
        if not changes:
            return "[]"
        text = dumps(changes).decode()
        self._entries.append((index, len(changes), text))
        places = self._places
        for change in changes:
            places[change[1:3]].append(index)
        return text

    @property
    def rows(self) -> int:
        """How many rows `flush` would write, or few less."""
        return len(self._entries) + len(self._places)

    def flush(self, connection: sqlite3.Connection) -> None:
        """Write what was added, inside the caller's transaction."""
        if not self._entries:
            return
        connection.executemany("INSERT INTO history VALUES (?, ?, ?)", self._entries)
        connection.executemany(
            "INSERT INTO spot_changes VALUES (?, ?, ?, ?)",
            [(*spot, *run) for spot, indexes in self._places.items() for run in runs(indexes)],
        )
        self._entries.clear()
        self._places.clear()


def said_of(change: Change) -> Said:
    """Return a change as its link has it."""
    return change[1:-2] if change[-2:] == _NO_SOURCE else change[1:]


def changes(connection: sqlite3.Connection, first: int, last: int) -> Iterator[Change]:
    """Yield what the entries `first` to `last` changed, in order. ValueError: it is damaged."""
    for index, text in connection.execute(
        "SELECT applied_index, changes FROM history WHERE applied_index BETWEEN ? AND ?"
        " ORDER BY applied_index",
        (first, last),
    ):
        yield from (_change(index, said) for said in loads(text))


def entries(connection: sqlite3.Connection) -> Iterator[tuple[int, int, list[Change]]]:
    """Yield of each entry that changed spots its index, how often it is noted to have, and how."""
    for index, held, text in connection.execute("SELECT * FROM history ORDER BY applied_index"):
        yield index, held, [_change(index, said) for said in loads(text)]


def places(connection: sqlite3.Connection) -> Iterator[tuple[str, str, int]]:
    """Yield what the index says: lot, spot and an entry that changed it, a spot's in order."""
    for lot_id, spot_id, *run in connection.execute(
        "SELECT * FROM spot_changes ORDER BY lot_id, spot_id, last_index"
    ):
        yield from ((lot_id, spot_id, index) for index in indexes_of(*run))


def changes_of(
    connection: sqlite3.Connection, lot_id: str, spot_ids: Sequence[str], first: int, last: int
) -> Iterator[Change]:
    """Yield in order how spots of a lot changed (none named: all that there ever were)."""
    wanted = frozenset(spot_ids)
    for index in _entries_of(connection, lot_id, spot_ids, first, last):
        yield from (
            _change(index, said)
            for said in _said(connection, index)
            if said[1] == lot_id and (not wanted or said[2] in wanted)
        )


def last_change(
    connection: sqlite3.Connection, lot_id: str, spot_id: str, first: int, last: int
) -> Change | None:
    """Return the last change of a spot by the entries `first` to `last`, None if there is none."""
    for run in connection.execute(
        f"{_RUNS.format(spots='= ?')} ORDER BY last_index DESC",
        (lot_id, spot_id, first, last + SPAN),
    ):
        for index in reversed(indexes_of(*run)):
            if first <= index <= last:
                (*_, said) = (
                    one for one in _said(connection, index) if one[1:3] == [lot_id, spot_id]
                )
                return _change(index, said)
    return None


def drop(connection: sqlite3.Connection, spots: Iterable[tuple[str, str]], through: int) -> None:
    """Drop what the entries up to an index changed: lots and ids of those spots."""
    connection.execute("DELETE FROM history WHERE applied_index <= ?", (through,))
    for spot in spots:
        connection.execute(
            "DELETE FROM spot_changes WHERE lot_id = ? AND spot_id = ? AND last_index <= ?",
            (*spot, through),
        )
        row = connection.execute(
            f"{_RUNS.format(spots='= ?')} ORDER BY last_index LIMIT 1",
            (*spot, through + 1, through + SPAN),
        ).fetchone()
        if row is None:
            continue
        ((_, earlier),) = runs([index for index in indexes_of(*row) if index > through])
        if earlier != row[1]:
            connection.execute(
                "UPDATE spot_changes SET earlier = ?"
                " WHERE lot_id = ? AND spot_id = ? AND last_index = ?",
                (earlier, *spot, row[0]),
            )


def runs(indexes: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    """Yield rows of the index for ascending indexes: the last one, how far before it others are."""
    run: list[int] = []
    for index in dict.fromkeys(indexes):
        if run and index - run[0] > SPAN:
            yield _packed(run)
            run = []
        run.append(index)
    yield _packed(run)


def indexes_of(last: int, earlier: bytes) -> list[int]:
    """Return the indexes that a row of the index stands for, ascending."""
    return [*(last - distance for distance in earlier), last]


def _packed(run: Sequence[int]) -> tuple[int, bytes]:
    last = run[-1]
    return last, bytes([last - index for index in run[:-1]])


def _entries_of(
    connection: sqlite3.Connection, lot_id: str, spot_ids: Sequence[str], first: int, last: int
) -> list[int]:
    if spot_ids:
        spots, which = f"IN ({', '.join('?' * len(spot_ids))})", spot_ids
    else:
        spots, which = "IN (SELECT spot_id FROM spot_lives WHERE lot_id = ?)", (lot_id,)
    found = {
        index
        for run in connection.execute(
            _RUNS.format(spots=spots), (lot_id, *which, first, last + SPAN)
        )
        for index in indexes_of(*run)
    }
    return sorted(index for index in found if first <= index <= last)


def _said(connection: sqlite3.Connection, index: int) -> list[list[Any]]:
    (text,) = connection.execute(
        "SELECT changes FROM history WHERE applied_index = ?", (index,)
    ).fetchone()
    found: list[list[Any]] = loads(text)
    return found


def _change(index: int, said: Sequence[Any]) -> Change:
    return (index, *said) if len(said) > 9 else (index, *said, *_NO_SOURCE)
