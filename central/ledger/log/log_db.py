"""The log as it was before: a SQLite file of schema 1 or 2. It is read once, to be converted.

After a crash SQLite cuts off what it finds damaged in its own write-ahead log. Of some of that the
index tells that the log was noted to have reached, of more the one that the state has applied.
"""

import sqlite3
import struct
import zlib
from contextlib import closing
from itertools import islice
from pathlib import Path

from central.ledger.log.blocks import NewerVersion
from central.ledger.log.contents import Owner
from central.ledger.log.data_directory import connect
from central.ledger.log.files import Files
from central.ledger.log.format import (
    decode_entries,
    decode_hard_state,
    decode_identity,
    decode_index,
    decode_received,
    decode_restore,
    decode_snapshot,
)
from central.ledger.log.state import LogState
from central.raft import Entry, HardState, Snapshot
from node.values import frozen

_NAME = "log.db"
LAST_SCHEMA = 2
_IDENTITY, _HARD_STATE, _START, _RECEIVED, _RESTORE, _LAST = range(1, 7)
_ROW = struct.Struct(">QQ")
_DISK_FAILED = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


@frozen
class OldLog:
    """state.last is where the log starts: its entries are still to be added."""

    owner: Owner
    state: LogState
    entries: list[Entry]
    is_schema_1: bool


def is_there(directory: Path) -> bool:
    """Return whether there is one, be it one that was only begun."""
    path = directory / _NAME
    return path.exists() and path.stat().st_size > 0


def remove(directory: Path, files: Files) -> None:
    """Delete it. Raises OSError."""
    for name in files.names(directory):
        if name == _NAME or name.startswith(f"{_NAME}-"):
            files.remove(directory / name)


def read(directory: Path, first: Snapshot) -> OldLog | None:
    """Read it; None if it was never finished.

    One of schema 1 was never compacted, and does not say what it started from: `first`. Raises
    ValueError naming file and index, OSError, NewerVersion.
    """
    try:
        with closing(connect(directory / _NAME, synchronous="FULL")) as connection:
            return _read(connection, first)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DISK_FAILED:
            raise OSError(f"{_NAME}: {error}") from error
        raise ValueError(f"{_NAME}: {error}") from error
    except (ValueError, TypeError, struct.error) as error:
        raise ValueError(f"{_NAME}: {error}") from error


def _read(connection: sqlite3.Connection, first: Snapshot) -> OldLog | None:
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise ValueError(found)
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if not tables and connection.execute("PRAGMA page_count").fetchone()[0] <= 1:
        return None
    version, *ids = connection.execute(
        "SELECT schema_version, cluster_id, replica_id FROM identity"
    ).fetchone()
    if version > LAST_SCHEMA:
        raise NewerVersion(version)
    if version < LAST_SCHEMA:
        row = connection.execute("SELECT term, vote FROM hard_state").fetchone()
        hard_state = HardState(*row) if row else HardState()
        state = LogState(hard_state, first, last=first.index)
        entries = _entries(connection, after=first.index, with_place=False)
        return OldLog(Owner(*ids), state, entries, is_schema_1=True)
    if decode_identity(_record(connection, _IDENTITY)) != tuple(ids):
        raise ValueError("its owner does not match its checksum")
    start = decode_snapshot(_record(connection, _START))
    entries = _entries(connection, after=start.index, with_place=True)
    last, noted = start.index + len(entries), decode_index(_record(connection, _LAST))
    if last < noted:
        raise ValueError(f"the log ends at {last}, but has reached {noted}")
    state = LogState(
        decode_hard_state(_record(connection, _HARD_STATE)),
        start,
        start.index,
        decode_received(_record(connection, _RECEIVED)),
        decode_restore(_record(connection, _RESTORE)),
    )
    return OldLog(Owner(*ids), state, entries, is_schema_1=False)


def _record(connection: sqlite3.Connection, kind: int) -> bytes:
    row = connection.execute("SELECT sealed FROM record WHERE kind = ?", (kind,)).fetchone()
    sealed: bytes = row[0] if row else b""
    crc = zlib.crc32(sealed[4:], zlib.crc32(bytes([kind])))
    if sealed[:4] != crc.to_bytes(4, "big"):
        raise ValueError(f"its record {kind} is missing or does not match its checksum")
    return sealed[4:]


def _entries(connection: sqlite3.Connection, *, after: int, with_place: bool) -> list[Entry]:
    """with_place: the checksum covers the indexes. The first row may begin before `after`."""
    entries: list[Entry] = []
    rows = connection.execute("SELECT first_index, last_index, crc32, entries FROM log ORDER BY 1")
    for first, last, crc, blob in rows:
        following = after + len(entries) + 1
        in_place = first == following or (not entries and first < following <= last)
        seed = zlib.crc32(_ROW.pack(first, last)) if with_place else 0
        if zlib.crc32(blob, seed) != crc or not in_place:
            raise ValueError(
                f"entries {first} to {last} do not match their checksum or their place"
            )
        entries.extend(islice(decode_entries(first, blob), following - first, None))
    return entries
