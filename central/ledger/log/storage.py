"""The durable log, vote and term of one replica, in SQLite with real fsync.

One row and one CRC-32 a write: a write is what one fsync covers. `synchronous=FULL` in WAL mode
makes SQLite fsync at every commit, so that what `write` has returned from survives a power cut
(https://www.sqlite.org/pragma.html#pragma_synchronous).

Damage to what was written is found, not passed over: by the checksums of rows and records, because
every record must exist and rows must follow one another up to an index that is noted before
SQLite's own log is emptied, and in that log by wal_check. What escapes: damage to the very last
transaction since the last checkpoint, if the process did not close the files; a whole file that is
gone.
"""

import errno
import logging
import os
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from central.ledger.log import rows as log_rows
from central.ledger.log import schema as log_schema
from central.ledger.log.data_directory import check_files, connect, lock, make_private_directory
from central.ledger.log.format import Kind, encode_index
from central.ledger.log.state import LogState, OnDisk, after, latest_snapshot
from central.ledger.snapshots.files import IDENTITY_BYTES, SnapshotFiles
from central.raft import Persist, Snapshot
from node.errors import OperationError

__all__ = ["CorruptLogError", "OnDisk", "Storage", "connect"]

logger = logging.getLogger(__name__)

_PAGE = 4096
_DISK_FAILED = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
# TypeError: a flipped bit can make SQLite return a row, or a column, of another kind or none.
_NONSENSE = (sqlite3.DatabaseError, ValueError, TypeError, struct.error)


class CorruptLogError(OperationError):
    """What is on disk is not what was written there. The message names file and index."""


