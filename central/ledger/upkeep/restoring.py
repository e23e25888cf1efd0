"""Makes a data directory of a new cluster from a backup; nothing of it counts until it is checked.

The copy is checked by its digest, then opened as a replica opens it (which brings an older one up
to date), then verified from its first index to its last. Only then a log is begun that goes on
from there, and the log is what makes the directory a replica's.
"""

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from central.ledger.log.data_directory import lock, make_private_directory
from central.ledger.log.storage import Storage
from central.ledger.peers.identity import new_identity, write_identity
from central.ledger.peers.members import configuration_of
from central.ledger.snapshots.backup_file import HEAD_BYTES, Backup, damaged, read_backup
from central.ledger.state.schema import SCHEMA_VERSION
from central.ledger.state.state_machine import StateMachine
from central.ledger.upkeep.verify import Mismatch, Verified, verify_data
from central.raft import HardState, Snapshot, forced
from node.address import Address
from node.errors import OperationError, UsageError
from node.values import frozen

PIECE_BYTES = 1 << 20

_STATE = ("state.db", "state.db-wal", "state.db-shm")
_LEFTOVERS = frozenset({"lock", *_STATE})
"""What an interrupted restore leaves; a replica's directory has a log besides."""

Progress = Callable[[int, int], None]
"""(bytes so far, bytes in all)"""


@frozen
class Checked:
    """A backup that is whole. verified: what its state came to. term: of its last entry."""

    backup: Backup
    verified: Verified
    term: int


@frozen
class Restored:
    """A new cluster of one replica."""

    checked: Checked
    cluster_id: str


def check(file: Path, *, progress: Progress) -> Checked:
    """Check a backup from its first byte to its last, in a temporary directory.

    Raises UsageError for a file that is no backup or a newer one, OperationError for a damaged one.
    """
    backup = _read(file)
    with tempfile.TemporaryDirectory(prefix="parkledger-") as directory, _disk(Path(directory)):
        return _unpack(backup, Path(directory), progress)


def restore(
    file: Path,
    directory: Path,
    *,
    replica_id: str,
    listen: Address,
    cluster_name: str | None,
    progress: Progress,
) -> Restored:
    """Make a cluster of one replica in an empty directory.

    Raises as `check` does, UsageError for a directory that is not empty; then it is empty again.
    """
    backup = _read(file)
    _check_empty(directory)
    make_private_directory(directory)
    old_umask = os.umask(0o077)  # SQLite's own files, too, are their owner's alone
    try:
        with _disk(directory):
            with _held(directory):
                checked = _unpack(backup, directory, progress)
            old_name = backup.description.cluster_id.rpartition("-")[0]
            name = cluster_name or old_name or backup.description.cluster_id
            # Drawn, so that replicas of the old cluster are refused, and it refuses this one.
            cluster_id = f"{name}-{os.urandom(4).hex()}"
            _begin_log(directory, checked, replica_id, cluster_id, listen)
    except BaseException:
        # Without the log it would be nobody's; with half of one somebody could start it.
        for left in sorted(directory.rglob("*"), reverse=True):
            if left.is_dir():
                left.rmdir()
            else:
                left.unlink()
        raise
    finally:
        os.umask(old_umask)
    return Restored(checked, cluster_id)


def _read(file: Path) -> Backup:
    backup = read_backup(file)
    if backup.description.schema_version > SCHEMA_VERSION:
        raise UsageError(
            f"{file}: has schema version {backup.description.schema_version}, this program knows "
            f"{SCHEMA_VERSION}: upgrade Parkledger"
        )
    return backup


def _check_empty(directory: Path) -> None:
    try:
        found = {path.name for path in directory.iterdir()} if directory.is_dir() else set()
    except OSError as error:
        raise UsageError(f"--data {directory}: cannot be read ({error.strerror})") from None
    if found - _LEFTOVERS:
        raise UsageError(
            f"--data {directory}: is not empty ({min(found - _LEFTOVERS)}); give an empty or a new "
            "directory: a backup is never restored over a replica"
        )


def _unpack(backup: Backup, directory: Path, progress: Progress) -> Checked:
    for name in _STATE:
        (directory / name).unlink(missing_ok=True)
    state = directory / "state.db"
    if _copy(backup, state, progress) != backup.sha256:
        raise damaged(backup.path, "its SHA-256 is not that of what was written")
    said = backup.description
    try:
        machine = StateMachine(directory)
        index, head = machine.applied_index, machine.chain_head
        machine.close()
        if index != said.index:
            raise UsageError(
                f"{backup.path}: is of schema version {said.schema_version}, which this program "
                "cannot bring up to date without a log: restore it with the version that made it"
            )
        if said.schema_version == SCHEMA_VERSION and head != said.head:
            raise damaged(backup.path, "its head is not that of the copy")
        verified = verify_data(state)
    except (Mismatch, sqlite3.DatabaseError) as error:
        raise damaged(backup.path, str(error)) from error
    return Checked(backup, verified, _last_term(state))


def _copy(backup: Backup, target: Path, progress: Progress) -> bytes:
    """Write the copy that is in a backup, durably; returns its SHA-256."""
    digest, done = hashlib.sha256(), 0
    descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as output, backup.path.open("rb") as file:
        file.seek(HEAD_BYTES)
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
            output.write(piece)
            done += len(piece)
            progress(done, backup.description.size)
        output.flush()
        os.fsync(descriptor)
    return digest.digest()


def _last_term(state: Path) -> int:
    with closing(sqlite3.connect(state)) as connection:
        row = connection.execute("SELECT term FROM chain ORDER BY applied_index DESC").fetchone()
    return int(row[0]) if row else 0


def _begin_log(
    directory: Path, checked: Checked, replica_id: str, cluster_id: str, listen: Address
) -> None:
    """Begin the log of a group of one that goes on after what is applied."""
    last = Snapshot(checked.verified.index, checked.term)
    write_identity(directory, new_identity(made_for=cluster_id, joined=True))
    with Storage(directory, cluster_id=cluster_id, replica_id=replica_id, first=last) as storage:
        group = configuration_of({replica_id: listen})
        storage.write(forced(HardState(checked.term, None), last, group))


@contextmanager
def _held(directory: Path) -> Iterator[None]:
    descriptor = lock(directory)
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _disk(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OperationError(
            f"{directory}: cannot be written ({error.strerror or error}); free or replace the disk"
        ) from error
