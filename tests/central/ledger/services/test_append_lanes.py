"""Lanes over real sockets, with a replica that does as it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from central.ledger import wire
from central.ledger.errors import OutcomeUnknown
from central.ledger.services.append_lanes import Lanes
from central.ledger.services.append_service import MAX_IN_WORK, Appending
from central.ledger.wire.framing import MAX_FRAME_BYTES, Frames, frame
from central.ledger.wire.lanes import Offer, offer_of
from node import lane_door
from node.address import Address
from node.errors import OperationError, UsageError
from protos import parking_pb2
from tests.central.ledger.cluster import DEADLINE
from tests.central.ledger.samples import OCCUPIED, batch
from tests.central.ledger.services.primary import Primary


class Client:
    """The other end of a lane."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = Frames()

    def say(self, *messages: bytes) -> None:
        self._writer.write(b"".join(map(frame, messages)))

    def ask(self, *numbers: int) -> None:
        self.say(*map(request, numbers))

    def say_bytes(self, data: bytes) -> None:
        self._writer.write(data)

    async def answers(self) -> list[int]:
        """Return what comes next: numbers acked, or nothing at the end."""
        async with asyncio.timeout(DEADLINE):
            while data := await self._reader.read(1 << 16):
                if messages := self._frames.feed(data):
                    return [
                        parking_pb2.AppendResponse.FromString(one).acked_through for one in messages
                    ]
        return []

    async def is_cut_off(self) -> bool:
        """Return whether the connection ends, in peace or not, without another word."""
        try:
            return await self.answers() == []
        except ConnectionResetError:
            return True

    def hang_up(self) -> None:
        self._writer.transport.abort()


def request(number: int) -> bytes:
    return wire.append_to_proto(
        number, [batch("near", number, ("A1", OCCUPIED))]
    ).SerializeToString()


@asynccontextmanager
async def door() -> AsyncIterator[Lanes]:
    lanes = Lanes()
    await lanes.open(Address("127.0.0.1", 0))
    try:
        yield lanes
    finally:
        lanes.close()


@asynccontextmanager
async def connection(offer: Offer) -> AsyncIterator[Client]:
    client = Client(*await asyncio.open_connection("127.0.0.1", offer.port))
    try:
        yield client
    finally:
        client.hang_up()


@asynccontextmanager
async def welcomed(offer: Offer) -> AsyncIterator[Client]:
    """Connect to a lane, which says that it is welcome."""
    async with connection(offer) as client:
        client.say(offer.token.encode())
        assert await client.answers() == [0]
        yield client


@asynccontextmanager
async def lane(primary: Primary) -> AsyncIterator[tuple[Appending, Client]]:
    """Open a lane that is welcome."""
    appending = Appending(primary.replica)
    async with door() as lanes:
        with lanes.offering(appending) as metadata:
            offer = offer_of(metadata)
            assert offer is not None
            async with welcomed(offer) as client:
                yield appending, client
    appending.close()


async def until(appending: Appending) -> None:
    async with asyncio.timeout(DEADLINE):
        await appending.over


async def test_requests_go_over_a_lane_and_acks_come_back() -> None:
    primary = Primary()
    async with lane(primary) as (_, client):
        client.ask(1)
        assert await client.answers() == [1]
        client.ask(2, 3)
        acked: list[int] = []
        while 3 not in acked:
            acked += await client.answers()
    assert primary.taken == [1, 2, 3]


async def test_no_more_is_taken_than_may_be_in_work() -> None:
    primary = Primary(later=True)
    most = 3 * MAX_IN_WORK
    async with lane(primary) as (_, client):
        client.ask(*range(1, most + 1))
        acked = 0
        while acked < most:
            async with asyncio.timeout(DEADLINE):
                while len(primary.taken) == acked:
                    primary.asked.clear()
                    await primary.asked.wait()
            assert len(primary.taken) - acked <= MAX_IN_WORK
            primary.apply(1)
            acked = (await client.answers())[-1]
    assert primary.taken == list(range(1, most + 1))


@pytest.mark.parametrize("token", [b"", b"another", b"\xff\xfe"])
async def test_who_does_not_know_the_token_is_cut_off(token: bytes) -> None:
    async with door() as lanes:
        with lanes.offering(Appending(Primary().replica)) as metadata:
            offer = offer_of(metadata)
            assert offer is not None
            async with connection(offer) as client:
                client.say(token, request(1))
                assert await client.is_cut_off()


async def test_a_token_is_for_one_connection_and_for_as_long_as_its_stream() -> None:
    primary = Primary()
    async with door() as lanes:
        appending = Appending(primary.replica)
        with lanes.offering(appending) as metadata:
            offer = offer_of(metadata)
            assert offer is not None
            async with connection(offer) as first, connection(offer) as second:
                first.say(offer.token.encode())
                assert await first.answers() == [0]
                second.say(offer.token.encode())
                assert await second.is_cut_off()
        assert await first.answers() == []  # it ended with its stream
        with lanes.offering(Appending(primary.replica)) as metadata:
            late = offer_of(metadata)
            assert late is not None
        async with connection(late) as third:
            third.say(late.token.encode())
            assert await third.is_cut_off()
    assert primary.taken == []


async def test_who_says_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_door, "TOKEN_TIME_OUT", 0.05)
    async with door() as lanes:
        with lanes.offering(Appending(Primary().replica)) as metadata:
            offer = offer_of(metadata)
            assert offer is not None
            async with connection(offer) as client:
                assert await client.is_cut_off()


async def test_no_more_strangers_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_door, "MAX_STRANGERS", 1)
    async with door() as lanes:
        appending = Appending(Primary().replica)
        with lanes.offering(appending) as metadata:
            offer = offer_of(metadata)
            assert offer is not None
            async with connection(offer) as first, connection(offer) as second:
                assert await second.is_cut_off()
                first.say(offer.token.encode())
                assert await first.answers() == [0]


async def test_a_stream_ends_with_its_lane() -> None:
    async with lane(Primary()) as (appending, client):
        client.ask(1)
        assert await client.answers() == [1]
        client.hang_up()
        with pytest.raises(OutcomeUnknown):
            await until(appending)


async def test_a_lane_that_carried_nothing_may_be_given_up() -> None:
    """Its client had waited too long for the answer to its token, and stays with the call."""
    primary = Primary()
    appending = Appending(primary.replica)
    async with door() as lanes:
        with lanes.offering(appending) as metadata:
            offer = offer_of(metadata)
            assert offer is not None
            async with welcomed(offer):
                pass
            async with connection(offer) as late:  # let in only after the other one has gone
                late.say(offer.token.encode())
                assert await late.is_cut_off()
            assert not appending.over.done()
    appending.close()


@pytest.mark.parametrize("data", [frame(b"\xff\xff\xff"), (MAX_FRAME_BYTES + 1).to_bytes(4, "big")])
async def test_what_makes_no_sense_is_refused_after_what_did(data: bytes) -> None:
    primary = Primary()
    async with lane(primary) as (appending, client):
        client.ask(1)
        assert await client.answers() == [1]
        client.say_bytes(data)
        with pytest.raises(UsageError, match="lane of an append stream"):
            await until(appending)
    assert primary.taken == [1]


async def test_a_port_that_is_taken_is_named() -> None:
    async with door() as lanes:
        with lanes.offering(Appending(Primary().replica)) as metadata:
            offer = offer_of(metadata)
            assert offer is not None
            with pytest.raises(OperationError, match=rf"{offer.port}: .*--append-port"):
                await Lanes().open(Address("127.0.0.1", offer.port))
