"""The few things that the log asks of the file system; a test can put another one in its place."""

import os
from pathlib import Path
from typing import Protocol


class Files(Protocol):
    """Every call may raise OSError. Files are made with mode 0600, directories with 0700."""

    def names(self, directory: Path) -> list[str]:
        """Return what is in a directory, nothing if there is none."""

    def make_directory(self, directory: Path) -> None:
        """Make one that is not there yet."""

    def sync_directory(self, directory: Path) -> None:
        """Make durable what is in it by name."""

    def rename(self, old: Path, new: Path) -> None:
        """Give a file or directory another name, at once or not at all."""

    def remove(self, path: Path) -> None:
        """Delete a file, or an empty directory."""

    def read(self, path: Path, *, from_disk: bool) -> bytes:
        """Return all of a file; from_disk: after a sync, and not out of the kernel's memory.

        After a failed write the kernel keeps the pages as if they had gone out: they can be read,
        and written and synced again, and still be missing after the next mount (seen on ext4).
        """

    def open(self, path: Path) -> int:
        """Return a descriptor to write with; the file is made if it is not there."""

    def write(self, descriptor: int, data: bytes, offset: int) -> None:
        """Write all of it."""

    def sync(self, descriptor: int) -> None:
        """Return when the file's content is on the disk."""

    def close(self, descriptor: int) -> None:
        """Give a descriptor back."""


class DiskFiles:
    """The real ones."""

    def names(self, directory: Path) -> list[str]:
        """See Files."""
        return sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []

    def make_directory(self, directory: Path) -> None:
        """See Files."""
        directory.mkdir(mode=0o700)

    def sync_directory(self, directory: Path) -> None:
        """See Files."""
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, old: Path, new: Path) -> None:
        """See Files."""
        old.rename(new)

    def remove(self, path: Path) -> None:
        """See Files."""
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()

    def read(self, path: Path, *, from_disk: bool) -> bytes:
        """See Files."""
        if from_disk:
            descriptor = os.open(path, os.O_RDWR)
            try:
                os.fsync(descriptor)  # only pages that are not dirty can be dropped
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)
        return path.read_bytes()

    def open(self, path: Path) -> int:
        """See Files."""
        return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)

    def write(self, descriptor: int, data: bytes, offset: int) -> None:
        """See Files."""
        written = os.pwrite(descriptor, data, offset)
        while written < len(data):
            data, offset = data[written:], offset + written
            written = os.pwrite(descriptor, data, offset)

    def sync(self, descriptor: int) -> None:
        """See Files."""
        os.fdatasync(descriptor)

    def close(self, descriptor: int) -> None:
        """See Files."""
        os.close(descriptor)
