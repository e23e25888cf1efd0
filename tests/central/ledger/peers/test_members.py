"""Members come and go while the ledger serves: real gRPC, real disks, one event loop."""

import asyncio
from pathlib import Path

import pytest

from central.ledger.interface import LedgerRefused
from central.ledger.peers.identity import read_identity
from central.ledger.records import LotReport, MemberRole, Members
from central.ledger.services.server import serve
from node.errors import UsageError
from tests.central.ledger.cluster import DEADLINE, Cluster, free_ports
from tests.central.ledger.samples import OCCUPIED, batch, layout


async def add(cluster: Cluster, replica_id: str) -> Members:
    """Start a newcomer, add it, and return the members once it votes."""
    client = cluster.client(*cluster.running)
    address = cluster.newcomer(replica_id)
    await cluster.status(replica_id)
    assert await client.add_member(replica_id, address)
    return await voting(cluster, replica_id)


async def voting(cluster: Cluster, replica_id: str) -> Members:
    """Return the members once that one votes."""
    client = cluster.client(*cluster.running)
    async with asyncio.timeout(DEADLINE):
        while True:
            members = await client.members()
            member = members.member(replica_id)
            if member is not None and member.role is MemberRole.VOTER and members.committed:
                return members
            await asyncio.sleep(0.01)


async def silent(cluster: Cluster, replica_id: str) -> None:
    """Return once the primary has not heard that one for longer than an election time-out."""
    client = cluster.client(*cluster.running)
    async with asyncio.timeout(DEADLINE):
        while True:
            member = (await client.members()).member(replica_id)
            assert member is not None
            if member.last_heard_us > 300_000 or member.last_heard_us < 0:
                return
            await asyncio.sleep(0.02)


async def logged(caplog: pytest.LogCaptureFixture, text: str) -> None:
    """Return once that was logged."""
    async with asyncio.timeout(DEADLINE):
        while True:
            if text in caplog.text:
                return
            await asyncio.sleep(0.01)


async def count(cluster: Cluster, number: int, *replica_ids: str) -> None:
    """Commit something."""
    await cluster.client(*replica_ids).update(LotReport("gate", "north", number, "OK", number))


async def test_one_grows_to_three_and_loses_its_first(tmp_path: Path) -> None:
    async with Cluster(tmp_path, replica_ids=("a",)) as cluster:
        await cluster.client().apply(layout())
        await add(cluster, "b")
        members = await add(cluster, "c")
        assert [one.role for one in members.members] == [MemberRole.VOTER] * 3
        assert members.cluster_id == "test"
        await cluster.client("a").append(batch("near", 1, ("A1", OCCUPIED)))
        # The primary goes: whoever asked it is sent on.
        client = cluster.client("a")
        await client.members()
        await client.remove_member("a")
        members = await client.members()
        assert [one.replica_id for one in members.members] == ["b", "c"]
        assert members.primary_id in ("b", "c")
        assert (await cluster.status("a")).member_role is MemberRole.NONE
        await cluster.stop("a")
        await count(cluster, 7, "b", "c")
        (lot,) = (await cluster.client("b").get()).lots
        assert lot.spots[0].occupancy is OCCUPIED
        assert lot.counts[0].available_spaces == 7


async def test_a_newcomer_that_restarts_needs_to_be_told_nothing(tmp_path: Path) -> None:
    async with Cluster(tmp_path, replica_ids=("a",)) as cluster:
        await cluster.client().apply(layout())
        address = cluster.newcomer("b")
        assert (await cluster.status("b")).member_role is MemberRole.NONE
        await cluster.stop("b")
        cluster.start("b", newcomer=True)  # before it was added
        await cluster.status("b")
        assert await cluster.client("a").add_member("b", address)
        await voting(cluster, "b")
        await cluster.stop("b")
        cluster.start("b")  # and afterwards, with whatever options
        await count(cluster, 1, "a")
        assert (await cluster.status("b")).cluster_id == "test"


