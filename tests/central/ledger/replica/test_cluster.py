"""The ledger as its clients see it: real gRPC, real disks, three replicas on one event loop."""

import asyncio
import itertools
from dataclasses import replace
from pathlib import Path

import grpc
import pytest

from central.ledger.interface import LedgerRefused, LedgerUnavailable, VersionConflict
from central.ledger.log.storage import Storage
from central.ledger.records import LedgerEvent, LotReport, LotState, NodeKind, NodeReport, Occupancy
from central.ledger.replica import applying
from central.ledger.wire.channels import parking_stub
from central.raft import HardState, Persist, Snapshot
from node.address import Address
from node.errors import OperationError, UsageError
from protos import parking_pb2
from tests.central.ledger.cluster import DEADLINE, Cluster
from tests.central.ledger.samples import OCCUPIED, UNKNOWN, VACANT, batch, layout


def state_at(number: int) -> Occupancy:
    """Odd sequences say occupied, even ones vacant."""
    return OCCUPIED if number % 2 else VACANT


def occupancies(lot: LotState) -> dict[str, Occupancy]:
    """What each spot of a lot is."""
    return {spot.spot_id: spot.occupancy for spot in lot.spots}


async def test_what_is_acked_by_one_primary_is_there_under_the_next(tmp_path: Path) -> None:
    async with Cluster(tmp_path) as cluster:
        client = cluster.client()
        applied = await client.apply(layout())
        assert (applied.version, applied.changed) == (1, True)
        for number in (1, 2, 3):
            result = await client.append(batch("near", number, ("A1", state_at(number))))
            assert result.rejected is None
        await cluster.stop(await cluster.primary())
        state = await client.get(["north"], with_layouts=True)
        assert state.age_us == 0
        (lot,) = state.lots
        assert lot.layout == layout()
        assert {spot.spot_id: spot.occupancy for spot in lot.spots} == {
            "A1": OCCUPIED,
            "A2": UNKNOWN,
        }
        assert lot.count(UNKNOWN) == 1


async def test_appends_go_through_a_fail_over_exactly_once_and_watchers_miss_nothing(
    tmp_path: Path,
) -> None:
    async with Cluster(tmp_path) as cluster:
        client = cluster.client()
        await client.apply(layout())
        seen: list[LedgerEvent] = []
        half = asyncio.Event()

        async def watch() -> None:
            async for event in cluster.client().watch(0):
                seen.append(event)
                changes = sum(len(one.changes) for one in seen)
                if changes >= 100:
                    half.set()
                if changes == 200:
                    return

        watcher = asyncio.create_task(watch())
        appends = [
            asyncio.create_task(client.append(batch("near", number, ("A1", state_at(number)))))
            for number in range(1, 201)
        ]
        async with asyncio.timeout(DEADLINE):
            await appends[20]
            await cluster.stop(await cluster.primary())
            results = await asyncio.gather(*appends)
            await watcher
        assert all(result.rejected is None for result in results)
        changes = [change for event in seen for change in event.changes]
        assert [change.captured_at_us for change in changes] == [
            number * 1_000_000 for number in range(1, 201)
        ]
        indexes = [event.index for event in seen if event.changes]
        assert indexes == sorted(set(indexes))


async def test_a_restarted_replica_catches_up_to_the_same_chain(tmp_path: Path) -> None:
    async with Cluster(tmp_path) as cluster:
        client = cluster.client()
        await client.apply(layout())
        away = await cluster.backup()
        await cluster.stop(away)
        for number in range(1, 30):
            await client.append(batch("near", number, ("A1", state_at(number))))
        cluster.start(away)
        async with asyncio.timeout(DEADLINE):
            while True:
                # A busy machine may elect another one meanwhile: ask who leads now.
                there = await client.replica_status(str(cluster.addresses[await cluster.primary()]))
                try:
                    here = await client.replica_status(str(cluster.addresses[away]))
                except LedgerUnavailable:
                    continue
                held = {peer.match_index for peer in there.peers}
                applied = {here.applied_index, there.applied_index}
                if here.replica_id != there.replica_id and held == applied == {
                    there.last_log_index
                }:
                    break
                await asyncio.sleep(0.01)
        assert here.state_hash == there.state_hash


