"""Opens a data directory: what a crash left undone is done, what was lost is told."""

import random
from dataclasses import replace
from pathlib import Path

from central.ledger.log.data_directory import make_private_directory
from central.ledger.log.storage import Storage
from central.ledger.peers.identity import (
    Identity,
    has_log,
    new_identity,
    read_identity,
    write_identity,
)
from central.ledger.state.state_machine import StateMachine, replace_state
from central.raft import Config, Configuration, Piece, Raft, Snapshot
from node.errors import OperationError, UsageError
from node.values import frozen

LEASE_SHARE = 0.9
"""Of what backups promise; the rest is for clocks that do not run at the same speed."""


@frozen
class ReplicaSettings:
    """What one replica is told. Times in seconds.

    first: the group's first configuration, which counts as long as the log has no other; empty
    for a newcomer to a group. cluster_id: of the group, if the directory is empty; what is stored
    counts more. cluster_name: what the stored one must begin with, if given. kept_entries: how
    many applied entries the log keeps for backups that lag; it is compacted when it has twice as
    many. lease: a primary answers reads alone for a while after a quorum has answered it, which all
    replicas must be told alike.
    """

    replica_id: str
    first: Configuration
    cluster_id: str
    directory: Path
    tick: float
    election_ticks: int
    heartbeat_ticks: int
    kept_entries: int = 10_000
    cluster_name: str | None = None
    lease: bool = False


@frozen
class Opened:
    """The parts of a replica. settings: with the cluster id that is stored. received: a snapshot
    that was arriving when the process ended.
    """

    settings: ReplicaSettings
    identity: Identity
    storage: Storage
    state_machine: StateMachine
    raft: Raft
    received: Piece | None


def lease_us(settings: ReplicaSettings) -> int:
    """Return how long a primary answers reads alone after it asked a quorum, microseconds.

    A backup's promise lasts election_ticks of its ticks. The first may come at once, and one that
    was late just before it, so two are not counted.
    """
    return int((settings.election_ticks - 2) * settings.tick * LEASE_SHARE * 1e6)


def open_replica(settings: ReplicaSettings) -> Opened:
    """Open or create. Raises UsageError, OperationError; then nothing stays open."""
    make_private_directory(settings.directory)
    written, identity = _identity(settings)
    storage = Storage(
        settings.directory,
        cluster_id=identity.made_for,
        replica_id=settings.replica_id,
        first=Snapshot(configuration=Configuration() if identity.joined else settings.first),
        any_cluster=written,
    )
    try:
        if not written:
            _write(settings.directory, identity)
        settings = replace(settings, cluster_id=storage.cluster_id)
        _check_name(settings)
        return _open(settings, identity, storage)
    except ValueError as error:  # the core's word on a disk that has lost something
        storage.close()
        raise OperationError(
            f"{storage.path}: {error}; remove this replica with 'parkledger members remove "
            f"{settings.replica_id}' and add an empty one in its place"
        ) from error
    except BaseException:
        storage.close()
        raise


def _identity(settings: ReplicaSettings) -> tuple[bool, Identity]:
    """Return the identity, and whether it is on disk.

    Where there is no log the disk is a new one, whatever else was left on it.
    """
    directory = settings.directory
    found = read_identity(directory)
    if found is not None and has_log(directory):
        return True, found
    joins = settings.first == Configuration()
    if found is not None and found.joined and not joins:
        identity = new_identity(made_for=found.made_for, joined=True)  # its log was deleted
    else:
        identity = new_identity(made_for=settings.cluster_id, joined=joins)
    if has_log(directory):  # made by an earlier version: it is to pass the check of its group first
        return False, identity
    _write(directory, identity)
    return True, identity


def _write(directory: Path, identity: Identity) -> None:
    try:
        write_identity(directory, identity)
    except OSError as error:
        raise OperationError(
            f"data directory '{directory}' cannot be written ({error}): free or replace the disk"
        ) from error


def _check_name(settings: ReplicaSettings) -> None:
    name = settings.cluster_id.rpartition("-")[0]
    if settings.cluster_name not in (None, name):
        raise UsageError(
            f"data directory '{settings.directory}' belongs to cluster {settings.cluster_id}, not "
            f"to one named '{settings.cluster_name}': correct --cluster or --data, or leave "
            "--cluster out"
        )


def _open(settings: ReplicaSettings, identity: Identity, storage: Storage) -> Opened:
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
                lease=lease_us(settings) if settings.lease else 0,
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
    return Opened(settings, identity, storage, state_machine, raft, on_disk.received)
