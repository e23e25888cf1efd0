"""A replica's data directory: private, one process at a time, and the SQLite files in it."""

import fcntl
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from central.ledger.log.wal_check import damaged_at
from central.ledger.log.wal_recovery import recovered_frames
from node.errors import UsageError


def make_private_directory(directory: Path) -> None:
    """Make a directory that only its owner may read, and make its existence durable."""
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"data directory '{directory}' is a file: give a directory")
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        parent = os.open(directory.parent, os.O_RDONLY)
    except OSError as error:
        raise UsageError(
            f"data directory '{directory}' cannot be made ({error.strerror}): give another --data"
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


def check_files(path: Path) -> bool:
    """Look at what SQLite would pass over, before it opens `path`.

    Returns whether a process ended without closing it. Raises OSError, or ValueError saying what
    is damaged.
    """
    wal = path.with_name(f"{path.name}-wal")
    crashed = wal.exists() and wal.stat().st_size > 0
    if crashed:
        if not path.exists() or not path.stat().st_size:
            # SQLite would delete the log, and begin anew. It never has one beside such a file.
            raise ValueError(f"it is empty or gone, and {wal.name} is not")
        _distrust_cache(wal)
        _distrust_cache(path)
    if path.exists() and not path.with_name(f"{path.name}-journal").exists():
        with path.open("rb") as file:
            head = file.read(20)
        # Bytes 18 and 19: with any other value SQLite may not look at the write-ahead log.
        if head and (head[:16] != b"SQLite format 3\0" or head[18:] != b"\2\2"):
            raise ValueError("its header is damaged, or it is no log")
    damaged: int | None = None
    if crashed:
        damaged = damaged_at(wal.read_bytes(), recovered=recovered_frames(path))
    if damaged is not None:
        raise ValueError(f"{wal.name} is damaged at byte {damaged}, before its end")
    return crashed


def size_of(directory: Path) -> int:
    """Return the bytes of all files in a directory; files come and go meanwhile."""
    size = 0
    for path in directory.iterdir():
        with suppress(FileNotFoundError):
            size += path.stat().st_size
    return size


def lock(directory: Path) -> int:
    """Return a descriptor that holds the directory until it is closed; raises UsageError."""
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


def _distrust_cache(path: Path) -> None:
    """Make what is read from a file be what is on the disk. Raises OSError.

    After a failed write the kernel keeps the pages in memory as if they had gone out: they can be
    read, and written and fsynced again, and still be missing after the next mount (seen on ext4).
    """
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)  # only pages that are not dirty can be dropped
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
