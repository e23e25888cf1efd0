"""The tables of log.db: made, brought up to date, and asked whose they are."""

import sqlite3
import zlib
from pathlib import Path

from central.ledger.log.format import (
    Kind,
    decode_hard_state,
    decode_index,
    decode_received,
    decode_restore,
    decode_snapshot,
    encode_hard_state,
    encode_identity,
    encode_index,
    encode_received,
    encode_restore,
    encode_snapshot,
    row_crc,
    seal,
    unseal,
)
from central.ledger.log.state import LogState
from central.raft import HardState, Snapshot
from node.errors import UsageError

SCHEMA_VERSION = 2

# What an earlier or later program reads to know that this is not for it. Ours is sealed as well.
_IDENTITY = """CREATE TABLE identity (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    schema_version INTEGER NOT NULL, cluster_id TEXT NOT NULL, replica_id TEXT NOT NULL
)"""
_LOG = """CREATE TABLE log (
    first_index INTEGER PRIMARY KEY, last_index INTEGER NOT NULL,
    crc32 INTEGER NOT NULL, entries BLOB NOT NULL
)"""
_RECORD = "CREATE TABLE record (kind INTEGER PRIMARY KEY, sealed BLOB NOT NULL)"


def is_empty(connection: sqlite3.Connection) -> bool:
    """Return whether nothing was ever written; a file that lost its tables is larger."""
    if connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
        return False
    pages: int = connection.execute("PRAGMA page_count").fetchone()[0]
    return pages <= 1


def create(
    connection: sqlite3.Connection, *, cluster_id: str, replica_id: str, first: Snapshot
) -> None:
    """Make the tables of a new log, inside the caller's transaction."""
    connection.execute(_IDENTITY)
    connection.execute(_LOG)
    connection.execute(
        "INSERT INTO identity VALUES (1, ?, ?, ?)", (SCHEMA_VERSION, cluster_id, replica_id)
    )
    _create_records(
        connection, cluster_id, replica_id, LogState(HardState(), first, last=first.index)
    )


def version_of(connection: sqlite3.Connection, directory: Path) -> int:
    """Return the schema's version; raises UsageError for one that is not known yet."""
    version: int = connection.execute("SELECT schema_version FROM identity").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise UsageError(
            f"data directory '{directory}' has schema version {version}, this program knows "
            f"{SCHEMA_VERSION}: upgrade Parkledger"
        )
    return version


def check_owner(
    connection: sqlite3.Connection, directory: Path, *, cluster_id: str | None, replica_id: str
) -> None:
    """Raise UsageError if the log is another replica's, ValueError if that cannot be told.

    Without `cluster_id` it may be of any group.
    """
    found_cluster, found_replica = connection.execute(
        "SELECT cluster_id, replica_id FROM identity"
    ).fetchone()
    if version_of(connection, directory) == SCHEMA_VERSION and (
        read(connection, Kind.IDENTITY) != encode_identity(found_cluster, found_replica)
    ):
        raise ValueError("its owner does not match its checksum")
    if found_replica != replica_id:
        raise UsageError(
            f"data directory '{directory}' belongs to replica '{found_replica}', not "
            f"'{replica_id}': give --data of this replica or --replica-id {found_replica}"
        )
    if cluster_id is not None and found_cluster != cluster_id:
        raise UsageError(
            f"data directory '{directory}' belongs to cluster {found_cluster}, not "
            f"{cluster_id}: the set of replica ids in --peers, or --cluster, has changed"
        )


def cluster_id_of(connection: sqlite3.Connection) -> str:
    """Return which group's log it is."""
    (cluster_id,) = connection.execute("SELECT cluster_id FROM identity").fetchone()
    return str(cluster_id)


def rename_cluster(connection: sqlite3.Connection, cluster_id: str) -> None:
    """Make it another group's log, inside the caller's transaction."""
    (replica_id,) = connection.execute("SELECT replica_id FROM identity").fetchone()
    connection.execute("UPDATE identity SET cluster_id = ?", (cluster_id,))
    put(connection, Kind.IDENTITY, encode_identity(cluster_id, replica_id))


