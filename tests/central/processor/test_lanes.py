"""Pictures that come on a lane beside their stream, to a real processor."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest

from central.processor import lanes
from central.processor.service import Processor
from central.processor.settings import StreamLimits
from node import lane_door
from node.address import Address
from node.errors import OperationError
from node.lanes import Offer, offer_of
from node.picture_lane import PictureLane
from protos import video_stream_pb2 as wire
from tests.central.processor.fake_camera import FakeCamera, end_of
from tests.central.processor.fake_classifier import DEADLINE
from tests.central.processor.fake_ledger import FakeLedger
from tests.central.processor.harness import HEIGHT, WIDTH, layout, picture, running, settings


async def known() -> FakeLedger:
    ledger = FakeLedger()
    await ledger.apply(layout("cam1"))
    return ledger


class Line:
    """A camera's end of a lane."""

    def __init__(self) -> None:
        self.answers: asyncio.Queue[wire.ProcessorMessage] = asyncio.Queue()
        self.lane = PictureLane(self._took, most=1 << 20, over=self._end)

    def _took(self, message: bytes, _: bytes) -> None:
        self.answers.put_nowait(wire.ProcessorMessage.FromString(message))

    def _end(self) -> None:
        self.lane.close()

    async def connect(self, processor: Processor, offer: Offer) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self.lane, processor.address.host, offer.port)
        self.lane.write(offer.token.encode())

    async def answer(self) -> wire.ProcessorMessage:
        async with asyncio.timeout(DEADLINE):
            return await self.answers.get()

    def send_frame(self, sequence: int, jpeg: bytes) -> None:
        frame = wire.Frame(
            sequence=sequence, captured_at_us=sequence * 1_000_000, width=WIDTH, height=HEIGHT
        )
        self.lane.write(wire.CameraMessage(frame=frame).SerializeToString(), jpeg)

    async def is_cut_off(self) -> bool:
        async with asyncio.timeout(DEADLINE):
            await self.lane.lost.wait()
        return self.answers.empty()


async def offered(camera: FakeCamera) -> Offer:
    offer = offer_of(await camera._call.initial_metadata())
    assert offer is not None
    return offer


@asynccontextmanager
async def laned(
    limits: StreamLimits | None = None,
) -> AsyncIterator[tuple[Processor, FakeCamera, Line]]:
    """A camera whose lane was answered, and was not used yet."""
    async with (
        running(await known(), settings(limits=limits)) as processor,
        FakeCamera(processor) as camera,
    ):
        line = Line()
        await line.connect(processor, await offered(camera))
        assert not (await line.answer()).WhichOneof("message"), "the token's answer is empty"
        try:
            yield processor, camera, line
        finally:
            line.lane.abort()


async def test_a_frame_on_the_lane_is_answered_there() -> None:
    async with laned() as (_, _camera, line):
        for sequence in (1, 2, 3):
            line.send_frame(sequence, picture("ovov"))
            ack = (await line.answer()).ack
            assert (ack.sequence, ack.outcome) == (sequence, wire.FRAME_OUTCOME_CLASSIFIED)


async def test_until_it_is_used_the_call_is_answered() -> None:
    async with laned() as (_, camera, line):
        await camera.show("ovov", times=2)
        line.lane.abort()
        await camera.show("ovov", times=2)  # one that goes away unused does no harm
        await camera.finish()


async def test_what_was_sent_before_its_end_is_answered_and_the_stream_ends_well() -> None:
    async with laned() as (_, camera, line):
        line.send_frame(1, picture("ovov"))
        line.lane.write_end()
        assert (await line.answer()).ack.sequence == 1
        async with asyncio.timeout(DEADLINE):
            assert await camera._call.code() is grpc.StatusCode.OK
        assert await line.is_cut_off()


async def test_a_lane_that_breaks_ends_its_stream() -> None:
    async with laned() as (_, camera, line):
        line.send_frame(1, picture("ovov"))
        await line.answer()
        line.lane.abort()
        async with asyncio.timeout(DEADLINE):
            assert await camera._call.code() is grpc.StatusCode.OK


async def test_a_stream_that_ends_ends_its_lane() -> None:
    async with laned() as (_, camera, line):
        line.send_frame(1, picture("ovov"))
        await line.answer()
        await camera.finish()
        assert await line.is_cut_off()


async def test_what_the_call_refuses_the_lane_does_too() -> None:
    async with laned(StreamLimits(max_frame_bytes=1000)) as (_, camera, line):
        line.send_frame(1, b"\0" * 1001)
        code, detail = await end_of(camera)
        assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "1001 bytes" in detail
    async with laned() as (_, camera, line):
        line.lane.write(b"\xff no message")
        code, _detail = await end_of(camera)
        assert code is grpc.StatusCode.INVALID_ARGUMENT


async def test_only_the_first_who_knows_the_token_is_listened_to() -> None:
    async with (
        running(await known()) as processor,
        FakeCamera(processor) as camera,
    ):
        offer = await offered(camera)
        guess = Line()
        await guess.connect(processor, Offer(offer.port, "0" * len(offer.token)))
        assert await guess.is_cut_off()
        first, second = Line(), Line()
        await first.connect(processor, offer)
        await first.answer()
        await second.connect(processor, offer)
        assert await second.is_cut_off()
        first.send_frame(1, picture("ovov"))
        assert (await first.answer()).ack.sequence == 1


async def test_a_stranger_may_not_send_much_nor_wait_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_door, "TOKEN_TIME_OUT", 0.05)
    async with (
        running(await known()) as processor,
        FakeCamera(processor) as camera,
    ):
        offer = await offered(camera)
        loop = asyncio.get_running_loop()
        silent, loud = Line(), Line()
        for line in (silent, loud):
            await loop.create_connection(lambda line=line: line.lane, "127.0.0.1", offer.port)  # type: ignore[misc]
        loud.lane.write(b"x" * 1000)
        assert await loud.is_cut_off()
        assert await silent.is_cut_off()
        await camera.show("ovov")


async def test_a_port_that_is_taken_is_an_error_that_says_what_to_do() -> None:
    async with running(await known()) as processor, FakeCamera(processor) as camera:
        port = (await offered(camera)).port
        with pytest.raises(OperationError, match=rf"{port}.*--picture-port"):
            await lanes.Lanes(most=1).open(Address("127.0.0.1", port))


async def test_who_is_one_too_many_is_turned_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lane_door, "MAX_STRANGERS", 1)
    async with (
        running(await known()) as processor,
        FakeCamera(processor) as camera,
    ):
        port = (await offered(camera)).port
        loop = asyncio.get_running_loop()
        first, second = Line(), Line()
        for line in (first, second):
            await loop.create_connection(lambda line=line: line.lane, "127.0.0.1", port)  # type: ignore[misc]
        assert await second.is_cut_off()
        assert not first.lane.lost.is_set()
        first.lane.abort()
