"""A stream that goes over to its lane, or does without."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import grpc
import grpc.aio
import pytest

from edge import laned_call
from edge.laned_call import LanedCall
from node.lanes import Offer
from node.picture_lane import PictureLane
from protos import video_stream_pb2 as pb

DEADLINE = 60.0
TOKEN = "0123456789abcdef"
FRAME = pb.CameraMessage(frame=pb.Frame(sequence=7))


class FakeCall:
    """What of a call of StreamVideo is used; it ends when told to."""

    def __init__(self, port: int | None) -> None:
        self.port = port
        self.written: list[pb.CameraMessage] = []
        self.answers: asyncio.Queue[object] = asyncio.Queue()
        self.done = False
        self.cancelled = False
        self.put(welcome=pb.Welcome(processor_id="p", credits=2))

    def put(self, **message: Any) -> None:
        self.answers.put_nowait(pb.ProcessorMessage(**message))

    def end(self) -> None:
        self.answers.put_nowait(grpc.aio.EOF)

    async def initial_metadata(self) -> tuple[tuple[str, str], ...]:
        return () if self.port is None else (Offer(self.port, TOKEN).metadata,)

    async def write(self, message: pb.CameraMessage) -> None:
        self.written.append(message)

    async def read(self) -> object:
        if self.done:
            return grpc.aio.EOF
        message = await self.answers.get()
        self.done = message is grpc.aio.EOF
        return message

    async def done_writing(self) -> None:
        self.end()

    async def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.OK

    async def details(self) -> str:
        return ""

    def cancel(self) -> bool:
        was, self.cancelled = self.cancelled or self.done, True
        return not was


class Door:
    """A processor's end: answers the right token, or says nothing at all."""

    def __init__(self, *, silent: bool) -> None:
        self.silent = silent
        self.took: asyncio.Queue[tuple[bytes, bytes]] = asyncio.Queue()
        self.lane: PictureLane | None = None
        self.over = asyncio.Event()

    def accept(self) -> PictureLane:
        self.lane = PictureLane(self._took, most=1 << 20, over=self.over.set)
        return self.lane

    def _took(self, message: bytes, picture: bytes) -> None:
        assert self.lane is not None
        if message == TOKEN.encode() and not self.silent:
            self.lane.write(b"")
        elif message != TOKEN.encode():
            self.took.put_nowait((message, picture))


@asynccontextmanager
async def door(*, silent: bool = False) -> AsyncIterator[tuple[Door, int]]:
    made = Door(silent=silent)
    server = await asyncio.get_running_loop().create_server(made.accept, "127.0.0.1", 0)
    try:
        yield made, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        if made.lane is not None:
            made.lane.abort()


async def begin(fake: FakeCall) -> LanedCall:
    call = LanedCall(cast("laned_call.Call", fake), "127.0.0.1")
    await call.write(pb.CameraMessage(hello=pb.CameraHello()))
    assert (await within(call.read)).welcome.processor_id == "p"
    return call


