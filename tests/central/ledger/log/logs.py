"""What tests of the log write: a group, entries, a snapshot in pieces."""

import hashlib
from pathlib import Path

from central.ledger.log.storage import Storage
from central.raft import Configuration, Entry, HardState, Persist, Piece, Restore, Snapshot

GROUP = Configuration(frozenset({"a", "b", "c"}), frozenset(), b"where they are")
FIRST = Snapshot(0, 0, GROUP)
BYTES = b"all that was ever applied"
IDENTITY = hashlib.sha256(BYTES).digest()
REPLACED = Persist(start=Snapshot(50, 2, GROUP), restore=Restore(Snapshot(50, 2, GROUP), IDENTITY))


def open_storage(
    directory: Path,
    replica_id: str = "a",
    cluster_id: str = "c",
    *,
    segment_bytes: int = 1 << 16,
    any_cluster: bool = False,
) -> Storage:
    """Open a log of small segments, which are made when they are needed."""
    return Storage(
        directory,
        cluster_id=cluster_id,
        replica_id=replica_id,
        first=FIRST,
        segment_bytes=segment_bytes,
        any_cluster=any_cluster,
        ahead=False,
    )


def log_of(storage: Storage) -> tuple[HardState, list[Entry]]:
    """Return term, vote and entries."""
    loaded = storage.load()
    return loaded.hard_state, loaded.entries


def entries(first: int, last: int, term: int = 1, *, size: int = 0) -> tuple[Entry, ...]:
    """Return entries of which each says its index, and is at least so large."""
    return tuple(
        Entry(index, term, (b"%d " % index * size)[:size] or b"%d" % index)
        for index in range(first, last + 1)
    )


def piece(offset: int, end: int, data: bytes = BYTES, *, index: int = 50) -> Piece:
    """Return a piece of a snapshot."""
    identity = hashlib.sha256(data).digest()
    return Piece(Snapshot(index, 2, GROUP), identity, len(data), offset, data[offset:end])
