"""The durable log, vote and term of one replica: files of its own, one block and one sync a write.

What `write` has returned from survives a power cut. Damage to it is found, not passed over, and
named: by checksums that go on from block to block, by what each segment says of the one before it,
and in the last write by what a torn one cannot look like (see blocks). What escapes: sectors of the
very last write that have become zeros, a last segment that has become zeros, or is gone.
"""

import errno
import logging
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from central.ledger.log.beginning import DIRECTORY, begin_log, check_owner, drop_converted
from central.ledger.log.blocks import SCHEMA_VERSION, NewerVersion
from central.ledger.log.contents import Owner, changes, owned_by
from central.ledger.log.data_directory import lock, make_private_directory
from central.ledger.log.files import DiskFiles, Files
from central.ledger.log.reading import read_log
from central.ledger.log.segments import SEGMENT_BYTES, Segments
from central.ledger.log.state import LogState, OnDisk, after, latest_snapshot
from central.ledger.snapshots.files import IDENTITY_BYTES, SnapshotFiles
from central.raft import Entry, Persist, Snapshot
from node.errors import OperationError, UsageError

__all__ = ["CorruptLogError", "OnDisk", "Storage"]

logger = logging.getLogger(__name__)

_ENTRY_BYTES = 64  # more than an entry of data has besides


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
        any_cluster: bool = False,
        segment_bytes: int = SEGMENT_BYTES,
        ahead: bool = True,
        files: Files | None = None,
    ) -> None:
        """Open or create; `first` is what a new log starts from.

        With `any_cluster` only a new log, or one of schema 1, has to be of `cluster_id`. `ahead`: a
        thread makes the next file before it is needed.

        Raises UsageError if the directory is another replica's or in use, CorruptLogError, or
        OperationError if the disk fails.
        """
        self.path = directory / DIRECTORY
        make_private_directory(directory)
        self._snapshots = SnapshotFiles(directory)
        self._files = files or DiskFiles()
        self._failed = False
        self._lock = lock(directory)
        try:
            with self._or_corrupt():
                owner = Owner(cluster_id, replica_id)
                begin_log(
                    directory,
                    self._files,
                    owner,
                    first,
                    any_cluster=any_cluster,
                    segment_bytes=segment_bytes,
                )
                found = read_log(self.path, self._files, to_write=True)
                check_owner(directory, found.replay.owner, owner, any_cluster=any_cluster)
                drop_converted(directory, self._files, found.replay, first)
                self._owner, self._state = found.replay.owner, found.replay.state
                self._loaded: list[Entry] | None = found.replay.entries
                self._segments = Segments(
                    self.path, self._files, found, segment_bytes=segment_bytes, ahead=ahead
                )
                try:
                    self._check_snapshots()
                except BaseException:
                    self._segments.close()
                    raise
        except BaseException:
            os.close(self._lock)
            raise

    @property
    def cluster_id(self) -> str:
        """Which group's log it is."""
        return self._owner.cluster_id

    def load(self) -> OnDisk:
        """Return what was persisted. Raises CorruptLogError naming the first index that is bad."""
        entries, self._loaded = self._loaded, None
        state = self._state
        if entries is None:
            with self._or_corrupt():
                replay = read_log(self.path, self._files, to_write=False).replay
            entries, state = replay.entries, replay.state
        return OnDisk(state.hard_state, state.start, entries, state.received, state.restore)

    def is_short(self, persist: Persist) -> bool:
        """Return whether `write` would do no more than add some entries and sync once."""
        if persist.pieces or persist.start or persist.restore:
            return False
        size = sum(len(entry.data) + _ENTRY_BYTES for entry in persist.entries)
        return self._segments.is_room_made or self._segments.has_room(size)

    def write(self, persist: Persist) -> None:
        """Make it durable: when this returns, it survives a power cut.

        Raises OSError if the disk is full or fails, ValueError for what cannot be meant; then
        nothing of it counts, though as after a crash it may be found on reopening.
        """
        with self._first_failure_is_last():
            new = after(self._state, persist)
            self._write_pieces(persist)
            self._append(changes(self._state, new, persist))
            if persist.start is not None:
                self._segments.drop_before(new.start.index)
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
        with self._first_failure_is_last():
            self._append(changes(self._state, new, Persist()))
        self._adopt(new)

    def rename_cluster(self, cluster_id: str) -> None:
        """Make it a log of another group, durably. Raises as `write` does."""
        new = Owner(cluster_id, self._owner.replica_id)
        with self._first_failure_is_last():
            self._append(owned_by(new))
        self._owner = new

    def verify(self, identity: bytes) -> bool:
        """Return whether a snapshot that has arrived is what its identity is the SHA-256 of."""
        return self._snapshots.verify(identity)

    def snapshot_path(self, identity: bytes) -> Path:
        """Return the file with the bytes of a snapshot that has arrived."""
        return self._snapshots.path(identity)

    def close(self) -> None:
        """Release the files and the lock."""
        self._segments.close()
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

    def _check_snapshots(self) -> None:
        restore, received = self._state.restore, self._state.received
        if restore is not None and not self._snapshots.verify(restore.identity):
            raise ValueError(f"{self._snapshots.path(restore.identity)} is gone or damaged")
        if received is not None and not self._snapshots.holds(received.identity, received.end):
            # Nothing rests on it: the leader sends it again.
            path = self._snapshots.path(received.identity)
            logger.warning("forgetting the pieces of a snapshot: %s is gone or cut short", path)
            new = replace(self._state, received=None)
            self._append(changes(self._state, new, Persist()))
            self._state = new
        self._snapshots.drop_all_but(self._state.identities)

    @contextmanager
    def _or_corrupt(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OperationError(
                f"{self.path} cannot be read or written ({error}): free or replace the disk, then "
                "start this replica again"
            ) from error
        except NewerVersion as error:
            raise UsageError(
                f"data directory '{self.path.parent}' has schema version {error.version}, this "
                f"program knows {SCHEMA_VERSION}: upgrade Parkledger"
            ) from error
        except (ValueError, struct.error) as error:
            raise CorruptLogError(
                f"{self.path} cannot be read ({error}): restore this replica from another one"
            ) from error

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
        self._snapshots.write(latest_snapshot(persist.pieces))

    def _append(self, payload: bytes) -> None:
        self._loaded = None
        if payload:
            self._segments.append(payload, self._owner, self._state)

    def _adopt(self, new: LogState) -> None:
        old, self._state = self._state, new
        if new.identities != old.identities:
            self._snapshots.drop_all_but(new.identities)
