"""Fetches a backup from a live replica into a file."""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from central.ledger.interface import LedgerError, LedgerUnavailable
from central.ledger.records import LedgerState, Members, ReplicaStatus
from central.ledger.snapshots.backup_file import (
    HEAD_BYTES,
    Backup,
    BackupPart,
    Description,
    Digest,
    encode_head,
)
from node.errors import OperationError, UsageError

Progress = Callable[[int, int], None]
"""(bytes so far, bytes in all)"""


class Source(Protocol):
    """What of a ledger's client is needed here."""

    async def get(self, *, stale_ok: bool, timeout: float) -> LedgerState:
        """Return all lots."""
        ...

    async def members(self, *, timeout: float) -> Members:
        """Return who belongs to the group, from the primary."""
        ...

    async def replica_status(self, address: str) -> ReplicaStatus:
        """Ask one replica (HOST:PORT) about itself."""
        ...

    def backup(self, address: str, *, at_least: int) -> AsyncIterator[BackupPart]:
        """Yield a copy of what one replica (HOST:PORT) has applied."""
        ...


async def back_up(
    ledger: Source,
    addresses: Sequence[str],
    file: Path,
    *,
    stale_ok: bool,
    replace: bool,
    timeout: float,
    progress: Progress,
) -> Backup:
    """Write a backup that holds all that was acked before, and return it.

    stale_ok: take what the furthest replica that answers has, without a quorum's word on it.
    timeout: seconds for the ledger to say how far it is. Raises UsageError for a file that is
    there (unless `replace`), OperationError or LedgerError if it cannot be done; then FILE is as
    it was, and FILE.part is gone.
    """
    with _part(file, replace=replace) as output:
        if stale_ok:
            address, index = await _furthest(ledger, addresses), 0
        else:
            index = (await ledger.get(stale_ok=False, timeout=timeout)).index
            members = (await ledger.members(timeout=timeout)).members
            address = await _best(ledger, [member.address for member in members], index)
        output.seek(HEAD_BYTES)
        parts = ledger.backup(address, at_least=index)
        description, digest = await _receive(parts, output.write, progress)
        output.seek(0)
        output.write(encode_head(description, digest))
    return Backup(file, description, digest)


async def _receive(
    parts: AsyncIterator[BackupPart], write: Callable[[bytes], int], progress: Progress
) -> tuple[Description, bytes]:
    """Write what comes; returns what it is of and its digest. Raises LedgerUnavailable."""
    digest, size = hashlib.sha256(), 0
    description: Description | None = None
    async for part in parts:
        match part:
            case Description():
                description = part
            case bytes() if description is not None:
                digest.update(part)
                size += len(part)
                await asyncio.to_thread(write, part)
                progress(size, description.size)
            case Digest(sha256) if description is not None and size == description.size:
                if sha256 != digest.digest():
                    raise LedgerUnavailable("the copy was damaged on its way: try again")
                return description, sha256
    raise LedgerUnavailable("the replica ended the copy before its end: try again")


async def _best(ledger: Source, addresses: Sequence[str], index: int) -> str:
    """Return a backup replica that has applied that index, if there is one: spare the primary."""
    answers = await _ask(ledger, addresses)
    there = {at: said for at, said in answers.items() if said.applied_index >= index}
    return min(there or answers, key=lambda at: (answers[at].primary, at))


async def _furthest(ledger: Source, addresses: Sequence[str]) -> str:
    answers = await _ask(ledger, addresses)
    return max(sorted(answers), key=lambda at: answers[at].applied_index)


async def _ask(ledger: Source, addresses: Sequence[str]) -> dict[str, ReplicaStatus]:
    async def one(address: str) -> ReplicaStatus | None:
        try:
            return await ledger.replica_status(address)
        except LedgerError:
            return None

    answers = await asyncio.gather(*(one(address) for address in addresses))
    there = {at: said for at, said in zip(addresses, answers, strict=True) if said is not None}
    if not there:
        raise LedgerUnavailable(f"no replica answers at {', '.join(addresses)}")
    return there


@contextmanager
def _part(file: Path, *, replace: bool) -> Iterator[BinaryIO]:
    """Give FILE.part to write to; it becomes FILE, durably, if nothing is raised."""
    if file.exists() and not replace:
        raise UsageError(f"{file}: is there already; give another name, or --replace")
    part = file.with_name(f"{file.name}.part")
    descriptor = _open(part)
    try:
        with os.fdopen(descriptor, "wb") as output:
            yield output
            output.flush()
            os.fsync(descriptor)
            part.replace(file)
        _fsync(file.absolute().parent)
    except OSError as error:
        raise OperationError(
            f"{part}: cannot be written ({error.strerror}); free or replace the disk"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _open(part: Path) -> int:
    """Open FILE.part, its owner's alone, and held against a second backup into it."""
    try:
        descriptor = os.open(part, os.O_CREAT | os.O_WRONLY, 0o600)
    except OSError as error:
        raise UsageError(f"{part}: cannot be written ({error.strerror}); check the path") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.fchmod(descriptor, 0o600)  # what an earlier, interrupted one left
        os.ftruncate(descriptor, 0)
    except BlockingIOError:
        os.close(descriptor)
        raise UsageError(f"{part}: another backup writes it; wait for that") from None
    return descriptor


def _fsync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
