"""The client's append stream against servers that do as they are told."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest

from central.ledger.client import append_stream
from central.ledger.client.append_stream import AppendStream
from central.ledger.client.coalescing import MAX_BATCHES_A_REQUEST, MAX_REQUESTS_IN_FLIGHT
from central.ledger.client.replicas import Replicas
from central.ledger.interface import LedgerRefused
from central.ledger.state.apply_detections import KEPT_REJECTIONS
from central.ledger.wire.channels import Context
from central.ledger.wire.columns import METADATA
from central.ledger.wire.framing import Frames, frame
from central.ledger.wire.lanes import Offer
from node.address import Address
from protos import parking_pb2
from tests.central.ledger.cluster import DEADLINE, free_ports
from tests.central.ledger.samples import OCCUPIED, batch


class Server:
    """Acks all that it has as soon as `acks` is set."""

    def __init__(self, *, acks: bool, columns: bool = False) -> None:
        self.columns = columns  # whether it takes them
        self.requests: list[parking_pb2.AppendRequest] = []
        self.asked = asyncio.Event()
        self.acks = asyncio.Event()
        if acks:
            self.acks.set()

    async def append(
        self, request_iterator: AsyncIterator[parking_pb2.AppendRequest], context: Context
    ) -> None:
        """Take requests, ack each."""
        if self.columns:
            await context.send_initial_metadata((METADATA,))
        async for request in request_iterator:
            self.requests.append(request)
            self.asked.set()
            await self.acks.wait()
            await context.write(parking_pb2.AppendResponse(acked_through=request.number, index=9))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Address]:
        server = grpc.aio.server()
        append = grpc.stream_stream_rpc_method_handler(
            self.append,
            request_deserializer=parking_pb2.AppendRequest.FromString,
            response_serializer=parking_pb2.AppendResponse.SerializeToString,
        )
        service = "parkledger.v1.ParkingService"
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, {"Append": append}),)
        )
        address = Address("127.0.0.1", free_ports(1)[0])
        server.add_insecure_port(str(address))
        await server.start()
        try:
            yield address
        finally:
            self.acks.set()
            await server.stop(0)


class Laned(Server):
    """Offers a lane, takes requests on both; hangs up at the `hangs_up`th of its lanes."""

    def __init__(self, *, port: int | None = None, hangs_up: int = 0) -> None:
        """`port`: what is offered, although nobody listens there."""
        super().__init__(acks=True)
        self.on_lane: list[int] = []  # numbers
        self.met = asyncio.Event()
        self._hangs_up = hangs_up
        self._port = port
        self._tokens = 0

    async def append(
        self, request_iterator: AsyncIterator[parking_pb2.AppendRequest], context: Context
    ) -> None:
        self._tokens += 1
        assert self._port is not None
        offer = Offer(self._port, f"token-{self._tokens}")
        await context.send_initial_metadata((offer.metadata,))
        async for request in request_iterator:
            self.requests.append(request)
            await context.write(parking_pb2.AppendResponse(acked_through=request.number, index=9))

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Be a lane."""
        frames = Frames()
        welcome = False
        while data := await reader.read(1 << 16):
            for message in frames.feed(data):
                if not welcome:
                    assert message.decode() == f"token-{self._tokens}"
                    welcome = True
                    writer.write(frame(parking_pb2.AppendResponse().SerializeToString()))
                    self.met.set()
                    continue
                request = parking_pb2.AppendRequest.FromString(message)
                self.on_lane.append(request.number)
                if len(self.on_lane) == self._hangs_up:
                    writer.transport.abort()
                    return
                self.requests.append(request)
                ack = parking_pb2.AppendResponse(acked_through=request.number, index=9)
                writer.write(frame(ack.SerializeToString()))
        writer.close()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Address]:
        if self._port is not None:
            async with super().running() as address:
                yield address
            return
        door = await asyncio.start_server(self.carry, "127.0.0.1", 0)
        self._port = door.sockets[0].getsockname()[1]
        try:
            async with super().running() as address:
                yield address
        finally:
            door.close()


class Refusing(Server):
    """Refuses each request in which a sequence is 13."""

    async def append(
        self, request_iterator: AsyncIterator[parking_pb2.AppendRequest], context: Context
    ) -> None:
        async for request in request_iterator:
            self.requests.append(request)
            if any(one.sequence == 13 for one in request.batches):
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "13 cannot be")
            await context.write(parking_pb2.AppendResponse(acked_through=request.number, index=9))


@asynccontextmanager
async def stream_to(*addresses: Address) -> AsyncIterator[AppendStream]:
    replicas = Replicas(addresses)
    stream = AppendStream(replicas)
    try:
        yield stream
    finally:
        await stream.close()
        await replicas.close()


async def test_what_waits_goes_together_and_few_requests_are_in_flight() -> None:
    server = Server(acks=False)
    async with server.running() as address, stream_to(address) as stream:
        appends = [
            stream.append(batch("near", sequence, ("A1", OCCUPIED)))
            for sequence in range(1, 3 * MAX_BATCHES_A_REQUEST)
        ]
        await asyncio.wait_for(server.asked.wait(), DEADLINE)
        server.acks.set()
        assert {(await one).index for one in appends} == {9}
    said = [len(request.batches) for request in server.requests]
    assert sum(said) == len(appends)
    assert said[:MAX_REQUESTS_IN_FLIGHT] == [MAX_BATCHES_A_REQUEST] * MAX_REQUESTS_IN_FLIGHT
    order = [one.sequence for request in server.requests for one in request.batches]
    assert order == sorted(order)


