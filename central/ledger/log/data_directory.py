"""A replica's data directory: private, one process at a time, and the SQLite files in it."""

import fcntl
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

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


def size_of(directory: Path) -> int:
    """Return the bytes of all files below a directory; files come and go meanwhile."""
    size = 0
    for path in directory.rglob("*"):
        with suppress(FileNotFoundError):
            if path.is_file():
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
