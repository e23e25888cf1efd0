"""Whether a replica's files are what was committed: every link computed again, read-only.

What an entry did is computed from the history's rows, what it was from the log as far as that goes
back. Somebody who changes rows and all hashes over them is found out by a head that was noted
elsewhere (`against`), or by the other replicas.
"""

import fcntl
import os
import sqlite3
import struct
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from central.ledger.log import log_db
from central.ledger.log.beginning import DIRECTORY
from central.ledger.log.blocks import SCHEMA_VERSION as LOG_VERSION
from central.ledger.log.blocks import NewerVersion
from central.ledger.log.files import DiskFiles
from central.ledger.log.reading import read_log
from central.ledger.merkle import Frontier
from central.ledger.proof import Head
from central.ledger.state import chain
from central.ledger.state.chain import StoredLink, content_of
from central.ledger.state.cuts import last_cut
from central.ledger.state.schema import SCHEMA_VERSION
from central.ledger.upkeep.mismatch import Mismatch, mismatch
from central.ledger.upkeep.verify_derived import check_cut, check_derived
from central.raft import Entry
from node.errors import UsageError
from node.values import frozen

__all__ = ["Mismatch", "Verified", "verify_data"]

_UNREADABLE = (sqlite3.Error, ValueError, TypeError, struct.error, OSError)


@frozen
class Verified:
    """What was found to fit, after `dropped`, up to where history was dropped, to `index`.

    held: first and last applied index that the log still holds.
    """

    dropped: int
    index: int
    head: bytes
    changes: int
    held: tuple[int, int] | None
    unapplied: int


@frozen
class _Log:
    entries: Mapping[int, Entry]


def verify_data(path: Path, *, against: Head | None = None) -> Verified:
    """Verify a data directory, or a state.db by itself.

    Raises UsageError for a path that is none or in use, Mismatch for what does not fit.
    """
    state = path / "state.db" if path.is_dir() else path
    if not state.is_file():
        raise UsageError(
            f"--data {path}: {state} is not there: give a replica's data directory, or a copy of "
            "its state.db"
        )
    with _unused(path):
        log = _read_log(path) if path.is_dir() else _Log({})
        with _naming(state), closing(_open(state)) as connection:
            connection.execute("BEGIN")
            _check_version(state, connection)
            return _verify(state, connection, log, against)


def _verify(
    state: Path, connection: sqlite3.Connection, log: _Log, against: Head | None
) -> Verified:
    applied, head = connection.execute("SELECT applied_index, chain_head FROM meta").fetchone()
    if against is not None and against.index > applied:
        raise UsageError(
            f"--against {against}: {state} has applied 1 to {applied}; give a head up to there"
        )
    cut = last_cut(connection)
    if against is not None and against.index < cut.index:
        raise UsageError(
            f"--against {against}: {state} has dropped its history up to {cut.index}; give a head "
            "from there on"
        )
    _check_stray(state, connection, cut.index, applied)
    frontier, last_at = chain.frontier_of(connection, cut.index), cut.until_us
    check_cut(state, connection, cut, frontier)
    if against is not None and against.index == cut.index:
        _check_head(state, frontier, against.digest, "the head given with --against")
    for stored in chain.links(connection, cut.index + 1, applied):
        link, expected = stored.link, frontier.size + 1
        if link.index != expected:
            break
        if link.committed_at_us < last_at:
            raise mismatch(state, link.index, "its time is before that of the index before")
        last_at = link.committed_at_us
        _check_link(state, stored, log)
        for node in chain.stored(frontier.append(stored.leaf)):
            _check_node(state, connection, link.index, node.level, node.position, node.digest)
        if against is not None and link.index == against.index:
            _check_head(state, frontier, against.digest, "the head given with --against")
    if frontier.size != applied:
        raise mismatch(state, frontier.size + 1, "it is missing from the chain")
    _check_head(state, frontier, head, "the head that is stored")
    # Last, for SQLite names no index of ours.
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise ValueError(found)
    check_derived(state, connection, applied)
    held = sorted(index for index in log.entries if cut.index < index <= applied)
    return Verified(
        dropped=cut.index,
        index=applied,
        head=head,
        changes=connection.execute("SELECT coalesce(sum(held), 0) FROM history").fetchone()[0],
        held=(held[0], held[-1]) if held else None,
        unapplied=sum(index > applied for index in log.entries),
    )