async def test_a_primary_that_is_stopped_hands_over_first(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with Cluster(tmp_path) as cluster:
        client = cluster.client()
        await client.apply(layout())
        primary = await cluster.primary()
        await cluster.stop(primary)
        # By its own hand: a time-out would elect another one too, but later.
        assert any(record.message.startswith("handed over") for record in caplog.records)
        assert await cluster.primary() != primary
        assert (await client.get()).lots


async def test_without_a_quorum_nothing_is_acked_and_nothing_is_said_to_have_failed(
    tmp_path: Path,
) -> None:
    async with Cluster(tmp_path) as cluster:
        client = cluster.client()
        index = (await client.apply(layout())).index
        for replica_id in cluster.replica_ids:  # a backup learns of a commit a heartbeat later
            await cluster.applied(replica_id, index)
        for _ in range(2):
            await cluster.stop(
                await cluster.primary()
                if len(cluster.running) == 3
                else "a"
                if "a" in cluster.running
                else "b"
            )
        with pytest.raises(LedgerUnavailable, match="whether the change took effect is unknown"):
            await client.update(LotReport("gate", "north", 3, "OK", 1), timeout=1.0)
        with pytest.raises(LedgerUnavailable):
            await client.get(timeout=1.0)
        (left,) = cluster.running
        stale = await cluster.client(left).get(stale_ok=True)
        assert [lot.lot_id for lot in stale.lots] == ["north"]


async def test_a_backup_names_the_primary_and_a_client_goes_there(tmp_path: Path) -> None:
    async with Cluster(tmp_path) as cluster:
        primary, backup = await cluster.primary(), await cluster.backup()
        async with grpc.aio.insecure_channel(str(cluster.addresses[backup])) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as refusal:
                await parking_stub(channel).Apply(parking_pb2.ApplyRequest())
            assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT  # an empty layout
            with pytest.raises(grpc.aio.AioRpcError) as refusal:
                await parking_stub(channel).Get(parking_pb2.GetRequest())
        assert refusal.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        trailing = dict(refusal.value.trailing_metadata() or ())
        assert trailing["parkledger-primary"] == str(cluster.addresses[primary])
        assert (await cluster.client(backup).apply(layout())).version == 1


async def test_errors_say_what_to_do(tmp_path: Path) -> None:
    async with Cluster(tmp_path) as cluster:
        client = cluster.client()
        await client.apply(layout())
        with pytest.raises(VersionConflict, match="at layout version 1, not 5"):
            await client.apply(replace(layout(), name="x"), expected_version=5)
        with pytest.raises(LedgerRefused, match="lot 'moon' is not known"):
            await client.get(["moon"])
        with pytest.raises(LedgerRefused, match="lot 'moon' is not known"):
            await client.update(LotReport("gate", "moon", 3, "OK", 1))
        rejected = await client.append(batch("nobody", 1, ("A1", OCCUPIED)))
        assert rejected.rejected == "camera 'nobody' is in no applied layout"
        with pytest.raises(LedgerRefused, match="camera id 'no good'"):
            await client.append(batch("no good", 1, ("A1", OCCUPIED)))
        # and the stream that was refused goes on
        assert (await client.append(batch("near", 1, ("A1", OCCUPIED)))).rejected is None


async def test_a_reported_count_is_answered_and_kept_when_the_reporter_fails(
    tmp_path: Path,
) -> None:
    async with Cluster(tmp_path, replica_ids=("a",)) as cluster:
        client = cluster.client()
        await client.apply(layout())
        await client.update(LotReport("gate", "north", 17, "OK", 1_000))
        await client.update(LotReport("gate", "north", 0, "POWER LOST", 2_000))
        (count,) = (await client.get(["north"])).lots[0].counts
        assert (count.available_spaces, count.counted_at_us, count.stale) == (17, 1_000, True)


async def test_a_camera_that_nobody_vouches_for_is_lost(tmp_path: Path) -> None:
    async with Cluster(tmp_path, replica_ids=("a",), camera_time_out=4.0) as cluster:
        client = cluster.client()
        await client.apply(layout())
        await client.append(
            batch("near", 1, ("A1", OCCUPIED)),
        )
        await client.append(batch("far", 1, ("A2", VACANT)))
        lost = asyncio.Event()

        async def vouch_for_far() -> None:
            report = NodeReport("far", NodeKind.CAMERA, boot_id="boot-1", reported_by="p")
            while not lost.is_set():
                assert await client.heartbeat([report], timeout=DEADLINE) > 0
                await asyncio.sleep(0.1)

        vouching = asyncio.create_task(vouch_for_far())
        async with asyncio.timeout(DEADLINE):
            async for event in client.watch(0):
                if any(change.occupancy is UNKNOWN for change in event.changes):
                    break
        lost.set()
        await vouching
        (lot,) = (await client.get()).lots
        assert occupancies(lot) == {"A1": UNKNOWN, "A2": VACANT}
        status = await client.service_status()
        kinds = [(node.report.kind, node.report.node_id, node.alive) for node in status.nodes]
        assert (NodeKind.CAMERA, "far", True) in kinds
        assert (NodeKind.REPLICA, "a", True) in kinds
        assert status.primary_id == "a"


async def test_a_watcher_takes_what_is_stored_and_whoever_reads_has_it_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "STORE_AFTER", 1e6)
    monkeypatch.setattr(applying, "STORE_SOON", 1e6)
    async with Cluster(tmp_path, replica_ids=("a",)) as cluster, asyncio.timeout(DEADLINE):
        client = cluster.client()
        after = (await client.apply(layout())).index
        events = client.watch(after)
        following = asyncio.ensure_future(anext(events))
        said = await client.append(batch("near", 1, ("A1", OCCUPIED)))
        assert not following.done()
        assert (await client.get()).index == said.index
        assert (await following).index == said.index


