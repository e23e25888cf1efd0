"""The rows of entries in log.db, one a write. All this runs inside the caller's transaction."""

import sqlite3
from collections.abc import Sequence
from itertools import islice

from central.ledger.log.format import decode_entries, encode_entries, row_crc
from central.raft import Entry


def load(connection: sqlite3.Connection, *, after: int) -> list[Entry]:
    """Return the entries after an index; raises ValueError naming the first that are bad.

    The first row may begin before: see `drop_before`.
    """
    entries: list[Entry] = []
    rows = connection.execute(
        "SELECT first_index, last_index, crc32, entries FROM log ORDER BY first_index"
    )
    for first, last, crc, blob in rows:
        following = after + len(entries) + 1
        in_place = first == following or (not entries and first < following <= last)
        if row_crc(first, last, blob) != crc or not in_place:
            raise ValueError(
                f"entries {first} to {last} do not match their checksum or their place"
            )
        row = decode_entries(first, blob)
        entries.extend(row if first == following else islice(row, following - first, None))
    return entries


def append(connection: sqlite3.Connection, entries: Sequence[Entry]) -> int:
    """Add a row at the end; returns its size in bytes."""
    blob = encode_entries(entries)
    _insert(connection, entries[0].index, entries[-1].index, blob)
    return len(blob)


def truncate(connection: sqlite3.Connection, index: int, *, start: int) -> None:
    """Drop entries from `index` on; a row that begins before it keeps its beginning.

    `start` is where the log starts: if nothing after it is kept, no row is.
    """
    if index == start + 1:
        drop_all(connection)
        return
    row = connection.execute(
        "SELECT first_index, last_index, crc32, entries FROM log WHERE first_index < ? "
        "ORDER BY first_index DESC LIMIT 1",
        (index,),
    ).fetchone()
    connection.execute("DELETE FROM log WHERE first_index >= ?", (index,))
    if row is None or row[1] < index:
        return
    first, last, crc, blob = row
    if row_crc(first, last, blob) != crc:
        # A new checksum would make the damage good.
        raise sqlite3.DatabaseError(f"entries {first} to {last} do not match their checksum")
    kept = [entry for entry in decode_entries(first, blob) if entry.index < index]
    connection.execute("DELETE FROM log WHERE first_index = ?", (first,))
    _insert(connection, first, index - 1, encode_entries(kept))


def drop_before(connection: sqlite3.Connection, start: int) -> None:
    """Drop what lies wholly at or before `start`.

    The row that `start` lies in stays whole and `load` skips its beginning: to cut it would be to
    write again what is there.
    """
    connection.execute("DELETE FROM log WHERE first_index <= ? AND last_index <= ?", (start, start))


def drop_all(connection: sqlite3.Connection) -> None:
    """Drop every entry."""
    connection.execute("DELETE FROM log")


def _insert(connection: sqlite3.Connection, first: int, last: int, blob: bytes) -> None:
    connection.execute(
        "INSERT INTO log VALUES (?, ?, ?, ?)", (first, last, row_crc(first, last, blob), blob)
    )
