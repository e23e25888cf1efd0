"""Applies committed entries to the state: in memory at once, in SQLite's tables a little later.

Deterministic: no clock, no floats, no order that depends on hashing. Replicas at the same applied
index have the same head, and once they have stored it the same tables.

An entry's time is the later of what its primary proposed and the time of the entry before: a new
primary's clock may be behind, but in the history time never goes back, so that an instant in the
past is one index. (A clock that was far ahead holds the time up until the others have caught up:
keep the replicas' clocks set.)

What an entry comes to is known when it is applied in memory; what many entries touched is then
written once, in one transaction. Until then a crash takes it, as a power cut takes the last
transactions (the file is opened with `synchronous=NORMAL`): it is applied again from the log, which
is what is fsynced. That is why the applied index stands in the same transaction as what it counts.
"""

import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from central.ledger.command import (
    AppendBatches,
    ApplyLayout,
    Command,
    DropHistory,
    LoseCamera,
    ReportCount,
    StoredBatches,
    SumState,
    read,
)
from central.ledger.log.data_directory import connect
from central.ledger.merkle import EMPTY_ROOT, Frontier
from central.ledger.outcome import Outcome
from central.ledger.state import (
    apply_cameras,
    apply_detections,
    apply_drop,
    apply_layout,
    apply_report,
    apply_sum,
    chain,
)
from central.ledger.state.changes import Changes
from central.ledger.state.present import Present
from central.ledger.state.schema import SCHEMA_VERSION, STATEMENTS, statements_of
from central.ledger.state.upgrading import OLDEST, bring_up_to_date
from central.raft import Entry
from node.errors import OperationError, UsageError
from node.values import frozen

logger = logging.getLogger(__name__)


KEPT_PAGES = 64  # empty ones that state.db keeps for what comes next
VACUUMED_PAGES = 4000  # most that are given back at a time

Reader: TypeAlias = Callable[[Entry], tuple[Command | StoredBatches, int]]


def read_entry(entry: Entry) -> tuple[Command | StoredBatches, int]:
    """Return what an entry says, and when it was proposed. Raises CorruptCommandError."""
    return read(entry.data)


@frozen
class Applied:
    """What one entry did, for whoever proposed it."""

    index: int
    term: int
    outcome: Outcome


@frozen
class _Stored:
    """How far the tables are."""

    index: int
    committed_at_us: int  # of that entry
    frontier: Frontier  # over all links; never grown