class Storage:
    """One replica's log on disk. One process at a time: the directory is locked while open.

    After a `write` has raised, every later one raises too: nobody knows what a disk holds that
    failed once. Close it, see to the disk, and open it again.
    """

    def __init__(
        self,
        directory: Path,
        *,
        cluster_id: str,
        replica_id: str,
        first: Snapshot,
        checkpoint_pages: int = 1000,  # 4 MB, as SQLite does by itself
        any_cluster: bool = False,
    ) -> None:
        """Open or create; `first` is what a new log starts from, at index 0.

        With `any_cluster` only a new log, or one of schema 1, has to be of `cluster_id`.

        Raises UsageError if the directory is another replica's or in use, CorruptLogError, or
        OperationError if the disk fails.
        """
        self.path = directory / "log.db"
        make_private_directory(directory)
        self._files = SnapshotFiles(directory)
        self._checkpoint_pages = checkpoint_pages
        self._failed = False
        self._any_cluster = any_cluster
        self._lock = lock(directory)
        try:
            with self._or_corrupt():
                self._open(directory, cluster_id, replica_id, first)
                self.cluster_id = log_schema.cluster_id_of(self._connection)
        except BaseException:
            os.close(self._lock)
            raise

    def load(self) -> OnDisk:
        """Return what was persisted. Raises CorruptLogError naming the first index that is bad."""
        with self._or_corrupt():
            state = log_schema.read_state(self._connection)
            noted = log_schema.read_noted_last(self._connection)
            entries = log_rows.load(self._connection, after=state.start.index)
            log_schema.check_end(state.start.index + len(entries), state.last, noted)
        return OnDisk(state.hard_state, state.start, entries, state.received, state.restore)

    def is_short(self, persist: Persist) -> bool:
        """Return whether `write` would do no more than add some entries and sync once."""
        others = persist.pieces or persist.start or persist.restore
        return not others and self._unsettled_pages < self._checkpoint_pages

    def write(self, persist: Persist) -> None:
        """Make it durable: when this returns, it survives a power cut.

        Raises OSError or sqlite3.Error if the disk is full or fails, ValueError for what cannot be
        meant; then nothing of it counts, though as after a crash it may be found on reopening.
        """
        with self._first_failure_is_last():
            self._checkpoint_if_due()
            new = after(self._state, persist)
            self._write_pieces(persist)
            with self._transaction():
                self._write_log(persist, new)
                log_schema.put_changes(self._connection, self._state, new)
        self._adopt(new)

    def restored(self) -> None:
        """Forget the pending Restore, for the state machine holds it durably; drops its file.

        Raises as `write` does.
        """
        restore, received = self._state.restore, self._state.received
        if restore is None:
            return
        if received is not None and received.identity == restore.identity:
            received = None
        new = replace(self._state, restore=None, received=received)
        with self._first_failure_is_last(), self._transaction():
            log_schema.put_changes(self._connection, self._state, new)
        self._adopt(new)

    def rename_cluster(self, cluster_id: str) -> None:
        """Make it a log of another group, durably. Raises as `write` does."""
        with self._first_failure_is_last(), self._transaction():
            log_schema.rename_cluster(self._connection, cluster_id)
        self.cluster_id = cluster_id

    def verify(self, identity: bytes) -> bool:
        """Return whether a snapshot that has arrived is what its identity is the SHA-256 of."""
        return self._files.verify(identity)

    def snapshot_path(self, identity: bytes) -> Path:
        """Return the file with the bytes of a snapshot that has arrived."""
        return self._files.path(identity)

    def close(self) -> None:
        """Release the files and the lock."""
        try:
            if not self._failed:
                self._note_last()
        finally:
            if self._failed:
                # Closing lets SQLite empty its log into log.db and delete it. After a failed fsync
                # its second try has been seen to succeed, on ext4, with pages missing in log.db:
                # what had been acknowledged was gone. Interrupted, it leaves its log as it is.
                self._connection.interrupt()
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

    # ---- opening ---

    def _open(self, directory: Path, cluster_id: str, replica_id: str, first: Snapshot) -> None:
        crashed = check_files(self.path)
        self._connection = connect(self.path, synchronous="FULL")
        try:
            self._connection.execute("PRAGMA wal_autocheckpoint = 0")  # see _checkpoint_if_due
            # Some builds overwrite what is deleted with zeros: compaction would write it all again.
            self._connection.execute("PRAGMA secure_delete = OFF")
            self._check_tables(directory, cluster_id, replica_id, first)
            self._state = log_schema.read_state(self._connection)
            self._noted_last = log_schema.read_noted_last(self._connection)
            # Now, for a new note would cover up that rows are gone.
            log_schema.check_end(self._state.last, self._state.last, self._noted_last)
            self._unsettled_pages = 0
            if crashed:
                # So that no torn transaction stays behind what is written from now on: wal_check
                # would take two of them for damage.
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._note_last()
            self._check_snapshots()
        except BaseException:
            self._connection.close()
            raise

    def _check_tables(
        self, directory: Path, cluster_id: str, replica_id: str, first: Snapshot
    ) -> None:
        connection = self._connection
        owner = {"cluster_id": cluster_id, "replica_id": replica_id}
        with self._transaction():
            if log_schema.is_empty(connection):
                log_schema.create(connection, **owner, first=first)
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise ValueError(found)
        version = log_schema.version_of(connection, directory)
        log_schema.check_owner(
            connection,
            directory,
            replica_id=replica_id,
            cluster_id=None
            if self._any_cluster and version == log_schema.SCHEMA_VERSION
            else cluster_id,
        )
        if version < log_schema.SCHEMA_VERSION:
            with self._transaction():
                log_schema.migrate_from_1(connection, **owner, first=first)

    def _check_snapshots(self) -> None:
        restore, received = self._state.restore, self._state.received
        if restore is not None and not self._files.verify(restore.identity):
            raise ValueError(f"{self._files.path(restore.identity)} is gone or damaged")
        if received is not None and not self._files.holds(received.identity, received.end):
            # Nothing rests on it: the leader sends it again.
            path = self._files.path(received.identity)
            logger.warning("forgetting the pieces of a snapshot: %s is gone or cut short", path)
            new = replace(self._state, received=None)
            with self._transaction():
                log_schema.put_changes(self._connection, self._state, new)
            self._state = new
        self._files.drop_all_but(self._state.identities)

    @contextmanager
    def _or_corrupt(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OperationError(
                f"{self.path} cannot be read or written ({error}): see to the disk, then start "
                "this replica again"
            ) from error
        except _NONSENSE as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DISK_FAILED:
                raise OperationError(
                    f"{self.path} cannot be read or written ({error}): free or replace the disk, "
                    "then start this replica again"
                ) from error
            raise CorruptLogError(
                f"{self.path} cannot be read ({error}): restore this replica from another one"
            ) from error

    # ---- writing ---

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield

    @contextmanager
    def _first_failure_is_last(self) -> Iterator[None]:
        if self._failed:
            raise OSError(errno.EIO, "an earlier write failed: open the log anew", str(self.path))
        self._failed = True
        yield
        self._failed = False

    def _write_pieces(self, persist: Persist) -> None:
        if not persist.pieces:
            return
        for piece in persist.pieces:
            if len(piece.identity) != IDENTITY_BYTES:
                raise ValueError(f"{piece.identity.hex()} is no SHA-256: a snapshot's identity is")
        self._files.write(latest_snapshot(persist.pieces))

    def _write_log(self, persist: Persist, new: LogState) -> None:
        connection, old = self._connection, self._state
        last = old.last
        if persist.restore is not None:
            log_rows.drop_all(connection)
            last = new.start.index
        elif new.start.index > old.start.index:
            log_rows.drop_before(connection, new.start.index)
        if persist.entries:
            if persist.entries[0].index <= last:
                first = persist.entries[0].index
                log_rows.truncate(connection, first, start=new.start.index)
            size = log_rows.append(connection, persist.entries)
            self._unsettled_pages += size // _PAGE
        self._unsettled_pages += 3
        if new.last < self._noted_last or self._unsettled_pages >= self._checkpoint_pages:
            self._put_last(new.last)

    def _adopt(self, new: LogState) -> None:
        old, self._state = self._state, new
        if new.identities != old.identities:
            self._files.drop_all_but(new.identities)

    def _checkpoint_if_due(self) -> None:
        """Empty SQLite's own log into log.db now and then.

        Not left to SQLite, which does it after any commit: log.db has no checksums around rows, so
        what goes there must say how many they are, and only the write before says that.
        """
        if self._unsettled_pages >= self._checkpoint_pages:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._unsettled_pages = 0

    def _note_last(self) -> None:
        if self._noted_last != self._state.last:
            with self._transaction():
                self._put_last(self._state.last)

    def _put_last(self, last: int) -> None:
        log_schema.put(self._connection, Kind.LAST, encode_index(last))
        self._noted_last = last
