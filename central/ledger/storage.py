"""The durable log, vote and term of one replica, in SQLite with real fsync.

One row and one CRC-32 a write: a write is what one fsync covers. `synchronous=FULL` in WAL mode
makes SQLite fsync at every commit, so that what `write` has returned from survives a power cut
(https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

import fcntl
import os
import sqlite3
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from central.raft import Entry, HardState, Persist
from node.errors import OperationError, UsageError

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE identity (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    schema_version INTEGER NOT NULL, cluster_id TEXT NOT NULL, replica_id TEXT NOT NULL
);
CREATE TABLE hard_state (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    term INTEGER NOT NULL, vote TEXT
);
CREATE TABLE log (
    first_index INTEGER PRIMARY KEY, last_index INTEGER NOT NULL,
    crc32 INTEGER NOT NULL, entries BLOB NOT NULL
);
"""

_ENTRY_HEADER = struct.Struct(">QI")  # term, length of data


class CorruptLogError(OperationError):
    """What is on disk is not what was written there. The message names file and index."""


class Storage:
    """One replica's log on disk. One process at a time: the directory is locked while open."""

    def __init__(self, directory: Path, *, cluster_id: str, replica_id: str) -> None:
        """Open or create. Raises UsageError if the directory is another replica's or in use."""
        self.path = directory / "log.db"
        make_private_directory(directory)
        self._lock = _lock(directory)
        try:
            self._connection = connect(self.path, synchronous="FULL")
            self._check_identity(directory, cluster_id, replica_id)
        except sqlite3.DatabaseError as error:
            os.close(self._lock)
            raise CorruptLogError(
                f"{self.path} cannot be read ({error}): restore this replica from another one"
            ) from error
        except BaseException:
            os.close(self._lock)
            raise

    def load(self) -> tuple[HardState, list[Entry]]:
        """Return what was persisted. Raises CorruptLogError naming the first index that is bad."""
        row = self._connection.execute("SELECT term, vote FROM hard_state").fetchone()
        entries: list[Entry] = []
        rows = self._connection.execute(
            "SELECT first_index, last_index, crc32, entries FROM log ORDER BY first_index"
        )
        for first, last, crc, blob in rows:
            if zlib.crc32(blob) != crc or first != len(entries) + 1:
                raise CorruptLogError(
                    f"{self.path}: entries {first} to {last} do not match their checksum or "
                    "their place: stop, and restore this replica from another one"
                )
            entries.extend(_unpack(first, blob))
        return HardState(*row) if row else HardState(), entries

    def write(self, persist: Persist) -> None:
        """Make it durable: when this returns, it survives a power cut.

        Raises OSError or sqlite3.Error if the disk is full or fails; then nothing of it counts.
        """
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            if persist.hard_state:
                self._connection.execute(
                    "INSERT OR REPLACE INTO hard_state VALUES (1, ?, ?)",
                    (persist.hard_state.term, persist.hard_state.vote),
                )
            if persist.entries:
                self._replace_from(persist.entries[0].index)
                self._insert(persist.entries)

    def close(self) -> None:
        """Release the files and the lock."""
        self._connection.close()
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _replace_from(self, index: int) -> None:
        rows = self._connection.execute(
            "SELECT first_index, entries FROM log WHERE last_index >= ?", (index,)
        ).fetchall()
        self._connection.execute("DELETE FROM log WHERE last_index >= ?", (index,))
        for first, blob in rows:
            kept = [entry for entry in _unpack(first, blob) if entry.index < index]
            if kept:
                self._insert(kept)

    def _insert(self, entries: tuple[Entry, ...] | list[Entry]) -> None:
        blob = b"".join(
            _ENTRY_HEADER.pack(entry.term, len(entry.data)) + entry.data for entry in entries
        )
        self._connection.execute(
            "INSERT INTO log VALUES (?, ?, ?, ?)",
            (entries[0].index, entries[-1].index, zlib.crc32(blob), blob),
        )

    def _check_identity(self, directory: Path, cluster_id: str, replica_id: str) -> None:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if tables == 0:
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    self._connection.execute(statement)
                self._connection.execute(
                    "INSERT INTO identity VALUES (1, ?, ?, ?)",
                    (SCHEMA_VERSION, cluster_id, replica_id),
                )
        row = self._connection.execute(
            "SELECT schema_version, cluster_id, replica_id FROM identity"
        ).fetchone()
        version, found_cluster, found_replica = row
        if version > SCHEMA_VERSION:
            raise UsageError(
                f"data directory '{directory}' has schema version {version}, this program knows "
                f"{SCHEMA_VERSION}: upgrade Parkledger"
            )
        if found_replica != replica_id:
            raise UsageError(
                f"data directory '{directory}' belongs to replica '{found_replica}', not "
                f"'{replica_id}': give --data of this replica or --replica-id {found_replica}"
            )
        if found_cluster != cluster_id:
            raise UsageError(
                f"data directory '{directory}' belongs to cluster {found_cluster}, not "
                f"{cluster_id}: the set of replica ids in --peers, or --cluster, has changed"
            )


def make_private_directory(directory: Path) -> None:
    """Make a directory that only its owner may read, and make its existence durable."""
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"data directory '{directory}' is a file: give a directory")
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        parent = os.open(directory.parent, os.O_RDONLY)
    except OSError as error:
        raise UsageError(
            f"data directory '{directory}' cannot be made: {error.strerror}"
        ) from error
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


def connect(path: Path, *, synchronous: str) -> sqlite3.Connection:
    """Open a SQLite file in WAL mode, mode 0600, usable from one worker thread at a time."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    return connection


def _lock(directory: Path) -> int:
    descriptor = os.open(directory / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise UsageError(
            f"data directory '{directory}' is in use by another process: stop it first, or "
            "give another --data"
        ) from error
    return descriptor


def _unpack(first_index: int, blob: bytes) -> Iterator[Entry]:
    offset, index = 0, first_index
    while offset < len(blob):
        term, length = _ENTRY_HEADER.unpack_from(blob, offset)
        offset += _ENTRY_HEADER.size
        yield Entry(index, term, blob[offset : offset + length])
        offset += length
        index += 1
