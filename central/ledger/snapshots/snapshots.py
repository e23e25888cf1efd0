"""Snapshots of the state for replicas that lack what the log no longer holds: copies of state.db.

SQLite's backup copies one instant of the database while the state machine goes on writing
(https://www.sqlite.org/backup.html, in WAL mode).
"""

import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from central.ledger.errors import NoCopy
from central.raft import PieceWanted
from node.values import frozen

PIECE_BYTES = 1 << 20
"""As much as a message of entries has: a heartbeat that waits behind it is not late on a campus's
network. Well below the 4 MB that a gRPC message, a backup's, may have."""

KEPT_SECONDS = 60.0
"""How long a copy that nobody asks for stays on disk."""

SPARE_BYTES = 64 << 20
"""What a copy must leave free: a full disk stops the replica, and helping another must not."""

FreeBytes = Callable[[Path], int]
"""How many bytes of the disk that a directory is on are free."""


def disk_free(directory: Path) -> int:
    """Return it as the system tells."""
    return shutil.disk_usage(directory).free


@frozen
class ReadPiece:
    """A piece of a snapshot that has applied up to `index`; `identity` is the SHA-256 of it all."""

    index: int
    identity: bytes
    size: int
    offset: int
    data: bytes


class SnapshotSource:
    """Makes copies and reads pieces of the last one. One worker thread at a time."""

    def __init__(self, state: Path, *, free_bytes: FreeBytes = disk_free) -> None:
        self._state = state
        self._free_bytes = free_bytes
        self._path = state.with_name("snapshot-sending.db")
        self._path.unlink(missing_ok=True)
        self._index = 0
        self._identity: bytes | None = None
        self._read_at = 0.0

    def read(self, wanted: PieceWanted, *, at_least: int) -> ReadPiece:
        """Return the piece that is wanted, or the first one of a newer copy.

        A copy that has not applied `at_least` is of no use. Raises NoCopy where there is no room
        for one, OSError or sqlite3.Error.
        """
        if self._identity is None or self._index < at_least:
            self._make()
        assert self._identity is not None
        self._read_at = time.monotonic()
        offset = wanted.offset if wanted.identity == self._identity else 0
        with self._path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(offset)
            return ReadPiece(self._index, self._identity, size, offset, file.read(PIECE_BYTES))

    def size(self) -> int:
        """Return what a copy would weigh, but for what SQLite's own log of the state still holds.

        That log is never more than some megabytes.
        """
        return self._state.stat().st_size

    def check_room_for(self, arriving: int) -> None:
        """Raise NoCopy if so many bytes that are to arrive would not leave SPARE_BYTES."""
        _check_free(self._state.parent, "a snapshot", arriving, free_bytes=self._free_bytes)

    def drop_if_unused(self) -> None:
        """Delete the copy if nobody has asked for it for a while."""
        if self._identity is not None and time.monotonic() - self._read_at > KEPT_SECONDS:
            self._identity = None
            self._path.unlink(missing_ok=True)

    def _make(self) -> None:
        self._identity = None
        self._path.unlink(missing_ok=True)
        check_room(self._state, free_bytes=self._free_bytes)
        try:
            self._index = copy_state(self._state, self._path)
            with self._path.open("rb") as file:
                self._identity = hashlib.file_digest(file, "sha256").digest()
        except (OSError, sqlite3.Error):
            # Half a copy is of no use to anybody, and the room is wanted.
            self._path.unlink(missing_ok=True)
            raise


def check_room(state: Path, *, free_bytes: FreeBytes) -> None:
    """Raise NoCopy if a copy of a state.db beside it would not leave SPARE_BYTES of its disk."""
    files = (state, state.with_name(f"{state.name}-wal"))
    size = sum(path.stat().st_size for path in files if path.exists())
    _check_free(state.parent, "a copy", size, free_bytes=free_bytes)


def _check_free(directory: Path, what: str, size: int, *, free_bytes: FreeBytes) -> None:
    wanted, free = size + SPARE_BYTES, free_bytes(directory)
    if free < wanted:
        raise NoCopy(
            f"{free >> 20} MB of disk are free in {directory}, {what} needs "
            f"{_megabytes(wanted)}: free {_megabytes(wanted - free)} MB more"
        )


def _megabytes(size: int) -> int:
    return -(-size >> 20)  # rounded up: so much will do


def copy_state(state: Path, copy: Path) -> int:
    """Copy one instant of a state.db that is in use; returns the index that it has applied."""
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    source, target = sqlite3.connect(state), sqlite3.connect(copy)
    try:
        # Half a copy is thrown away, and a whole one is checked by whoever gets it.
        target.execute("PRAGMA synchronous = OFF")
        target.execute("PRAGMA journal_mode = OFF")
        source.backup(target)
        index: int = target.execute("SELECT applied_index FROM meta").fetchone()[0]
    finally:
        source.close()
        target.close()
    return index
