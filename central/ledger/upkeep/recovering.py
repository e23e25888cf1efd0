"""Makes a group of one stopped replica's data, when a quorum of the others is gone for good."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from central.ledger.log.storage import Storage
from central.ledger.peers.identity import Identity, has_log, read_identity, write_identity
from central.ledger.peers.members import configuration_of
from central.raft import Configuration, HardState, Snapshot, forced
from central.raft.log import Log
from node.address import Address
from node.errors import OperationError, UsageError
from node.values import frozen


@frozen
class Survivor:
    """A replica's disk as it is found. last: the end of its log. members: of the latest
    configuration in it.
    """

    replica_id: str
    cluster_id: str
    hard_state: HardState
    last: Snapshot

    @property
    def members(self) -> Configuration:
        """Who belonged to the group."""
        return self.last.configuration


class Recovery:
    """One stopped replica's directory, opened and locked."""

    def __init__(self, storage: Storage, identity: Identity, directory: Path, replica_id: str):
        self._storage = storage
        self._identity = identity
        self._directory = directory
        on_disk = storage.load()
        log = Log(on_disk.entries, start=on_disk.start)
        self.survivor = Survivor(
            replica_id, storage.cluster_id, on_disk.hard_state, log.snapshot_at(log.last_index)
        )

    def force_new_cluster(self, listen: Address) -> str:
        """Make this replica the whole group, of a new cluster id, which is returned.

        Interrupted, it may be done again. Raises OperationError if the disk fails.
        """
        survivor = self.survivor
        name = survivor.cluster_id.rpartition("-")[0] or survivor.cluster_id
        # Drawn, so that the lost ones are refused if they ever come back.
        cluster_id = f"{name}-{os.urandom(4).hex()}"
        group = configuration_of({survivor.replica_id: listen})
        try:
            self._storage.rename_cluster(cluster_id)
            self._storage.write(forced(survivor.hard_state, survivor.last, group))
            write_identity(self._directory, Identity(self._identity.incarnation, cluster_id, True))
        except OSError as error:
            raise OperationError(
                f"data directory '{self._directory}' cannot be written ({error}): free or replace "
                "the disk, then recover again"
            ) from error
        return cluster_id


@contextmanager
def opened(directory: Path, replica_id: str) -> Iterator[Recovery]:
    """Open a stopped replica's directory; raises UsageError for another's, or one in use."""
    if directory.is_file():
        raise UsageError(f"--data {directory}: is a file; give the directory of a survivor")
    identity = read_identity(directory)
    if identity is None or not has_log(directory):
        raise UsageError(
            f"--data {directory}: no replica has run there; give the directory of a survivor"
        )
    storage = Storage(
        directory,
        cluster_id=identity.made_for,
        replica_id=replica_id,
        first=Snapshot(),
        any_cluster=True,
    )
    try:
        yield Recovery(storage, identity, directory, replica_id)
    finally:
        storage.close()


def described(survivor: Survivor) -> list[str]:
    """Say what is found on the disk, and what that means."""
    last = survivor.last
    members = sorted(survivor.members.members)
    others = [name for name in members if name != survivor.replica_id]
    return [
        f"replica '{survivor.replica_id}' of cluster {survivor.cluster_id}",
        f"members by its log: {', '.join(members) or 'none'}",
        f"its log ends at:    term {last.term}, index {last.index}",
        "",
        "What may be lost: whatever was acked and did not reach this disk, that is, everything",
        f"after term {last.term}, index {last.index}. Compare with every other disk that can still "
        "be read",
        f"({', '.join(others) or 'there are none'}): 'parkledger recover --dry-run' there prints "
        "the same two numbers. Recover",
        "only the one with the highest term, and of those the highest index. If a majority of the",
        "members can be started at all, start them instead: then nothing is lost.",
        "The other replicas must never run again on their old data: delete it, and add them anew.",
    ]