def _check_link(state: Path, stored: StoredLink, log: _Log) -> None:
    link = stored.link
    if link.leaf() != stored.leaf:
        raise mismatch(state, link.index, "its history, time or term is not what was chained")
    entry = log.entries.get(link.index)
    if entry is not None and (entry.term != link.term or content_of(entry) != link.content):
        raise mismatch(state, link.index, "the entry in its log is not what was applied")


def _check_node(
    state: Path,
    connection: sqlite3.Connection,
    index: int,
    level: int,
    position: int,
    digest: bytes,
) -> None:
    row = connection.execute(
        "SELECT digest FROM chain_nodes WHERE level = ? AND position = ?", (level, position)
    ).fetchone()
    if row is None or row[0] != digest:
        first = (position << level) + 1
        raise mismatch(state, index, f"the hash over {first} to {index} is not that of its links")


def _check_head(state: Path, frontier: Frontier, head: bytes, what: str) -> None:
    if frontier.root() != head:
        raise mismatch(
            state,
            frontier.size,
            f"{what} is {head.hex()}, but what stands here makes {frontier.root().hex()}",
        )


def _check_stray(state: Path, connection: sqlite3.Connection, dropped: int, applied: int) -> None:
    kept = dict.fromkeys(
        ("history", "count_history", "camera_history", "cuts", "sums", "chain"), dropped
    )
    for table, after in {**kept, "layouts": 0}.items():
        (stray,) = connection.execute(
            f"SELECT min(applied_index) FROM {table} WHERE applied_index <= ? OR applied_index > ?",
            (after, applied),
        ).fetchone()
        if stray is not None:
            there = f"{after + 1} to {applied} is there"
            raise mismatch(state, stray, f"{table} has rows of it, but {there}")


def _check_version(state: Path, connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("SELECT schema_version FROM meta").fetchone()
    if version > SCHEMA_VERSION:
        raise UsageError(
            f"{state} has schema version {version}, this program knows {SCHEMA_VERSION}: "
            "upgrade Parkledger"
        )
    if version < SCHEMA_VERSION:
        raise UsageError(
            f"{state} has schema version {version}, which this program cannot verify: start its "
            "replica once with this version"
        )


def _read_log(data: Path) -> _Log:
    path = data / DIRECTORY
    if not path.is_dir():
        if log_db.is_there(data):
            raise UsageError(
                f"{data} has a log of schema version {log_db.LAST_SCHEMA} or less: start its "
                "replica once with this version"
            )
        return _Log({})
    with _naming(path):
        try:
            entries = read_log(path, DiskFiles(), to_write=False).replay.entries
        except NewerVersion as error:
            raise UsageError(
                f"{path} has schema version {error.version}, this program knows {LOG_VERSION}: "
                "upgrade Parkledger"
            ) from error
    return _Log({entry.index: entry for entry in entries})


def _open(path: Path) -> sqlite3.Connection:
    # With a write-ahead log left by a crash SQLite must read that too, and may make a -shm file.
    left = path.with_name(f"{path.name}-wal")
    how = "mode=ro" if left.exists() and left.stat().st_size else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        raise Mismatch(f"{path} is damaged: {error}") from error


@contextmanager
def _unused(path: Path) -> Iterator[None]:
    """Hold off a replica while its directory is read; a copy need not have a lock."""
    lock = path / "lock"
    if not path.is_dir() or not lock.exists():
        yield
        return
    descriptor = os.open(lock, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise UsageError(
            f"--data {path} is in use by a replica: stop it first, or ask it with --ledger"
        ) from error
    finally:
        os.close(descriptor)