async def test_a_newcomer_gets_what_the_log_no_longer_holds(tmp_path: Path) -> None:
    async with Cluster(tmp_path, replica_ids=("a",), kept_entries=5) as cluster:
        client = cluster.client()
        await client.apply(layout())
        for number in range(1, 40):
            await client.append(batch("near", number, ("A1", OCCUPIED)))
        status = await cluster.status("a")
        assert status.first_log_index > 1
        await add(cluster, "b")
        late = await cluster.status("b")
        assert late.snapshot_index > 0
        assert (await cluster.status("a")).snapshot_index == late.snapshot_index
        (lot,) = (await cluster.client("b").get(stale_ok=True)).lots
        assert lot.spots[0].occupancy is OCCUPIED


async def test_a_replica_that_was_away_answers_a_primary_that_its_log_does_not_name(
    tmp_path: Path,
) -> None:
    async with Cluster(tmp_path) as cluster:
        await cluster.client().apply(layout())
        if await cluster.primary() == "c":
            assert await cluster.client().transfer("a") == "a"
        await cluster.stop("c")
        await add(cluster, "d")
        client = cluster.client("a", "b")
        await client.members()
        assert await client.transfer("d") == "d"
        cluster.start("c")
        await cluster.stop("a")  # three of b, c, d are needed now, so d must reach c
        await count(cluster, 3, "b", "d")
        async with asyncio.timeout(DEADLINE):
            while True:
                late, ahead = await cluster.status("c"), await cluster.status("d")
                if late.applied_index == ahead.applied_index:
                    break
        assert late.state_hash == ahead.state_hash


async def test_what_is_so_already_may_be_asked_again(tmp_path: Path) -> None:
    async with Cluster(tmp_path, replica_ids=("a", "b")) as cluster:
        client = cluster.client()
        await cluster.primary()
        assert not await client.add_member("b", str(cluster.addresses["b"]))
        assert not await client.remove_member("z")
        primary = (await client.members()).primary_id
        assert await client.transfer(primary) == primary


async def test_a_member_moves(tmp_path: Path) -> None:
    async with Cluster(tmp_path) as cluster:
        client = cluster.client()
        moving = await cluster.backup()
        await cluster.stop(moving)
        (port,) = free_ports(1)
        cluster.addresses[moving] = type(cluster.addresses[moving])("127.0.0.1", port)
        cluster.start(moving)
        await cluster.status(moving)
        assert await client.add_member(moving, str(cluster.addresses[moving]))
        members = await voting(cluster, moving)
        member = members.member(moving)
        assert member is not None
        assert member.address == str(cluster.addresses[moving])
        async with asyncio.timeout(DEADLINE):
            while True:
                member = (await client.members()).member(moving)
                assert member is not None
                if member.match_index == (await client.members()).last_log_index:
                    break


async def test_a_newcomer_is_looked_at_before_it_is_added(tmp_path: Path) -> None:
    async with Cluster(tmp_path, replica_ids=("a",)) as cluster:
        client = cluster.client()
        await cluster.primary()
        nobody = f"127.0.0.1:{free_ports(1)[0]}"
        with pytest.raises(LedgerRefused, match=f"'b' does not answer the primary at {nobody}: st"):
            await client.add_member("b", nobody)
        address = cluster.newcomer("b")
        await cluster.status("b")
        with pytest.raises(LedgerRefused, match=r"is replica 'b', not 'c'"):
            await client.add_member("c", address)
        with pytest.raises(LedgerRefused, match=r"is that of replica 'a'|is replica 'a', not 'b'"):
            await client.add_member("b", str(cluster.addresses["a"]))
        with pytest.raises(LedgerRefused, match="address 'nonsense': write HOST:PORT"):
            await client.add_member("b", "nonsense")
        with pytest.raises(LedgerRefused, match="replica id 'no good'"):
            await client.add_member("no good", address)


async def test_a_replica_of_another_cluster_is_not_added(tmp_path: Path) -> None:
    async with (
        Cluster(tmp_path / "1", replica_ids=("a",)) as cluster,
        Cluster(tmp_path / "2", replica_ids=("b",), cluster_id="other") as other,
    ):
        await cluster.primary()
        await other.primary()
        with pytest.raises(LedgerRefused, match="of cluster 'other', not of 'test': start it on"):
            await cluster.client().add_member("b", str(other.addresses["b"]))