async def test_a_replica_that_does_not_ack_is_left_for_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(append_stream, "ACK_TIME_OUT", 1.0)
    paused, other = Server(acks=False), Server(acks=True)
    async with (
        paused.running() as first,
        other.running() as second,
        stream_to(first, second) as stream,
        asyncio.timeout(DEADLINE),
    ):
        assert (await stream.append(batch("near", 1, ("A1", OCCUPIED)))).index == 9
    for server in (paused, other):  # more than once on a machine that stands still
        assert {one.sequence for told in server.requests for one in told.batches} == {1}


async def test_closing_while_an_ack_is_awaited_ends() -> None:
    server = Server(acks=False)
    async with server.running() as address:
        async with stream_to(address) as stream, asyncio.timeout(DEADLINE):
            waiting = stream.append(batch("near", 1, ("A1", OCCUPIED)))
            await server.asked.wait()
        await asyncio.gather(waiting, return_exceptions=True)
        assert waiting.cancelled()


async def test_one_stream_carries_many_requests() -> None:
    server = Server(acks=True)
    async with server.running() as address, stream_to(address) as stream:
        assert (await stream.append(batch("near", 1, ("A1", OCCUPIED)))).index == 9
        async with asyncio.timeout(DEADLINE):
            assert (await stream.append(batch("near", 2, ("A1", OCCUPIED)))).index == 9
    assert [request.number for request in server.requests] == [1, 2]


@pytest.mark.parametrize(
    ("wrong", "why"), [(13, "13 cannot be"), (-1, "no message can hold it: .*-1")]
)
async def test_a_batch_that_cannot_be_is_refused_and_no_other(wrong: int, why: str) -> None:
    server = Refusing(acks=True)
    async with server.running() as address, stream_to(address) as stream:
        said = [batch("near", n, ("A1", OCCUPIED)) for n in (*range(1, 10), wrong, *range(20, 30))]
        async with asyncio.timeout(DEADLINE):
            results = await asyncio.gather(*map(stream.append, said), return_exceptions=True)
            refused = results.pop(9)
            assert [getattr(one, "index", one) for one in results] == [9] * 19
            assert (await stream.append(batch("near", 30, ("A1", OCCUPIED)))).index == 9
    assert isinstance(refused, LedgerRefused)
    assert re.search(why, str(refused))


def test_no_more_is_in_flight_than_the_ledger_remembers_the_rejections_of() -> None:
    assert MAX_BATCHES_A_REQUEST * MAX_REQUESTS_IN_FLIGHT <= KEPT_REJECTIONS


@pytest.mark.parametrize("columns", [True, False])
async def test_columns_are_sent_to_those_who_take_them(columns: bool) -> None:
    server = Server(acks=True, columns=columns)
    async with server.running() as address, stream_to(address) as stream:
        async with asyncio.timeout(DEADLINE):
            # Before the first answer nothing is known of the replica.
            for sequence in (1, 2):
                await stream.append(batch("near", sequence, ("A1", OCCUPIED)))
    last = server.requests[-1]
    assert last.HasField("columns") is columns
    assert list(last.columns.sequences if columns else [last.batches[0].sequence]) == [2]


async def test_a_stream_goes_over_to_its_lane_and_keeps_the_order() -> None:
    server = Laned()
    async with server.running() as address, stream_to(address) as stream:
        sequence = 0
        async with asyncio.timeout(DEADLINE):
            while len(server.on_lane) < 3:
                said = [
                    batch("near", sequence + number, ("A1", OCCUPIED))
                    for number in range(1, 2 * MAX_BATCHES_A_REQUEST)
                ]
                sequence += len(said)
                results = await asyncio.gather(*map(stream.append, said))
                assert {result.index for result in results} == {9}
                await server.met.wait()
    order = [one.sequence for request in server.requests for one in request.batches]
    assert order == list(range(1, sequence + 1))
    numbers = [request.number for request in server.requests]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_what_a_lost_lane_left_unacked_is_sent_again() -> None:
    server = Laned(hangs_up=2)
    async with server.running() as address, stream_to(address) as stream:
        async with asyncio.timeout(DEADLINE):
            await stream.append(batch("near", 1, ("A1", OCCUPIED)))
            await server.met.wait()
            sequence = 1
            while len(server.on_lane) < 3:  # on the next stream's lane, too
                sequence += 1
                result = await stream.append(batch("near", sequence, ("A1", OCCUPIED)))
                assert result.index == 9
    said = [one.sequence for request in server.requests for one in request.batches]
    assert said == list(range(1, sequence + 1))


async def test_without_a_way_to_its_lane_a_stream_goes_on_as_it_is() -> None:
    server = Laned(port=free_ports(1)[0])
    async with server.running() as address, stream_to(address) as stream:
        async with asyncio.timeout(DEADLINE):
            for sequence in range(1, 20):
                await stream.append(batch("near", sequence, ("A1", OCCUPIED)))
    assert [request.number for request in server.requests] == list(range(1, 20))
