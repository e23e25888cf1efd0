import asyncio
import logging

import grpc
import pytest

from edge.session import Limits
from node.errors import UsageError
from tests.edge.fake_processor import DEADLINE_S, FakeProcessor
from tests.edge.uplink_rig import NOBODY, rig, sequences


async def test_the_second_processor_is_used_when_the_first_is_down() -> None:
    async with FakeProcessor() as second, rig(NOBODY, second.address) as camera:
        await camera.capture_until(second, 1)


async def test_a_processor_that_dies_hands_over_to_the_next_and_frames_in_flight_are_lost() -> None:
    async with (
        FakeProcessor() as first,
        FakeProcessor() as second,
        rig(first.address, second.address) as camera,
    ):
        await camera.capture_until(first, 2)
        first.acks = False
        camera.capture()
        await first.until(lambda: len(first.frames) == 3)
        await first.kill()
        await second.until(lambda: len(second.hellos) == 1)
        await camera.capture_until(second, 1)
        await camera.finish()
    assert second.hellos[0].boot_id == first.hellos[0].boot_id
    assert sequences(first) == [1, 2, 3]
    assert sequences(second) == [4]
    counts = camera.outbox.counts
    assert (counts.captured, counts.acked, counts.lost, counts.dropped) == (4, 3, 1, 0)


async def test_a_stream_that_breaks_is_taken_up_again_with_the_first_processor() -> None:
    async with (
        FakeProcessor() as first,
        FakeProcessor() as second,
        rig(first.address, second.address) as camera,
    ):
        await camera.capture_until(first, 1)
        await first.break_stream()
        await first.until(lambda: len(first.hellos) == 2)
        await camera.capture_until(first, 2)
    assert second.hellos == []
    assert sequences(first) == [1, 2]


async def test_a_processor_that_is_down_is_said_once_and_used_when_it_comes_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    processor = FakeProcessor()
    async with FakeProcessor() as placeholder:
        address = placeholder.address
    async with rig(address) as camera, asyncio.timeout(DEADLINE_S):
        camera.capture()
        await camera.backoff.five_rounds_failed.wait()
        camera.capture()
        await processor.start(address.port)
        await processor.until(lambda: len(processor.frames) == 1 and not processor.unacked)
        await camera.capture_until(processor, 2)
        # Before it is killed: that is another trouble, and may be said as well.
        warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
        await processor.kill()
    assert len([text for text in warnings if "cannot be reached" in text]) == 1
    assert f"processor {address} cannot be reached" in warnings[0]
    assert camera.outbox.counts.dropped == 1
    assert sequences(processor)[0] == 2


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (grpc.StatusCode.NOT_FOUND, "does not know camera 'north' (not yet)"),
        (grpc.StatusCode.ALREADY_EXISTS, "already has camera 'north'"),
        (grpc.StatusCode.UNAVAILABLE, "is not available (not yet)"),
        (grpc.StatusCode.INTERNAL, "ended the stream with INTERNAL (not yet)"),
    ],
)
async def test_a_refusal_is_said_once_and_tried_again(
    code: grpc.StatusCode, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with FakeProcessor() as processor, rig(processor.address) as camera:
        processor.refuse_with = (code, "not yet")
        await processor.until(lambda: len(processor.hellos) >= 3)
        processor.refuse_with = None
        await camera.capture_until(processor, 1)
    (warning,) = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert message in warning


async def test_an_invalid_argument_ends_the_camera_with_its_line() -> None:
    async with FakeProcessor() as processor, rig(processor.address) as camera:
        processor.refuse_with = (grpc.StatusCode.INVALID_ARGUMENT, "bad boot id")
        with pytest.raises(UsageError, match="refuses camera 'north': bad boot id"):
            await camera.end()


async def test_a_processor_that_acks_nothing_is_left_for_the_next() -> None:
    limits = Limits(welcome_s=DEADLINE_S, ack_s=0.05, goodbye_s=0.1)
    async with (
        FakeProcessor() as silent,
        FakeProcessor() as second,
        rig(silent.address, second.address, limits=limits) as camera,
    ):
        silent.acks = False
        camera.capture()
        await silent.until(lambda: len(silent.frames) == 1)
        await second.until(lambda: len(second.hellos) == 1)
        camera.capture()
        await second.until(lambda: len(second.frames) == 1)
    assert camera.outbox.counts.lost >= 1


async def test_a_processor_that_never_welcomes_is_left_for_the_next() -> None:
    limits = Limits(welcome_s=0.05)
    async with (
        FakeProcessor() as mute,
        FakeProcessor() as second,
        rig(mute.address, second.address, limits=limits) as camera,
    ):
        mute.welcomes = False
        await camera.capture_until(second, 1)
    assert mute.hellos


async def test_closing_ends_a_camera_that_never_reached_anyone() -> None:
    async with rig(NOBODY) as camera:
        camera.capture()
        camera.uplink.close()
        await camera.end()