def migrate_from_1(
    connection: sqlite3.Connection, *, cluster_id: str, replica_id: str, first: Snapshot
) -> None:
    """Bring a log of schema 1 up to date, inside the caller's transaction.

    Such a log was never compacted, and its group is the one that every replica was started with,
    which is `first`. Raises ValueError naming the first index that is bad.
    """
    last = 0
    rows = connection.execute("SELECT first_index, last_index, crc32, entries FROM log ORDER BY 1")
    for first_index, last_index, crc, blob in rows.fetchall():
        if zlib.crc32(blob) != crc or first_index != last + 1:
            raise ValueError(f"entries {first_index} to {last_index} are damaged")
        connection.execute(
            "UPDATE log SET crc32 = ? WHERE first_index = ?",
            (row_crc(first_index, last_index, blob), first_index),
        )
        last = last_index
    row = connection.execute("SELECT term, vote FROM hard_state").fetchone()
    hard_state = HardState(*row) if row else HardState()
    connection.execute("DROP TABLE hard_state")
    _create_records(connection, cluster_id, replica_id, LogState(hard_state, first, last))
    connection.execute("UPDATE identity SET schema_version = ?", (SCHEMA_VERSION,))


def put(connection: sqlite3.Connection, kind: Kind, payload: bytes) -> None:
    """Replace a record, inside the caller's transaction."""
    connection.execute("INSERT OR REPLACE INTO record VALUES (?, ?)", (kind, seal(kind, payload)))


def put_changes(connection: sqlite3.Connection, old: LogState | None, new: LogState) -> None:
    """Replace the records that changed, inside the caller's transaction; `last` is no record."""
    if old is None or old.hard_state != new.hard_state:
        put(connection, Kind.HARD_STATE, encode_hard_state(new.hard_state))
    if old is None or old.start != new.start:
        put(connection, Kind.START, encode_snapshot(new.start))
    if old is None or old.received != new.received:
        put(connection, Kind.RECEIVED, encode_received(new.received))
    if old is None or old.restore != new.restore:
        put(connection, Kind.RESTORE, encode_restore(new.restore))


def read(connection: sqlite3.Connection, kind: Kind) -> bytes:
    """Return a record's payload; raises ValueError if it is not what was written."""
    row = connection.execute("SELECT sealed FROM record WHERE kind = ?", (kind,)).fetchone()
    return unseal(kind, row[0] if row else None)


def read_state(connection: sqlite3.Connection) -> LogState:
    """Return everything but the entries; raises ValueError if it is not what was written."""
    start = decode_snapshot(read(connection, Kind.START))
    row = connection.execute("SELECT last_index FROM log ORDER BY first_index DESC LIMIT 1")
    (last,) = row.fetchone() or (start.index,)
    return LogState(
        decode_hard_state(read(connection, Kind.HARD_STATE)),
        start,
        int(last),
        decode_received(read(connection, Kind.RECEIVED)),
        decode_restore(read(connection, Kind.RESTORE)),
    )


def read_noted_last(connection: sqlite3.Connection) -> int:
    """Return an index that the log reached when it was last noted; raises ValueError."""
    return decode_index(read(connection, Kind.LAST))


def check_end(last: int, last_by_row: int, noted: int) -> None:
    """Raise ValueError if the log does not end where it is known to."""
    if last < noted or last != last_by_row:
        raise ValueError(f"the log ends at {last}, but has reached {max(noted, last_by_row)}")


def _create_records(
    connection: sqlite3.Connection, cluster_id: str, replica_id: str, state: LogState
) -> None:
    connection.execute(_RECORD)
    put(connection, Kind.IDENTITY, encode_identity(cluster_id, replica_id))
    put(connection, Kind.LAST, encode_index(state.last))
    put_changes(connection, None, state)
