"""Members that stay learners, until an operator lets them vote: real gRPC, real disks."""

import asyncio
from pathlib import Path

import pytest

from central.ledger.interface import LedgerRefused
from central.ledger.records import Member, MemberRole
from tests.central.ledger.cluster import DEADLINE, Cluster
from tests.central.ledger.peers.test_members import add, voting
from tests.central.ledger.samples import OCCUPIED, VACANT, batch, layout


async def held_by(cluster: Cluster, replica_id: str, index: int) -> Member:
    """Return a member once its disk holds an index."""
    client = cluster.client("a")
    async with asyncio.timeout(DEADLINE):
        while True:
            member = (await client.members()).member(replica_id)
            assert member is not None
            if member.match_index >= index:
                return member
            await asyncio.sleep(0.02)


async def test_a_learner_stays_one_over_a_restart_and_votes_once_promoted(tmp_path: Path) -> None:
    async with Cluster(tmp_path, replica_ids=("a",)) as cluster:
        client = cluster.client()
        await client.apply(layout())
        address = cluster.newcomer("x")
        await cluster.status("x")
        assert await client.add_member("x", address, stays_learner=True)
        assert not await client.add_member("x", address, stays_learner=True)
        for number in range(1, 40):
            state = OCCUPIED if number % 2 else VACANT
            index = (await client.append(batch("near", number, ("A1", state)))).index
        found = await held_by(cluster, "x", index)
        assert (found.role, found.stays) == (MemberRole.LEARNER, True)
        # It never counts: with it away nothing is missed, and back it is what it was.
        await cluster.stop("x")
        await client.append(batch("near", 40, ("A1", OCCUPIED)))
        cluster.start("x")
        index = (await client.append(batch("near", 41, ("A1", VACANT)))).index
        found = await held_by(cluster, "x", index)
        assert (found.role, found.stays) == (MemberRole.LEARNER, True)
        # It answers reads from what it holds.
        (lot,) = (await cluster.client("x").get(stale_ok=True)).lots
        assert len(lot.spots) == 2
        with pytest.raises(LedgerRefused, match="'x' is no voter: choose one of 'a'"):
            await client.transfer("x")

        assert await client.promote_member("x")
        assert not await client.promote_member("x")
        member = (await voting(cluster, "x")).member("x")
        assert member is not None
        assert not member.stays


async def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    async with Cluster(tmp_path, replica_ids=("a",)) as cluster:
        client = cluster.client()
        await client.apply(layout())
        with pytest.raises(LedgerRefused, match="replica 'z' is no member: add it first"):
            await client.promote_member("z")
        await add(cluster, "b")
        assert not await client.promote_member("b")  # it votes already
        with pytest.raises(LedgerRefused, match="'b' votes: remove it and add it anew"):
            await client.add_member("b", str(cluster.addresses["b"]), stays_learner=True)
        # Removed and added anew it can be one.
        await cluster.stop("b")
        await client.remove_member("b")
        cluster.wipe("b")
        cluster.start("b", newcomer=True)
        await cluster.status("b")
        assert await client.add_member("b", str(cluster.addresses["b"]), stays_learner=True)
        assert (await held_by(cluster, "b", 0)).stays