async def within(read: Callable[[], Any]) -> Any:
    async with asyncio.timeout(DEADLINE):
        return await read()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no firewall."""
    monkeypatch.setattr(laned_call, "LANE_TIME_OUT", DEADLINE)


async def test_pictures_and_acks_go_over_the_lane_and_plans_come_by_either() -> None:
    async with door() as (there, port):
        fake = FakeCall(port)
        call = await begin(fake)
        await call.write(FRAME, b"picture")
        message, picture = await within(there.took.get)
        assert (pb.CameraMessage.FromString(message), picture) == (FRAME, b"picture")
        assert len(fake.written) == 1, "the hello alone"
        fake.put(plan=pb.CutPlan(plan_id=3))
        assert (await within(call.read)).plan.plan_id == 3
        assert there.lane is not None
        there.lane.write(pb.ProcessorMessage(ack=pb.FrameAck(sequence=7)).SerializeToString())
        assert (await within(call.read)).ack.sequence == 7
        call.cancel()
        await within(there.over.wait)
        assert fake.cancelled


async def by_the_call(fake: FakeCall) -> None:
    """Assert that a stream goes on without a lane."""
    call = await begin(fake)
    await call.write(pb.CameraMessage(frame=pb.Frame(sequence=7)), b"picture")
    await call.write(pb.CameraMessage(strip=pb.Strip(sequence=8)), b"patches")
    _, frame, strip = fake.written
    assert (frame.frame.jpeg, strip.strip.jpeg) == (b"picture", b"patches")
    fake.put(ack=pb.FrameAck(sequence=7))
    assert (await within(call.read)).ack.sequence == 7
    await call.done_writing()
    assert await within(call.read) is grpc.aio.EOF
    assert await call.code() is grpc.StatusCode.OK


async def test_a_processor_that_offers_none_is_spoken_to_by_the_call() -> None:
    await by_the_call(FakeCall(None))


async def test_where_nobody_listens_the_call_will_do() -> None:
    async with door() as (_, port):
        pass
    await by_the_call(FakeCall(port))


async def test_where_nobody_answers_the_call_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laned_call, "LANE_TIME_OUT", 0.05)
    async with door(silent=True) as (there, port):
        await by_the_call(FakeCall(port))
        if there.lane is not None:  # the connection was taken in time
            await within(there.over.wait)


async def test_a_lane_that_was_given_up_does_not_end_the_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A processor that was too busy to answer in time once ended each stream a second later."""
    monkeypatch.setattr(laned_call, "LANE_TIME_OUT", 0.05)
    monkeypatch.setattr(laned_call, "_GOODBYE_S", 0.0)
    async with door(silent=True) as (there, port):
        fake = FakeCall(port)
        call = await begin(fake)
        if there.lane is not None:
            await within(there.over.wait)
        for number in range(20):  # a turn of the loop each, and the cut would come with the first
            fake.put(ack=pb.FrameAck(sequence=number))
            assert (await within(call.read)).ack.sequence == number
            await asyncio.sleep(0)
        assert not fake.cancelled
        call.cancel()


async def test_a_lane_that_was_answered_on_just_too_late_does_not_end_the_stream_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(laned_call, "_GOODBYE_S", 0.0)
    async with door() as (there, port):
        # The answer is read in the same turn of the loop in which the time is over.
        answered = PictureLane.buffer_updated

        def late(lane: PictureLane, nbytes: int) -> None:
            answered(lane, nbytes)
            if lane is not there.lane:
                reading.cancel()

        monkeypatch.setattr(PictureLane, "buffer_updated", late)
        fake = FakeCall(port)
        call = LanedCall(cast(Any, fake), "127.0.0.1")
        reading = asyncio.create_task(call.read())
        with pytest.raises(asyncio.CancelledError):
            await within(lambda: reading)
        await within(there.over.wait)
        for _ in range(20):
            await asyncio.sleep(0)
        assert not fake.cancelled
        call.cancel()


async def test_a_lane_that_breaks_alone_ends_the_stream_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(laned_call, "_GOODBYE_S", 0.05)
    async with door() as (there, port):
        fake = FakeCall(port)
        call = await begin(fake)
        reading = asyncio.create_task(call.read())
        assert there.lane is not None
        there.lane.abort()
        assert await within(lambda: reading) is grpc.aio.EOF
        assert await call.code() is grpc.StatusCode.UNAVAILABLE
        assert "pictures" in (await call.details() or "")
        assert fake.cancelled
        with pytest.raises(asyncio.InvalidStateError):
            await call.write(FRAME, b"picture")


async def test_what_was_answered_last_is_read_before_the_end() -> None:
    async with door() as (there, port):
        fake = FakeCall(port)
        call = await begin(fake)
        await call.write(FRAME, b"picture")
        await call.done_writing()
        await within(there.over.wait)
        fake.end()
        assert there.lane is not None
        there.lane.write(pb.ProcessorMessage(ack=pb.FrameAck(sequence=7)).SerializeToString())
        there.lane.close()
        assert (await within(call.read)).ack.sequence == 7
        assert await within(call.read) is grpc.aio.EOF
        assert await call.code() is grpc.StatusCode.OK
        call.cancel()
