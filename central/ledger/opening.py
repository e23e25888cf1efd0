"""Opens a data directory: what a crash left undone is done, what was lost is told."""

import random
from dataclasses import dataclass
from pathlib import Path

from central.ledger.state_machine import StateMachine, replace_state
from central.ledger.storage import Storage
from central.raft import Config, Configuration, Piece, Raft, Snapshot
from node.errors import OperationError


@dataclass(frozen=True)
class ReplicaSettings:
    """What one replica is told. Times in seconds.

    first: the group's first configuration, which counts as long as the log has no other; empty
    for a newcomer to a group. kept_entries: how many applied entries the log keeps for backups
    that lag; it is compacted when it has twice as many.
    """

    replica_id: str
    first: Configuration
    cluster_id: str
    directory: Path
    tick: float
    election_ticks: int
    heartbeat_ticks: int
    kept_entries: int = 10_000


@dataclass(frozen=True)
class Opened:
    """The parts of a replica. received: a snapshot that was arriving when the process ended."""

    storage: Storage
    state_machine: StateMachine
    raft: Raft
    received: Piece | None


def open_replica(settings: ReplicaSettings) -> Opened:
    """Open or create. Raises UsageError, OperationError; then nothing stays open."""
    storage = Storage(
        settings.directory,
        cluster_id=settings.cluster_id,
        replica_id=settings.replica_id,
        first=Snapshot(configuration=settings.first),
    )
    try:
        return _open(settings, storage)
    except ValueError as error:  # the core's word on a disk that has lost something
        storage.close()
        raise OperationError(
            f"{storage.path}: {error}; move the directory away and start this replica empty"
        ) from error
    except BaseException:
        storage.close()
        raise


def _open(settings: ReplicaSettings, storage: Storage) -> Opened:
    on_disk = storage.load()
    if on_disk.restore is not None:
        replace_state(settings.directory, storage.snapshot_path(on_disk.restore.identity))
        storage.restored()
    state_machine = StateMachine(settings.directory)
    try:
        raft = Raft(
            Config(
                replica_id=settings.replica_id,
                election_ticks=settings.election_ticks,
                heartbeat_ticks=settings.heartbeat_ticks,
            ),
            hard_state=on_disk.hard_state,
            start=on_disk.start,
            entries=on_disk.entries,
            applied=state_machine.applied_index,
            rng=random.Random(),
            received=on_disk.received,
        )
    except BaseException:
        state_machine.close()
        raise
    return Opened(storage, state_machine, raft, on_disk.received)
