"""The past as clients see it: real gRPC, three replicas."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path

import grpc
import pytest

from central.ledger.client import LedgerClient
from central.ledger.interface import LedgerRefused, LedgerUnavailable
from central.ledger.records import HistoryPage, RecordedChange
from central.ledger.upkeep.verify import Mismatch
from central.ledger.upkeep.verify_ledger import verify_ledger
from central.ledger.wire.channels import audit_stub, parking_stub
from node.errors import OperationError
from protos import audit_pb2, parking_pb2
from tests.central.ledger.books import diverge, tamper
from tests.central.ledger.cluster import DEADLINE, Cluster
from tests.central.ledger.samples import OCCUPIED, UNKNOWN, VACANT, batch, layout


def now_us() -> int:
    return time.time_ns() // 1000


async def flip(client: LedgerClient, *numbers: int) -> None:
    for number in numbers:
        await client.append(batch("near", number, ("A1", OCCUPIED if number % 2 else VACANT)))


async def pages(client: LedgerClient, **asked: object) -> list[HistoryPage]:
    return [page async for page in client.history("north", **asked)]  # type: ignore[arg-type]


def changes(read: list[HistoryPage]) -> list[RecordedChange]:
    return [change for page in read for change in page.changes]


async def settled(cluster: Cluster) -> int:
    """Wait until all running replicas have applied the same; returns that index."""
    client = cluster.client()
    async with asyncio.timeout(DEADLINE):
        while True:
            with suppress(LedgerUnavailable):  # one was just started
                heads = [
                    await client.head(str(cluster.addresses[name])) for name in cluster.running
                ]
                if len({head.index for head in heads}) == 1:
                    return heads[0].index
            await asyncio.sleep(0.02)


async def test_history_and_the_state_as_of_an_instant(tmp_path: Path) -> None:
    async with Cluster(tmp_path) as cluster:
        client = cluster.client()
        before = now_us()
        await client.apply(layout())
        await flip(client, 1, 2)
        between = now_us()
        await asyncio.sleep(0.002)
        await flip(client, 3)

        read = await pages(client, page_size=2)
        assert [len(page.changes) for page in read] == [2, 1]
        assert all(page.age_us == 0 for page in read)
        assert [one.change.occupancy for one in changes(read)] == [OCCUPIED, VACANT, OCCUPIED]
        assert [one.change.captured_at_us for one in changes(read)] == [
            1_000_000,
            2_000_000,
            3_000_000,
        ]
        assert before <= changes(read)[0].committed_at_us <= between
        assert len(changes(await pages(client, until_us=between))) == 2
        assert len(changes(await pages(client, since_us=between, spot_ids=["A1"]))) == 1
        assert changes(await pages(client, spot_ids=["A2"])) == []

        state = await client.get(["north"], as_of_us=between, with_layouts=True)
        assert state.index == changes(read)[1].index
        assert [spot.occupancy for spot in state.lots[0].spots] == [VACANT, UNKNOWN]
        assert state.lots[0].layout == layout()
        assert (await client.get(as_of_us=before)).lots == ()

        # another primary gives the same answers
        await cluster.stop(await cluster.primary())
        assert changes(await pages(client)) == changes(read)
        assert (await client.get(["north"], as_of_us=between, with_layouts=True)) == state

        # and any replica if an older answer will do
        alone = cluster.client(await cluster.backup())
        await settled(cluster)
        assert changes(await pages(alone, stale_ok=True)) == changes(read)


async def test_questions_that_cannot_be_answered_say_why(tmp_path: Path) -> None:
    async with Cluster(tmp_path, replica_ids=("a",)) as cluster:
        client = cluster.client()
        first = now_us()
        await client.apply(layout())
        for asked, message in (
            ({"spot_ids": ["Z9"]}, "spot 'Z9' never was in lot 'north'"),
            ({"page_size": 5001}, "page_size 5001: the most is 5000"),
            ({"since_us": -5}, "since_us -5 is before 1970"),
            ({"since_us": 9, "until_us": 9}, "since_us 9 is not before until_us 9"),
        ):
            with pytest.raises(LedgerRefused, match=message):
                await pages(client, **asked)
        with pytest.raises(LedgerRefused, match="lot 'south' is not known"):
            await anext(aiter(client.history("south")))
        with pytest.raises(LedgerRefused, match="is not in the past by this replica's clock"):
            await client.get(as_of_us=now_us() + 60_000_000)
        with pytest.raises(LedgerRefused, match="lot 'north' is not known at that instant"):
            await client.get(["north"], as_of_us=first)
        for index, head_index in ((99, 0), (1, 99), (2, 1)):
            with pytest.raises(LedgerRefused, match="cannot be proved against the head"):
                await client.proof(index, head_index=head_index)
        async with grpc.aio.insecure_channel(str(cluster.addresses["a"])) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await parking_stub(channel).History(
                    parking_pb2.HistoryRequest(lot_id="north", page_token=b"x")
                )
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_an_entry_is_proved_over_the_wire(tmp_path: Path) -> None:
    async with Cluster(tmp_path, replica_ids=("a",)) as cluster:
        client = cluster.client()
        await client.apply(layout())
        await flip(client, 1, 2, 3)
        (read,) = await pages(client)
        noted = await client.head(str(cluster.addresses["a"]), index=read.changes[1].index)
        await flip(client, 4)
        proof = await client.proof(read.changes[0].index, head_index=noted.index)
        assert proof.holds
        assert proof.head == noted
        assert '"A1"' in proof.link.rows
        links = [link async for link in client.links(str(cluster.addresses["a"]))]
        assert [link.index for link in links] == list(range(1, read.index + 2))
        assert links[proof.link.index - 1] == proof.link


async def test_links_are_paged_by_number_and_by_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from central.ledger.services import audit_service

    monkeypatch.setattr(audit_service, "MOST_LINK_BYTES", 250)
    async with Cluster(tmp_path, replica_ids=("a",)) as cluster:
        client = cluster.client()
        await client.apply(layout())
        await flip(client, *range(1, 8))
        address = str(cluster.addresses["a"])
        links = [link async for link in client.links(address)]
        assert [link.index for link in links] == list(range(1, links[-1].index + 1))
        async with grpc.aio.insecure_channel(address) as channel:
            page = await audit_stub(channel).ListLinks(audit_pb2.ListLinksRequest(limit=1000))
            assert 1 <= len(page.links) < len(links)


async def test_all_replicas_are_verified_through_one(tmp_path: Path) -> None:
    async with Cluster(tmp_path) as cluster:
        client = cluster.client()
        await client.apply(layout())
        await flip(client, *range(1, 6))
        index = await settled(cluster)
        primary = str(cluster.addresses[await cluster.primary()])
        heads = (await verify_ledger(client, [primary])).heads
        assert [head.replica_id for head in heads] == ["a", "b", "c"]
        assert {head.index for head in heads} == {index}
        noted = await client.head(primary, index=index - 2)
        await verify_ledger(client, [primary], against=noted)
        wrong = type(noted)(noted.index, bytes(32), noted.format, "")
        with pytest.raises(Mismatch, match=rf"its head is {index - 2}:\w+, not {index - 2}:000"):
            await verify_ledger(client, [primary], against=wrong)
        later = type(noted)(10_000, bytes(32), noted.format, "")
        with pytest.raises(OperationError, match="not every replica has applied that"):
            await verify_ledger(client, [primary], against=later)
        await cluster.stop(await cluster.backup())
        with pytest.raises(LedgerUnavailable, match="does not answer"):
            await verify_ledger(client, [primary], timeout=0.5)


async def test_history_that_is_not_what_was_chained_is_found_through_the_ledger(
    tmp_path: Path,
) -> None:
    async with Cluster(tmp_path) as cluster:
        client = cluster.client()
        await client.apply(layout())
        await flip(client, *range(1, 9))
        await settled(cluster)
        (read,) = await pages(client)
        index = read.changes[3].index
        altered = await cluster.backup()
        await cluster.stop(altered)
        tamper(
            tmp_path / altered / "state.db",
            "UPDATE history SET changes = replace(changes, 'near', 'far') WHERE applied_index = ?",
            index,
        )
        cluster.start(altered)
        await settled(cluster)
        with pytest.raises(Mismatch, match=f"replica '{altered}': index {index} does not fit"):
            await verify_ledger(client, [str(cluster.addresses[await cluster.primary()])])


async def test_replicas_that_differ_are_found_through_the_ledger(tmp_path: Path) -> None:
    async with Cluster(tmp_path, compare_heads_every=600) as cluster:
        client = cluster.client()
        await client.apply(layout())
        await flip(client, *range(1, 9))
        index = await settled(cluster) - 2
        altered = await cluster.backup()
        await cluster.stop(altered)
        diverge(tmp_path / altered / "state.db", index)
        cluster.start(altered)
        await settled(cluster)
        primary = str(cluster.addresses[await cluster.primary()])
        with pytest.raises(Mismatch, match=rf"replicas '\w' and '\w' differ from index {index} on"):
            await verify_ledger(client, [primary])


async def test_without_a_primary_not_all_replicas_can_be_found(tmp_path: Path) -> None:
    async with Cluster(tmp_path) as cluster:
        client = cluster.client()
        await client.apply(layout())
        for _ in range(2):
            await cluster.stop(next(iter(cluster.running)))
        (left,) = cluster.running
        address = str(cluster.addresses[left])
        async with asyncio.timeout(DEADLINE):
            while True:
                if not (await client.replica_status(address)).primary_id:
                    break
                await asyncio.sleep(0.02)
        with pytest.raises(OperationError, match=r"there is no primary at .* just now"):
            await verify_ledger(client, [address])
