"""Applies committed entries to the state, in SQLite, one transaction a batch.

Deterministic: no clock, no floats, no order that depends on hashing. Replicas at the same applied
index have the same tables and the same chain head.

The file is opened with `synchronous=NORMAL`: SQLite keeps it whole, but a power cut may take the
last transactions. They are applied again from the log, which is what is fsynced; that is why the
applied index stands in the same transaction as what it counts.
"""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from central.ledger import apply_detections, apply_layout, apply_report
from central.ledger.command import (
    AppendBatches,
    ApplyLayout,
    Command,
    LoseCamera,
    ReportCount,
    decode,
)
from central.ledger.data_directory import connect
from central.ledger.log_format import encode_configuration
from central.ledger.outcome import Outcome, Refused
from central.ledger.schema import SCHEMA_VERSION, STATEMENTS
from central.raft import Entry
from node.errors import OperationError, UsageError


@dataclass(frozen=True)
class Applied:
    """What one entry did, for whoever proposed it."""

    index: int
    term: int
    outcome: Outcome


class StateMachine:
    """The state of one replica. Not thread-safe: one worker thread at a time."""

    def __init__(self, directory: Path) -> None:
        """Open or create `state.db` in a directory that the caller has locked."""
        self.path = directory / "state.db"
        try:
            self._connection = connect(self.path, synchronous="NORMAL")
            self._create()
            row = self._connection.execute(
                "SELECT schema_version, applied_index, chain_head FROM meta"
            ).fetchone()
        except sqlite3.DatabaseError as error:
            raise OperationError(
                f"{self.path} cannot be read ({error}): delete state.db* in that directory; "
                "it is rebuilt from the log"
            ) from error
        version: int = row[0]
        self._applied_index: int = row[1]
        self._chain_head: bytes = row[2]
        if version > SCHEMA_VERSION:
            raise UsageError(
                f"{self.path} has schema version {version}, this program knows "
                f"{SCHEMA_VERSION}: upgrade Parkledger"
            )

    @property
    def applied_index(self) -> int:
        """The last index whose effect is in the state."""
        return self._applied_index

    @property
    def chain_head(self) -> bytes:
        """SHA-256 over every entry applied so far: equal on all replicas at equal index."""
        return self._chain_head

    def apply(self, entries: Sequence[Entry]) -> list[Applied]:
        """Apply entries in one transaction; all of them or, if it raises, none."""
        index, head = self._applied_index, self._chain_head
        applied: list[Applied] = []
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            for entry in entries:
                if entry.index != index + 1:
                    raise AssertionError(f"entry {entry.index} cannot follow {index}")
                outcome = self._apply_one(entry) if entry.data else None
                index = entry.index
                head = _chain(head, entry)
                applied.append(Applied(entry.index, entry.term, outcome))
            self._connection.execute(
                "UPDATE meta SET applied_index = ?, chain_head = ?", (index, head)
            )
        self._applied_index, self._chain_head = index, head
        return applied

    def make_durable(self) -> int:
        """Fsync all that is applied; returns its index. The log may be compacted up to there."""
        index = self._applied_index
        wal = self.path.with_name(f"{self.path.name}-wal")
        for path in (wal, self.path, self.path.parent):
            if path.exists():
                _fsync(path)
        return index

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def _apply_one(self, entry: Entry) -> Outcome:
        command, committed_at_us = decode(entry.data)
        # A refusal has changed nothing: whatever a command wrote before it was refused goes.
        self._connection.execute("SAVEPOINT command")
        outcome = self._dispatch(command, entry.index, committed_at_us)
        if isinstance(outcome, Refused):
            self._connection.execute("ROLLBACK TO command")
        self._connection.execute("RELEASE command")
        return outcome

    def _dispatch(self, command: Command, index: int, committed_at_us: int) -> Outcome:
        connection = self._connection
        match command:
            case AppendBatches(batches):
                return apply_detections.append(connection, batches, index, committed_at_us)
            case LoseCamera(camera_id, silent_since_us):
                return apply_detections.lose_camera(
                    connection, camera_id, silent_since_us, index, committed_at_us
                )
            case ApplyLayout(layout, expected_version):
                return apply_layout.apply(
                    connection, layout, expected_version, index, committed_at_us
                )
            case ReportCount(report):
                return apply_report.report(connection, report, index, committed_at_us)

    def _create(self) -> None:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            if self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                return
            for statement in _statements(STATEMENTS):
                self._connection.execute(statement)
            self._connection.execute(
                "INSERT INTO meta VALUES (1, ?, 0, ?)", (SCHEMA_VERSION, bytes(32))
            )


def replace_state(directory: Path, snapshot: Path) -> None:
    """Make a received snapshot the state, durably; the state machine must be closed.

    May be done again if it was interrupted: the snapshot stays as it is.
    """
    state, new = directory / "state.db", directory / "state.db.new"
    shutil.copyfile(snapshot, new)
    new.chmod(0o600)
    _fsync(new)
    # Before the swap, for an old write-ahead log must never be taken for the new state's.
    for suffix in ("-wal", "-shm"):
        state.with_name(state.name + suffix).unlink(missing_ok=True)
    _fsync(directory)
    new.replace(state)
    _fsync(directory)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _statements(script: str) -> Iterable[str]:
    return filter(str.strip, script.split(";"))


def _chain(head: bytes, entry: Entry) -> bytes:
    """Return SHA-256(previous head, index, term, content): the log itself, link by link."""
    digest = hashlib.sha256(head)
    digest.update(entry.index.to_bytes(8, "big"))
    digest.update(entry.term.to_bytes(8, "big"))
    if entry.configuration is None:
        digest.update(entry.data)
    else:
        digest.update(encode_configuration(entry.configuration))
    return digest.digest()
