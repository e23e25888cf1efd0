"""The door of lanes, with connections that are only names."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from node import lane_door
from node.address import Address
from node.lane_door import LaneDoor, Metadata, Stranger
from node.lanes import offer_of

DEADLINE = 60.0


class Knock:
    """A connection; `is_ended` once it was cut off."""

    def __init__(self, door: LaneDoor[str]) -> None:
        self.ended = asyncio.Event()
        self.stranger: Stranger[str] = door.meet(self.ended.set)

    @property
    def is_ended(self) -> bool:
        return self.ended.is_set()


@asynccontextmanager
async def opened() -> AsyncIterator[LaneDoor[str]]:
    door = LaneDoor[str]("visits", option="--visit-port")
    await door.open(Address("127.0.0.1", 0), asyncio.Protocol)
    try:
        yield door
    finally:
        door.close()


def token_of(metadata: Metadata) -> bytes:
    offer = offer_of(metadata)
    assert offer is not None
    return offer.token.encode()


async def test_a_token_lets_one_in_and_as_long_as_it_is_offered() -> None:
    async with opened() as door:
        first, second, third = Knock(door), Knock(door), Knock(door)
        with door.offering("tea") as metadata:
            assert first.stranger.introduce(token_of(metadata)) == "tea"
            assert second.stranger.introduce(token_of(metadata)) is None
        with door.offering("cake") as metadata:
            token = token_of(metadata)
        assert third.stranger.introduce(token) is None
        assert (first.is_ended, second.is_ended, third.is_ended) == (False, True, True)


async def test_each_is_let_in_to_its_own() -> None:
    async with opened() as door:
        with door.offering("tea") as tea, door.offering("cake") as cake:
            assert Knock(door).stranger.introduce(token_of(cake)) == "cake"
            assert Knock(door).stranger.introduce(token_of(tea)) == "tea"


async def test_a_door_that_is_not_open_offers_nothing() -> None:
    with LaneDoor[str]("visits", option="--visit-port").offering("tea") as metadata:
        assert metadata == ()


async def test_who_waits_too_long_is_cut_off_and_who_is_known_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lane_door, "TOKEN_TIME_OUT", 0.01)
    async with opened() as door:
        with door.offering("tea") as metadata:
            known, silent = Knock(door), Knock(door)
            known.stranger.introduce(token_of(metadata))
            async with asyncio.timeout(DEADLINE):
                await silent.ended.wait()
            assert not known.is_ended


async def test_there_is_room_again_once_one_is_known_or_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lane_door, "MAX_STRANGERS", 1)
    async with opened() as door:
        with door.offering("tea") as metadata:
            first, turned_away = Knock(door), Knock(door)
            assert (first.is_ended, turned_away.is_ended) == (False, True)
            first.stranger.introduce(token_of(metadata))
        second = Knock(door)
        assert not second.is_ended
        second.stranger.leave()
        assert not Knock(door).is_ended


async def test_a_door_that_closes_ends_strangers_and_lets_guests_stay() -> None:
    async with opened() as door:
        with door.offering("tea") as metadata:
            guest, stranger = Knock(door), Knock(door)
            guest.stranger.introduce(token_of(metadata))
            door.close()
            assert (guest.is_ended, stranger.is_ended) == (False, True)


async def test_connections_come_to_who_opened_it() -> None:
    met: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    class Visit(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            met.set_result(None)

    door = LaneDoor[str]("visits", option="--visit-port")
    await door.open(Address("127.0.0.1", 0), Visit)
    with door.offering("tea") as metadata:
        offer = offer_of(metadata)
        assert offer is not None
        _, writer = await asyncio.open_connection("127.0.0.1", offer.port)
    async with asyncio.timeout(DEADLINE):
        await met
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    door.close()
