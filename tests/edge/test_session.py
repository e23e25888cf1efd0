import logging

import pytest

from edge.conditions import Condition
from edge.session import Limits
from protos import parking_pb2 as parking
from protos import video_stream_pb2 as pb
from tests.edge.fake_processor import FakeProcessor
from tests.edge.uplink_rig import rig, sequences


async def test_hello_then_frames_then_a_clean_end() -> None:
    async with FakeProcessor() as processor, rig(processor.address) as camera:
        await camera.capture_until(processor, 3)
        await camera.finish()
        await processor.until(lambda: bool(processor.ends))
    (hello,) = processor.hellos
    assert hello == pb.CameraHello(
        camera_id="north",
        boot_id="0123456789abcdef",
        frames_per_second=2.0,
        source_kind="file",
        software_version="0.1.0",
    )
    first = pb.Frame(
        sequence=1,
        captured_at_us=1000,
        width=64,
        height=48,
        jpeg=b"x" * 10,
        source_position_us=10,
    )
    assert processor.frames[0] == first
    assert sequences(processor) == [1, 2, 3]
    assert processor.ends == ["clean"]
    assert camera.outbox.counts.acked == 3


@pytest.mark.parametrize("credit", [1, 2, 3])
async def test_credits_are_respected_and_the_newest_waits(credit: int) -> None:
    async with FakeProcessor(credit=credit) as processor, rig(processor.address) as camera:
        processor.acks = False
        for frames in range(1, credit + 1):
            camera.capture()
            await processor.until(lambda frames=frames: len(processor.frames) == frames)  # type: ignore[misc]
        newest = [camera.capture() for _ in range(5)][-1]
        # Time enough for a frame too many: another camera says hello and is heard.
        async with rig(processor.address):
            await processor.until(lambda: len(processor.hellos) >= 2)
        assert len(processor.frames) == credit
        await processor.let_acks_go()
        await processor.until(lambda: len(processor.frames) == credit + 1)
        await camera.finish()
    assert processor.most_unacked <= credit
    assert sequences(processor) == [*range(1, credit + 1), newest]
    assert processor.frames[-1].dropped_total == 4
    assert camera.outbox.counts.dropped == 4


async def test_a_frame_over_the_limit_is_refused_here_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with FakeProcessor(max_frame_bytes=100) as processor, rig(processor.address) as camera:
        await camera.capture_until(processor, 1)
        for _ in range(3):
            camera.capture(size=101)
        await camera.finish()
    assert sequences(processor) == [1]
    assert camera.outbox.counts.refused >= 1
    (warning,) = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert "limit 100 bytes" in warning
    assert "lower --quality or --max-width" in warning


async def test_one_that_welcomes_without_credits_breaks_the_contract(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with FakeProcessor(credit=0) as processor, rig(processor.address):
        await processor.until(lambda: len(processor.hellos) >= 2)
    assert "does not keep to the protocol: it welcomed with no credits" in caplog.text


async def test_a_frame_that_could_not_be_used_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with FakeProcessor() as processor, rig(processor.address) as camera:
        processor.outcome = pb.FRAME_OUTCOME_WRONG_SIZE
        await camera.capture_until(processor, 3)
        await camera.finish()
    assert camera.outbox.counts.unclassified == 3
    (warning,) = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert "could not use a frame: wrong_size" in warning


async def test_draining_waits_for_the_last_ack() -> None:
    async with FakeProcessor() as processor, rig(processor.address) as camera:
        processor.acks = False
        camera.capture()
        await processor.until(lambda: len(processor.frames) == 1)
        camera.uplink.drain()
        assert not camera.task.done()
        await processor.let_acks_go()
        await camera.finish()
    assert camera.outbox.idle


async def test_closing_does_not_wait_for_acks() -> None:
    limits = Limits(goodbye_s=0.05)
    async with FakeProcessor() as processor, rig(processor.address, limits=limits) as camera:
        processor.acks = False
        camera.capture()
        await processor.until(lambda: len(processor.frames) == 1)
        camera.uplink.close()
        await camera.end()
    assert camera.outbox.counts.lost == 1


async def test_a_condition_takes_no_credit_and_each_stream_is_told_before_its_frames() -> None:
    async with FakeProcessor() as processor, rig(processor.address) as camera:
        await camera.capture_until(processor, 1)
        assert [c.condition for c in processor.conditions] == [parking.CAMERA_CONDITION_OK]
        processor.acks = False
        camera.capture()
        await processor.until(lambda: len(processor.frames) == 2)
        camera.capture()
        await processor.until(lambda: len(processor.frames) == 3)  # no credit is left
        camera.conditions.begin(Condition.FROZEN, since_us=5, detail="for 60 s")
        camera.uplink.condition_changed()
        await processor.until(lambda: len(processor.conditions) == 2)
        await processor.break_stream()
        await processor.until(lambda: len(processor.conditions) == 3)
    said = processor.conditions[2]
    assert (said.condition, said.since_us) == (parking.CAMERA_CONDITION_FROZEN, 5)
    assert (said.detail, said.number) == ("for 60 s", 2)
