"""What is lost, of frames and of strips, when a processor goes in the middle: no more than was in
flight, and the camera's counts say so exactly."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from edge.encoder import Encoder, Send, SendSettings
from edge.frames import Image
from edge.gate import GateSettings
from edge.session import Limits
from tests.edge.cut_wire import CutWire
from tests.edge.fake_processor import FakeProcessor
from tests.edge.test_private import plan
from tests.edge.uplink_rig import Rig, rig

ENCODERS: dict[str, Callable[[], Encoder]] = {
    "frames": lambda: Encoder(SendSettings(send=Send.FRAMES)),
    "strips": lambda: Encoder(
        SendSettings(send=Send.STRIPS, picture_s=math.inf, gate=GateSettings(threshold=0.0))
    ),
}
BIG_REGIONS = 2
CUT_AT = 2_000  # bytes; a frame and a strip of `noise` are larger


@pytest.fixture(params=sorted(ENCODERS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def processor_for(kind: str) -> FakeProcessor:
    processor = FakeProcessor()
    if kind == "strips":
        processor.plan = plan(regions=BIG_REGIONS)
        processor.plan.geometry.size = 64
    return processor


def noise(seed: int) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (240, 320, 3), np.uint8)


def check_sums(camera: Rig, *, lost: int, received: list[int]) -> None:
    """All that was captured is accounted for, and each frame arrived once at most."""
    counts = camera.outbox.counts
    assert counts.lost == lost
    assert counts.refused == 0
    assert counts.captured == counts.dropped + counts.sent
    assert counts.sent == counts.acked + counts.lost
    assert received == sorted(set(received))


def only_of(kind: str, processor: FakeProcessor) -> bool:
    return bool(processor.strips) is (kind == "strips") and bool(processor.frames) is (
        kind == "frames"
    )


async def test_one_that_dies_loses_what_is_in_flight(kind: str) -> None:
    async with processor_for(kind) as first, processor_for(kind) as second:
        async with rig(first.address, second.address, encoder=ENCODERS[kind]()) as camera:
            await camera.capture_until(first, 3)
            first.acks = False
            for number in (4, 5):
                camera.capture(image=noise(number))
                await first.until(lambda n=number: len(first.received) == n)  # type: ignore[misc]
            camera.capture()  # waits: no credit is left
            await first.kill()
            await second.until(lambda: len(second.received) == 1 and not second.unacked)
            await camera.capture_until(second, 3)
            await camera.finish()
        assert only_of(kind, first)
        assert first.received == [1, 2, 3, 4, 5]
        assert second.received == [6, 7, 8]
        assert camera.outbox.counts.captured == 8
        check_sums(camera, lost=2, received=first.received + second.received)


async def test_one_that_restarts_in_the_middle_of_a_frame_loses_that_one(kind: str) -> None:
    async with processor_for(kind) as processor, CutWire(processor.address) as wire:
        async with rig(wire.address, encoder=ENCODERS[kind]()) as camera:
            await camera.capture_until(processor, 2)
            for cuts in range(1, 6):
                had = len(processor.received)
                wire.cut_after(CUT_AT)
                camera.capture(image=noise(cuts))
                await processor.until(lambda n=cuts: len(processor.hellos) == n + 1)  # type: ignore[misc]
                assert wire.cuts == cuts
                assert len(processor.received) == had, "half a frame is none"
                await camera.capture_until(processor, had + 2)
            await camera.finish()
        assert only_of(kind, processor)
        assert camera.outbox.counts.captured == 17
        check_sums(camera, lost=5, received=processor.received)


async def test_one_that_stops_reading_loses_what_its_credits_allow(kind: str) -> None:
    limits = Limits(welcome_s=5.0, ack_s=0.5, goodbye_s=0.1)
    async with processor_for(kind) as deaf, processor_for(kind) as second:
        deaf.reads = False
        async with rig(
            deaf.address, second.address, limits=limits, encoder=ENCODERS[kind]()
        ) as camera:
            for number in range(1, 3):
                camera.capture(image=noise(number))
                await camera.until_sent(number)
            newest = [camera.capture() for _ in range(4)][-1]
            await second.until(lambda: len(second.received) == 1 and not second.unacked)
            await camera.capture_until(second, 3)
            await camera.finish()
        assert deaf.received == []
        assert second.received == [newest, newest + 1, newest + 2]
        assert camera.outbox.counts.dropped == 3
        check_sums(camera, lost=2, received=second.received)
