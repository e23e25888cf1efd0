"""Backups of states that nobody runs, for tests."""

import asyncio
from contextlib import aclosing
from pathlib import Path

from central.ledger.replica.opening import ReplicaSettings
from central.ledger.services.backup_source import BackupSource
from central.ledger.snapshots.backup_file import (
    Backup,
    BackupPart,
    Description,
    Digest,
    encode_head,
    read_backup,
)
from central.ledger.upkeep import restoring
from central.raft import Configuration
from node.address import Address

HERE = Address("127.0.0.1", 7001)


def quiet(done: int, size: int) -> None:
    """Progress that nobody looks at."""


def settings(directory: Path, replica_id: str = "a") -> ReplicaSettings:
    return ReplicaSettings(replica_id, Configuration(), "north-1234", directory, 0.01, 20, 4)


async def parts_of(source: BackupSource, *, at_least: int = 0) -> list[BackupPart]:
    async with aclosing(source.copy(at_least=at_least)) as parts:
        return [part async for part in parts]


def made(directory: Path, file: Path) -> Backup:
    """Write a backup of the state in a directory."""
    description, *pieces, digest = asyncio.run(parts_of(BackupSource(settings(directory))))
    assert isinstance(description, Description)
    assert isinstance(digest, Digest)
    body = b"".join(piece for piece in pieces if isinstance(piece, bytes))
    file.write_bytes(encode_head(description, digest.sha256) + body)
    return read_backup(file)


def restored(file: Path, directory: Path) -> restoring.Restored:
    return restoring.restore(
        file, directory, replica_id="x", listen=HERE, cluster_name=None, progress=quiet
    )
