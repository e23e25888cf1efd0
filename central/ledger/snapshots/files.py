"""Snapshots that arrive, each in a file of its own beside the log.

A file says nothing by itself: the log says which one counts and how far. That is why bytes go into
the file, and to the disk, before the write that counts them.
"""

import hashlib
import logging
import os
from collections.abc import Collection, Sequence
from pathlib import Path

from central.raft import Piece

logger = logging.getLogger(__name__)

IDENTITY_BYTES = 32  # a SHA-256


class SnapshotFiles:
    """`snapshot-<identity in hex>.part` in the data directory, mode 0600."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def path(self, identity: bytes) -> Path:
        """Return where the bytes of that snapshot are."""
        return self._directory / f"snapshot-{identity.hex()}.part"

    def write(self, pieces: Sequence[Piece]) -> None:
        """Put the pieces of one snapshot into its file, durably. Raises OSError.

        What the file held beyond them stays: until the log counts these pieces, the earlier ones
        count, and equal identities mean equal bytes.
        """
        path = self.path(pieces[0].identity)
        if path.exists() and path.stat().st_nlink > 1:
            path.unlink()  # it became the state (see replace_state), and could not be deleted then
        is_new = not path.exists()
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            for piece in pieces:
                _write_all(descriptor, piece.data, piece.offset)
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            self._sync_directory()

    def holds(self, identity: bytes, size: int) -> bool:
        """Return whether there is a file with at least so many bytes."""
        path = self.path(identity)
        return path.exists() and path.stat().st_size >= size

    def verify(self, identity: bytes) -> bool:
        """Return whether the bytes are those that the identity is the SHA-256 of."""
        try:
            with self.path(identity).open("rb") as file:
                return hashlib.file_digest(file, "sha256").digest() == identity
        except FileNotFoundError:
            return False

    def drop_all_but(self, identities: Collection[bytes]) -> None:
        """Delete every other file. One that cannot be deleted, or comes back, is for next time."""
        kept = {self.path(identity) for identity in identities}
        for path in sorted(self._directory.glob("snapshot-*.part")):
            if path in kept:
                continue
            try:
                path.unlink()
            except OSError as error:
                logger.warning("cannot delete %s error=%s", path, error.strerror)

    def _sync_directory(self) -> None:
        descriptor = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written
