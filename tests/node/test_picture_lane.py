"""Both ends of a lane for pictures, over real sockets."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest

from node.lanes import LANE_METADATA, Offer, offer_of
from node.picture_lane import PictureLane

DEADLINE = 60.0
MOST = 4 << 20


class End:
    """One end, and what it was told."""

    def __init__(self) -> None:
        self.took: list[tuple[bytes, bytes]] = []
        self.over = asyncio.Event()
        self.news = asyncio.Event()
        self.senseless = b"senseless"
        self.lane = PictureLane(self._took, most=MOST, over=self.over.set)

    def _took(self, message: bytes, picture: bytes) -> None:
        if message == self.senseless:
            raise ValueError("no such message")
        self.took.append((message, picture))
        self.news.set()

    async def has(self, count: int) -> None:
        async with asyncio.timeout(DEADLINE):
            while len(self.took) < count:
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def both() -> AsyncIterator[tuple[End, End]]:
    one, other = End(), End()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: other.lane, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        await loop.create_connection(lambda: one.lane, "127.0.0.1", port)
        yield one, other
    finally:
        for end in (one, other):
            end.lane.abort()
        server.close()


async def until(event: asyncio.Event) -> None:
    async with asyncio.timeout(DEADLINE):
        await event.wait()


async def test_messages_and_pictures_of_any_size_arrive_whole_and_in_order() -> None:
    sent = [
        (b"", b""),
        (b"a", b""),
        (b"", b"p"),
        (b"m" * 70_000, b""),
        *((b"%d" % size, bytes([size % 251]) * size) for size in (1, 65_535, 300_000, 3_000_000)),
        (b"last", b"picture"),
    ]
    async with both() as (one, other):
        for message, picture in sent:
            one.lane.write(message, picture)
            await one.lane.drain()
        await other.has(len(sent))
        assert other.took == sent
        other.lane.write(b"answer")
        await one.has(1)
        assert one.took == [(b"answer", b"")]


async def test_who_sends_too_much_at_once_is_cut_off() -> None:
    async with both() as (one, other):
        other.lane.most = 1000
        one.lane.write(b"x" * 500, b"y" * 500)
        await other.has(1)
        one.lane.write(b"x" * 500, b"y" * 501)
        await until(one.over)
        await until(other.lane.lost)
        assert len(other.took) == 1


async def test_what_makes_no_sense_shuts_the_lane() -> None:
    async with both() as (one, other):
        one.lane.write(other.senseless)
        await until(one.over)
        for end in (one, other):
            end.lane.close()
            await until(end.lane.lost)
            with pytest.raises(ConnectionError):
                end.lane.write(b"more")
            with pytest.raises(ConnectionError):
                await end.lane.drain()


async def test_one_who_sends_no_more_is_still_answered() -> None:
    async with both() as (one, other):
        one.lane.write(b"last", b"picture")
        one.lane.write_end()
        await until(other.over)
        assert other.took == [(b"last", b"picture")]
        other.lane.write(b"answer")
        other.lane.close()
        await one.has(1)
        await until(one.over)
        assert one.took == [(b"answer", b"")]


async def test_what_is_not_read_waits() -> None:
    async with both() as (one, other):
        other.lane.pause()
        one.lane.write(b"early")
        one.lane.write_end()
        one.took.append((b"", b""))  # time goes by: a turn of the loop for each end at least
        await asyncio.sleep(0)
        assert other.took == []
        other.lane.resume()
        await other.has(1)


def test_an_offer_is_read_as_it_is_said() -> None:
    offer = Offer(7101, "abc")
    assert offer_of([("else", "x"), offer.metadata]) == offer
    for unsound in ("", "7101", "x abc", "0 abc", "70000 abc"):
        assert offer_of([(LANE_METADATA, unsound)]) is None
    assert offer_of(None) is None


async def test_a_picture_that_was_sent_while_nobody_read_arrives() -> None:
    """The last of it wakes us, however little it is: once, at some sizes, a camera stood still."""
    loop = asyncio.get_running_loop()
    for size in range(200_000, 260_000, 3_000):
        end = End()
        server = await loop.create_server(partial(getattr, end, "lane"), "127.0.0.1", 0)
        with socket.create_connection(server.sockets[0].getsockname()) as camera:
            camera.setblocking(False)
            rest = memoryview(struct.pack(">II", 5, size) + b"frame" + bytes(size))
            with suppress(BlockingIOError):
                while rest:
                    rest = rest[camera.send(rest) :]
            sending = asyncio.create_task(loop.sock_sendall(camera, rest))
            await end.has(1)
            await sending
        assert end.took == [(b"frame", bytes(size))]
        end.lane.abort()
        server.close()
