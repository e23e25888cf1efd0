"""A lane of a real replica: what is committed over it, how it is refused, when it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest

from central.ledger import wire
from central.ledger.client.append_lines import Call, LaneLine, open_lane
from central.ledger.wire.channels import parking_stub
from central.ledger.wire.lanes import offer_of
from protos import parking_pb2
from tests.central.ledger.cluster import DEADLINE, Cluster
from tests.central.ledger.samples import OCCUPIED, batch, layout


@asynccontextmanager
async def lane_of(
    cluster: Cluster, acks: "asyncio.Queue[parking_pb2.AppendResponse]"
) -> AsyncIterator[tuple[Call, LaneLine]]:
    """Open a stream to the only replica, and its lane."""
    address = cluster.addresses[await cluster.primary()]
    async with grpc.aio.insecure_channel(str(address)) as channel:
        call = parking_stub(channel).Append()
        offer = offer_of(await call.initial_metadata())
        assert offer is not None
        async with asyncio.timeout(DEADLINE):
            line = await open_lane(address.host, offer, acks.put_nowait)
        yield call, line
        line.close()


async def test_what_goes_over_a_lane_is_committed(tmp_path: Path) -> None:
    acks: asyncio.Queue[parking_pb2.AppendResponse] = asyncio.Queue()
    async with Cluster(tmp_path, ("a",)) as cluster:
        client = cluster.client()
        await client.apply(layout())
        async with asyncio.timeout(DEADLINE), lane_of(cluster, acks) as (_, line):
            line.write(wire.columns_to_proto(1, [batch("near", 1, ("A1", OCCUPIED))]))
            ack = await acks.get()
            assert (ack.acked_through, list(ack.rejected)) == (1, [])
        (lot,) = (await client.get(["north"])).lots
        assert {spot.spot_id for spot in lot.spots if spot.occupancy == OCCUPIED} == {"A1"}


async def test_what_cannot_be_is_refused_by_the_stream_with_its_status(tmp_path: Path) -> None:
    acks: asyncio.Queue[parking_pb2.AppendResponse] = asyncio.Queue()
    async with (
        Cluster(tmp_path, ("a",)) as cluster,
        asyncio.timeout(DEADLINE),
        lane_of(cluster, acks) as (call, line),
    ):
        line.write(wire.columns_to_proto(1, [batch("no id", 1, ("A1", OCCUPIED))]))
        with pytest.raises(grpc.aio.AioRpcError, match="no id") as refusal:
            await call.read()
        assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        await line.lost


async def test_a_lane_ends_with_its_stream_and_the_other_way_round(tmp_path: Path) -> None:
    acks: asyncio.Queue[parking_pb2.AppendResponse] = asyncio.Queue()
    async with Cluster(tmp_path, ("a",)) as cluster:
        async with asyncio.timeout(DEADLINE), lane_of(cluster, acks) as (call, line):
            call.cancel()
            await line.lost
        async with asyncio.timeout(DEADLINE), lane_of(cluster, acks) as (call, line):
            line.write(wire.columns_to_proto(1, [batch("near", 1, ("A1", OCCUPIED))]))
            await acks.get()  # rejected, for there is no layout
            line.close()
            with pytest.raises(grpc.aio.AioRpcError) as end:
                await call.read()
            assert end.value.code() is grpc.StatusCode.UNAVAILABLE
