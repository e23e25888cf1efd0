"""Backups fetched: from whom, what does not arrive whole, and a live cluster's."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central.ledger.interface import LedgerError, LedgerUnavailable
from central.ledger.records import LedgerState, Member, MemberRole, Members, ReplicaStatus
from central.ledger.snapshots.backup_file import (
    Backup,
    BackupPart,
    Description,
    Digest,
    read_backup,
)
from central.ledger.state.schema import SCHEMA_VERSION
from central.ledger.upkeep.backing_up import back_up
from tests.central.ledger.backups import quiet, restored
from tests.central.ledger.cluster import Cluster
from tests.central.ledger.samples import OCCUPIED, VACANT, batch, layout


class FakeSource:
    """Three replicas: `a` is primary and has applied 5, `b` 5, `c` 4. What is sent is given."""

    def __init__(self, parts: list[BackupPart]) -> None:
        self.parts = parts
        self.asked: list[tuple[str, int]] = []
        self.away: set[str] = set()

    async def get(self, *, stale_ok: bool, timeout: float) -> LedgerState:
        assert not stale_ok
        return LedgerState(index=5, age_us=0, lots=())

    async def members(self, *, timeout: float) -> Members:
        members = tuple(Member(name, name, MemberRole.VOTER, 5, 0) for name in "abc")
        return Members("n", "a", 5, committed=True, members=members)

    async def replica_status(self, address: str) -> ReplicaStatus:
        if address in self.away:
            raise LedgerUnavailable("away")
        applied = 4 if address == "c" else 5
        return ReplicaStatus(
            replica_id=address,
            primary=address == "a",
            term=1,
            commit_index=5,
            applied_index=applied,
            last_log_index=5,
            primary_id="a",
            primary_address="a",
            state_hash="",
            disk_bytes=0,
            peers=(),
            cluster_id="n",
        )

    async def backup(self, address: str, *, at_least: int) -> AsyncIterator[BackupPart]:
        self.asked.append((address, at_least))
        for part in self.parts:
            yield part


SAID = Description("n-1", "b", 5, b"\1" * 32, SCHEMA_VERSION, 3, 7)
GOOD: list[BackupPart] = [SAID, b"ab", b"c", Digest(hashlib.sha256(b"abc").digest())]


def alone(file: Path) -> bool:
    """Whether nothing is beside the file, and it is its owner's alone."""
    assert list(file.parent.iterdir()) == [file]
    return file.stat().st_mode & 0o777 == 0o600


async def fetch(source: FakeSource, file: Path, *, stale_ok: bool = False) -> Backup:
    return await back_up(
        source,
        ["a", "b", "c"],
        file,
        stale_ok=stale_ok,
        replace=True,
        timeout=1.0,
        progress=quiet,
    )


async def test_a_backup_that_is_far_enough_is_asked_rather_than_the_primary(
    tmp_path: Path,
) -> None:
    source = FakeSource(GOOD)
    made = await fetch(source, tmp_path / "f")
    assert made == read_backup(tmp_path / "f")
    assert source.asked == [("b", 5)]
    source.away = {"b"}
    await fetch(source, tmp_path / "f")  # c lags, so the primary does it
    assert source.asked[1:] == [("a", 5)]
    source.away = {"a", "b"}
    await fetch(source, tmp_path / "f", stale_ok=True)
    assert source.asked[2:] == [("c", 0)]
    source.away = {"a", "b", "c"}
    with pytest.raises(LedgerUnavailable, match="no replica answers at a, b, c"):
        await fetch(source, tmp_path / "f", stale_ok=True)
    assert alone(tmp_path / "f")


@pytest.mark.parametrize(
    "parts",
    [
        [],
        GOOD[:1],
        GOOD[:3],
        GOOD[1:],
        [SAID, b"ab", GOOD[3]],
        [SAID, b"ab", b"d", GOOD[3]],
    ],
)
async def test_what_does_not_arrive_whole_is_no_backup(
    tmp_path: Path, parts: list[BackupPart]
) -> None:
    (tmp_path / "f").write_bytes(b"the one of yesterday")
    (tmp_path / "f").chmod(0o600)
    with pytest.raises(LedgerError):
        await fetch(FakeSource(parts), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == b"the one of yesterday"
    assert alone(tmp_path / "f")


async def test_a_live_cluster_is_copied_and_the_copy_is_a_cluster(tmp_path: Path) -> None:
    async with Cluster(tmp_path) as cluster:
        client = cluster.client()
        await client.apply(layout())
        for number in range(1, 21):
            await client.append(batch("near", number, ("A1", OCCUPIED if number % 2 else VACANT)))
        addresses = [str(address) for address in cluster.addresses.values()]
        primary = await cluster.primary()
        backup = await back_up(
            client,
            addresses,
            tmp_path / "f",
            stale_ok=False,
            replace=False,
            timeout=20.0,
            progress=quiet,
        )
        said = backup.description
        assert said.replica_id != primary
        assert (await client.head(addresses[0], index=said.index)).digest == said.head
        await asyncio.to_thread(restored, backup.path, tmp_path / "x")
        cluster.newcomer("x")
        cluster.cluster_id = ""
        new = cluster.client("x")
        # It goes on from there: what was applied is a duplicate, what is new is not.
        before = (await new.get()).index
        again = await new.append(batch("near", 20, ("A1", OCCUPIED)))
        assert again.rejected is None
        state = await new.get()
        assert state.lots[0].spots[0].occupancy is VACANT
        await new.append(batch("near", 21, ("A1", OCCUPIED)))
        assert (await new.get()).lots[0].spots[0].occupancy is OCCUPIED
        assert before > said.index
        assert (await new.head(str(cluster.addresses["x"]), index=said.index)).digest == said.head