async def test_a_removal_that_would_stop_the_group_is_refused(tmp_path: Path) -> None:
    async with Cluster(tmp_path) as cluster:
        client = cluster.client()
        primary = await cluster.primary()
        dead, alive = sorted(set(cluster.replica_ids) - {primary})
        await cluster.stop(dead)
        await silent(cluster, dead)
        with pytest.raises(LedgerRefused, match=f"for '{dead}' does not answer: start or remove"):
            await client.remove_member(alive)
        with pytest.raises(LedgerRefused, match=f"replica '{dead}' does not answer: start it, or"):
            await client.transfer(dead)
        assert await client.remove_member(dead)
        assert await client.remove_member(alive)
        with pytest.raises(LedgerRefused, match="is the only voter: add another one first"):
            await client.remove_member(primary)
        with pytest.raises(LedgerRefused, match="no other voter answers"):
            await client.transfer()
        with pytest.raises(LedgerRefused, match=f"'{alive}' is no voter: choose one of"):
            await client.transfer(alive)


async def test_leadership_goes_where_it_is_told(tmp_path: Path) -> None:
    async with Cluster(tmp_path) as cluster:
        client = cluster.client()
        await client.apply(layout())
        for target in ("c", "a", "b"):
            assert await client.transfer(target) == target
            assert await cluster.primary() == target
        assert await client.transfer() in ("a", "c")


async def test_a_replica_that_lost_its_disk_does_not_vote_until_it_was_removed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """etcd#20269: it has forgotten whom it voted for, and what it acked."""
    async with Cluster(tmp_path) as cluster:
        client = cluster.client()
        await client.apply(layout())
        lost = await cluster.backup()
        await cluster.stop(lost)
        cluster.wipe(lost)
        cluster.start(lost)  # as a founder, as its unit file says
        await cluster.status(lost)
        await silent(cluster, lost)
        told = f"replica '{lost}' has lost its disk"
        await logged(caplog, f"refuses us: {told}")
        with pytest.raises(LedgerRefused, match=told):
            await client.add_member(lost, str(cluster.addresses[lost]))
        # Removed, it may come back under its name: it is a learner first.
        assert await client.remove_member(lost)
        await cluster.stop(lost)
        cluster.wipe(lost)
        address = cluster.newcomer(lost)
        await cluster.status(lost)
        assert await client.add_member(lost, address)
        await voting(cluster, lost)
        await count(cluster, 5, *cluster.running)


async def test_one_that_missed_it_all_takes_the_new_disk_for_the_member(tmp_path: Path) -> None:
    """It remembers the old disk of that name, and never saw it removed: the log says who it is."""
    async with Cluster(tmp_path, replica_ids=("a", "b", "c", "d", "e")) as cluster:
        client = cluster.client()
        await client.apply(layout())
        primary = await cluster.primary()
        lost, away, *_ = sorted(set(cluster.replica_ids) - {primary})
        async with asyncio.timeout(DEADLINE):
            while True:
                identity = read_identity(tmp_path / away)
                if identity is not None and lost in identity.met:
                    break
                await asyncio.sleep(0.01)
        await cluster.stop(away)
        await cluster.stop(lost)
        cluster.wipe(lost)
        assert await client.remove_member(lost)
        await add(cluster, lost)
        cluster.start(away)
        await cluster.status(away)
        client = cluster.client(*cluster.running)
        assert await client.transfer(lost) == lost
        async with asyncio.timeout(DEADLINE):
            while True:
                members = await client.members()
                follower = members.member(away)
                assert follower is not None
                if members.primary_id == lost and follower.match_index == members.last_log_index:
                    break
                await asyncio.sleep(0.01)


async def test_a_directory_of_another_cluster_is_named(tmp_path: Path) -> None:
    from dataclasses import replace

    async with Cluster(tmp_path, replica_ids=("a",), cluster_id="west-1234") as cluster:
        await cluster.primary()
        await cluster.stop("a")
        settings = replace(cluster.settings("a"), cluster_name="east")
        with pytest.raises(UsageError, match="belongs to cluster west-1234, not to one named 'eas"):
            await serve(
                settings,
                listen=cluster.addresses["a"],
                camera_time_out=60,
                stop=asyncio.Event(),
            )
        cluster.cluster_id = "computed-from-other-peers"  # the stored one counts
        cluster.start("a")
        assert (await cluster.status("a")).cluster_id == "west-1234"