class StateMachine:
    """The state of one replica. Not thread-safe: one thread at a time.

    Invariant: what the tables lack of `applied_index` is in memory, and `store` writes it.
    """

    def __init__(self, directory: Path) -> None:
        """Open or create `state.db` in a directory that the caller has locked."""
        self._failed = False
        self._index = self._committed_at_us = 0  # of what is applied
        self.rows_since_checkpoint = 0
        """Rows written since: what SQLite's own log holds."""
        self.path = directory / "state.db"
        try:
            self._connection = connect(self.path, synchronous="NORMAL")
            self._connection.execute("PRAGMA wal_autocheckpoint = 0")  # see `checkpoint`
            if not self._connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                # So that dropping history makes the file smaller. It counts only for a new file.
                self._connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
                self._connection.execute("VACUUM")
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                self._prepare()
            index, head = self._connection.execute(
                "SELECT applied_index, chain_head FROM meta"
            ).fetchone()
            self._stored = _Stored(
                index,
                chain.last_committed_at_us(self._connection),
                chain.frontier_of(self._connection, index),
            )
            self._present = Present(self._connection)
            self._go_back()
            if self.chain_head != head:
                raise ValueError("its head is not that of what is chained")
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            raise OperationError(
                f"{self.path} cannot be read ({error}): delete state.db* in that directory; "
                "it is rebuilt from the log"
            ) from error

    @property
    def applied_index(self) -> int:
        """The last index whose effect is in the state."""
        return self._index

    @property
    def stored_index(self) -> int:
        """The last index whose effect is in the tables, where others read."""
        return self._stored.index

    @property
    def unstored_rows(self) -> int:
        """How many rows `store` would write, or few less: what it costs."""
        links = self._index - self._stored.index
        return self._present.unwritten + self._changes.unwritten + links

    @property
    def frontier(self) -> Frontier:
        """The tree over every entry applied so far, as it stands."""
        return self._links.frontier.copy()

    @property
    def chain_head(self) -> bytes:
        """The head over every entry applied so far: equal on all replicas at equal index."""
        return self._links.frontier.root()

    def apply(self, entries: Sequence[Entry]) -> list[Applied]:
        """Apply entries and store them."""
        applied = self.take(entries)
        self.store()
        return applied

    def take(self, entries: Sequence[Entry], read: Reader = read_entry) -> list[Applied]:
        """Apply entries in memory; those that need the tables are stored, with all before them.

        `read` says of each what it is. If it raises, only what is stored is applied.
        """
        try:
            return [Applied(entry.index, entry.term, self._take(entry, read)) for entry in entries]
        except BaseException:
            self._go_back()
            raise

    def store(self) -> None:
        """Write what is applied and not yet in the tables, in one transaction."""
        if self._stored.index < self._index:
            with self._storing():
                pass

    def checkpoint(self) -> None:
        """Empty SQLite's own log into state.db, which takes fsyncs; to be called now and then.

        Not left to SQLite, which does it after any commit: `apply` must not wait for a disk. Pages
        that dropped history has left empty go back to the file system, a part at a time.
        """
        (empty,) = self._connection.execute("PRAGMA freelist_count").fetchone()
        if empty > KEPT_PAGES:
            # As a script: by `execute` it would stop after the first page.
            pages = min(empty - KEPT_PAGES, VACUUMED_PAGES)
            self._connection.executescript(f"PRAGMA incremental_vacuum({pages})")
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        self.rows_since_checkpoint = 0

    def make_durable(self) -> int:
        """Fsync all that is stored; returns its index. The log may be compacted up to there."""
        index = self._stored.index
        wal = self.path.with_name(f"{self.path.name}-wal")
        for path in (wal, self.path, self.path.parent):
            if path.exists():
                _fsync(path)
        return index

    def close(self) -> None:
        """Store what is not yet, and release the file."""
        try:
            if not self._failed:
                self.store()
        except sqlite3.Error as error:
            logger.warning("%s lacks its end (%s): it is in the log", self.path, error)
        if self._failed:
            # As in Storage.close: after a failed fsync closing must not empty SQLite's own log.
            self._connection.interrupt()
        self._connection.close()

    def _take(self, entry: Entry, read: Reader) -> Outcome:
        if entry.index != self._index + 1:
            raise AssertionError(f"entry {entry.index} cannot follow {self._index}")
        if not entry.data:
            return self._chained(entry, None)
        command, proposed_at_us = read(entry)
        self._committed_at_us = max(self._committed_at_us, proposed_at_us)
        if isinstance(command, StoredBatches | LoseCamera):
            return self._do(entry, command)
        with self._storing():
            self._write()
            return self._do(entry, command)

    def _do(self, entry: Entry, command: Command | StoredBatches) -> Outcome:
        self._changes.begin(entry.index, self._committed_at_us)
        return self._chained(entry, self._dispatch(command, self._changes))

    def _chained(self, entry: Entry, outcome: Outcome) -> Outcome:
        self._links.add(entry, self._committed_at_us, self._changes.end())
        self._index = entry.index
        return outcome

    @contextmanager
    def _storing(self) -> Iterator[None]:
        """A transaction that ends with everything in the tables."""
        self._failed = True
        try:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
                self._write()
                self._connection.execute(
                    "UPDATE meta SET applied_index = ?, chain_head = ?",
                    (self._index, self.chain_head),
                )
        except BaseException:
            self._go_back()
            raise
        self._stored = _Stored(self._index, self._committed_at_us, self.frontier)
        self._failed = False

    def _write(self) -> None:
        self.rows_since_checkpoint += self.unstored_rows
        self._present.flush()
        self._changes.flush(self._connection)
        self._links.flush(self._connection)

    def _go_back(self) -> None:
        """Be as the tables are."""
        self._present.forget()
        self._changes = Changes()
        self._links = chain.Links(self._stored.frontier.copy())
        self._index, self._committed_at_us = self._stored.index, self._stored.committed_at_us

    def _dispatch(self, command: Command | StoredBatches, changes: Changes) -> Outcome:
        """Do what a command says; one that is refused has written nothing."""
        connection, present = self._connection, self._present
        match command:
            case StoredBatches():
                return apply_detections.append(present, changes, command)
            case LoseCamera():
                return apply_cameras.lose(present, changes, command)
            case ApplyLayout():
                return apply_layout.apply(connection, present, changes, command)
            case ReportCount(report):
                return apply_report.report(connection, changes, report)
            case DropHistory(through):
                return apply_drop.drop(connection, changes, through)
            case SumState():
                return apply_sum.add_sum(connection, changes)
            case AppendBatches():
                raise AssertionError("batches are applied as they are stored")

    def _prepare(self) -> None:
        """Make the tables if there are none; raises UsageError for ones from a later version."""
        connection = self._connection
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).fetchall()
        if tables:
            (version,) = connection.execute("SELECT schema_version FROM meta").fetchone()
            if version == SCHEMA_VERSION:
                return
            if version > SCHEMA_VERSION:
                raise UsageError(
                    f"{self.path} has schema version {version}, this program knows "
                    f"{SCHEMA_VERSION}: upgrade Parkledger"
                )
            if version >= OLDEST:
                logger.warning(
                    "%s is of schema version %d: bringing it up to date", self.path, version
                )
                bring_up_to_date(connection, version)
                return
            # What a state of version 1 lacks stands only in the log, which such a replica has from
            # its first entry on. All replicas come to the same head, whenever each was upgraded.
            logger.warning(
                "%s is of schema version %d: rebuilding from the log", self.path, version
            )
            for (name,) in tables:
                connection.execute(f'DROP TABLE "{name}"')
        for statement in statements_of(STATEMENTS):
            connection.execute(statement)
        connection.execute("INSERT INTO meta VALUES (1, ?, 0, ?)", (SCHEMA_VERSION, EMPTY_ROOT))


def replace_state(directory: Path, snapshot: Path) -> None:
    """Make a received snapshot the state, durably; the state machine must be closed.

    May be done again if it was interrupted: the snapshot stays as it is until the state machine is
    opened. From then on they are one file: its other name has to be forgotten before.
    """
    state, new = directory / "state.db", directory / "state.db.new"
    new.unlink(missing_ok=True)
    try:
        new.hardlink_to(snapshot)  # no second copy: no room, no time
    except OSError:
        shutil.copyfile(snapshot, new)  # where the file system knows no links
        new.chmod(0o600)
        _fsync(new)
    # Before the swap, for an old write-ahead log must never be taken for the new state's.
    for suffix in ("-wal", "-shm"):
        state.with_name(state.name + suffix).unlink(missing_ok=True)
    _fsync(directory)
    new.replace(state)
    new.unlink(missing_ok=True)  # it is left if they are one file already
    _fsync(directory)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