async def test_a_watch_of_one_lot_is_told_of_no_other(tmp_path: Path) -> None:
    async with Cluster(tmp_path, replica_ids=("a",)) as cluster:
        client = cluster.client()
        await client.apply(layout())
        await client.apply(layout("south", cameras=()))
        await client.append(batch("near", 1, ("A1", OCCUPIED)))
        await client.update(LotReport("gate", "south", 4, "OK", 1))
        async with asyncio.timeout(DEADLINE):
            async for event in client.watch(0, lot_ids=["south"]):
                assert not event.changes
                if event.counts:
                    break
        assert event.counts[0].lot_id == "south"


async def test_two_clusters_do_not_mix(tmp_path: Path) -> None:
    from central.ledger.peers.members import configuration_of
    from central.ledger.replica.opening import ReplicaSettings
    from central.ledger.services.server import serve
    from node.address import Address
    from tests.central.ledger.cluster import free_ports

    async with Cluster(tmp_path, replica_ids=("a", "b")) as cluster:
        await cluster.primary()
        stop = asyncio.Event()
        addresses = {**cluster.addresses, "z": Address("127.0.0.1", free_ports(1)[0])}
        settings = ReplicaSettings(
            replica_id="z",
            first=configuration_of(addresses),
            cluster_id="another",
            directory=tmp_path / "z",
            tick=0.01,
            election_ticks=5,
            heartbeat_ticks=2,
        )
        stranger = asyncio.create_task(
            serve(
                settings,
                listen=addresses["z"],
                camera_time_out=60,
                stop=stop,
            )
        )
        client = cluster.client()
        await client.apply(layout())
        # A machine that is busy may elect anew by itself: it gets more chances.
        numbers = itertools.count(1)
        terms: list[int] = []
        while len(terms) < 2 or (len(terms) < 10 and terms[-1] != terms[-2]):
            for number in itertools.islice(numbers, 20):
                await client.append(batch("near", number, ("A1", state_at(number))))
            terms.append((await cluster.status("a")).term)
        assert terms[-1] == terms[-2], terms
        stop.set()
        await stranger


async def test_a_replica_that_lost_its_term_is_refused_in_one_line(tmp_path: Path) -> None:
    async with Cluster(tmp_path, replica_ids=("a",)) as cluster:
        await cluster.client().apply(layout())
        await cluster.stop("a")
        with Storage(
            tmp_path / "a", cluster_id="", replica_id="a", first=Snapshot(), any_cluster=True
        ) as storage:
            storage.write(Persist(HardState(0, None)))
        cluster.start("a")
        with pytest.raises(OperationError, match=r"log: the log ends in term 1.*members remove a"):
            await asyncio.wait_for(cluster.running.pop("a").task, DEADLINE)


async def test_a_replica_that_missed_what_the_log_no_longer_holds_gets_a_snapshot(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with Cluster(tmp_path, kept_entries=5) as cluster:
        client = cluster.client()
        await client.apply(layout())
        behind = await cluster.backup()
        await cluster.stop(behind)
        for number in range(1, 60):
            await client.append(batch("near", number, ("A1", state_at(number))))
        primary = await cluster.primary()
        ahead = await client.replica_status(str(cluster.addresses[primary]))
        cluster.start(behind)
        await client.append(batch("near", 60, ("A1", state_at(60))))
        other = cluster.client(behind)
        await cluster.applied(behind, ahead.applied_index + 1)
        status = await cluster.status(primary)
        late = await cluster.status(behind)
        if status.applied_index == late.applied_index:
            assert status.state_hash == late.state_hash
        # What it serves is what was restored, and it goes on from there, also after a restart.
        assert (await other.get(["north"], stale_ok=True)).lots[0].spots
        await cluster.stop(behind)
        cluster.start(behind)
        await client.append(batch("near", 61, ("A1", state_at(61))))
    assert "snapshot restored" in caplog.text
    assert "log compacted" in caplog.text


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    async with Cluster(tmp_path, replica_ids=("a",)) as cluster:
        await cluster.primary()
        other = Cluster(tmp_path / "other", replica_ids=("a",), addresses=cluster.addresses)
        other.start("a")
        with pytest.raises(OperationError, match="cannot listen on"):
            await asyncio.wait_for(other.running["a"].task, DEADLINE)
        assert not (tmp_path / "other").exists()  # or it would be that of a group begun by mistake


async def test_who_forgot_the_peers_at_the_first_start_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Cluster(tmp_path, replica_ids=("a",)) as cluster:
        await cluster.primary()
        await cluster.stop("a")
        assert "cluster of its own" not in caplog.text
        cluster.replica_ids = ("a", "b")
        cluster.addresses["b"] = Address("127.0.0.1", 1)
        cluster.start("a")
        await cluster.said(caplog, "replica a is a cluster of its own, without b")


async def test_a_directory_in_use_is_named(tmp_path: Path) -> None:
    async with Cluster(tmp_path, replica_ids=("a",)) as cluster:
        await cluster.primary()
        first = cluster.running["a"]
        cluster.start("a")
        with pytest.raises(UsageError, match="in use by another process"):
            await asyncio.wait_for(cluster.running["a"].task, DEADLINE)
        cluster.running["a"] = first
