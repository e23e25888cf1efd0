"""Copies of a live replica's state for backups, read piece by piece."""

import hashlib
import os
import sqlite3
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import closing
from typing import BinaryIO

from central.ledger.errors import NoCopy
from central.ledger.replica.opening import ReplicaSettings
from central.ledger.replica.workers import Worker
from central.ledger.snapshots.backup_file import BackupPart, Description, Digest
from central.ledger.snapshots.snapshots import (
    PIECE_BYTES,
    FreeBytes,
    check_room,
    copy_state,
    disk_free,
)


class BackupSource:
    """Makes one copy at a time. It has no name on the disk while it is read: none is left over."""

    def __init__(self, settings: ReplicaSettings, *, free_bytes: FreeBytes = disk_free) -> None:
        self._settings = settings
        self._state = settings.directory / "state.db"
        self._copy = settings.directory / "backup-sending.db"
        self._copy.unlink(missing_ok=True)  # of a process that was killed while it copied
        self._free_bytes = free_bytes
        self._busy = False

    async def copy(self, *, at_least: int) -> AsyncGenerator[BackupPart, None]:
        """Yield the parts of a copy that has applied `at_least`. Raises NoCopy."""
        if self._busy:
            raise NoCopy("another backup of this replica is under way: wait for it")
        self._busy = True
        # A thread of its own: a large copy must not hold up a snapshot that a peer waits for.
        worker = Worker("backup")
        try:
            file, description = await worker.do(lambda: self._make(at_least))
            with file:
                yield description
                digest = hashlib.sha256()
                while piece := await worker.do(lambda: _read(file, digest.update)):
                    yield piece
                yield Digest(digest.digest())
        except (OSError, sqlite3.Error) as error:
            raise NoCopy(f"{self._copy} cannot be made or read: {error}") from error
        finally:
            worker.close()
            self._busy = False

    def _make(self, at_least: int) -> tuple[BinaryIO, Description]:
        try:
            check_room(self._state, free_bytes=self._free_bytes)
        except NoCopy as full:
            named = f"replica '{self._settings.replica_id}'"
            raise NoCopy(f"{named}: {full}, or ask another replica") from full
        taken_at_us = time.time_ns() // 1000
        self._copy.unlink(missing_ok=True)
        try:
            copy_state(self._state, self._copy)
            uri = f"{self._copy.absolute().as_uri()}?mode=ro&immutable=1"
            with closing(sqlite3.connect(uri, uri=True)) as connection:
                version, index, head = connection.execute(
                    "SELECT schema_version, applied_index, chain_head FROM meta"
                ).fetchone()
            if index < at_least:
                raise NoCopy(f"the copy has applied {index}, not {at_least}: try again")
            file = self._copy.open("rb")
        finally:
            self._copy.unlink(missing_ok=True)
        return file, Description(
            cluster_id=self._settings.cluster_id,
            replica_id=self._settings.replica_id,
            index=index,
            head=head,
            schema_version=version,
            size=os.fstat(file.fileno()).st_size,
            taken_at_us=taken_at_us,
        )


def _read(file: BinaryIO, update: Callable[[bytes], None]) -> bytes:
    piece = file.read(PIECE_BYTES)
    update(piece)
    return piece
