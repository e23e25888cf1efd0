"""What really goes over the wire, from a whole camera node: strips, masks, and no whole picture."""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.camera import CameraNode, CameraSettings
from edge.encoder import Send, SendSettings
from edge.gate import GateSettings
from models.patches import PatchSpec
from models.strips import strip_size
from protos import video_stream_pb2 as pb
from tests.edge.fake_processor import DEADLINE_S, FakeProcessor
from tests.edge.test_camera import settings_for
from tests.edge.videos import make_video

SPEC = PatchSpec(16, 0.0)
EVERYTHING = pb.PlannedMask(
    corners_millionths=[0, 0, 1_000_000, 0, 1_000_000, 1_000_000, 0, 1_000_000]
)


def plan(
    plan_id: int = 1, *, regions: int = 2, masks: tuple[pb.PlannedMask, ...] = ()
) -> pb.CutPlan:
    lefts = [100_000 + 400_000 * number for number in range(regions)]
    corners = [
        [left, 200_000, left + 300_000, 200_000, left + 300_000, 800_000, left, 800_000]
        for left in lefts
    ]
    return pb.CutPlan(
        plan_id=plan_id,
        layout_version=plan_id,
        geometry=pb.PatchGeometry(size=SPEC.size, margin=SPEC.margin),
        regions=[pb.PlannedRegion(corners_millionths=flat) for flat in corners],
        masks=masks,
    )


def endless(path: Path, processor: FakeProcessor, sending: SendSettings) -> CameraSettings:
    source = make_video(path / "a.avi", frames=20, fps=20.0)
    return replace(settings_for(source, processor.address), loop=True, sending=sending)


def brightest(jpeg: bytes) -> int:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return int(np.asarray(image).max())


async def run_until(node: CameraNode, processor: FakeProcessor, *, messages: int) -> None:
    stop = asyncio.Event()
    async with asyncio.timeout(2 * DEADLINE_S):
        running = asyncio.create_task(node.run(stop))
        await processor.until(lambda: len(processor.frames) + len(processor.strips) >= messages)
        stop.set()
        await running


OPEN = GateSettings(threshold=0.0)


async def test_a_private_camera_never_sends_a_whole_picture(tmp_path: Path) -> None:
    sending = SendSettings(private=True, picture_s=0.0, gate=OPEN)
    async with FakeProcessor() as processor:
        processor.plan = plan()
        await run_until(CameraNode(endless(tmp_path, processor, sending)), processor, messages=20)
    (hello,) = processor.hellos
    assert hello.private
    assert hello.cuts_strips
    assert not processor.frames
    for strip in processor.strips:
        image = cv2.imdecode(np.frombuffer(strip.jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        assert image.shape[1::-1] == strip_size(len(strip.places), SPEC)


async def test_without_a_plan_a_private_camera_sends_nothing(tmp_path: Path) -> None:
    complained = asyncio.Event()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "told no regions to cut" in record.getMessage():
                complained.set()

    listener = Listener()
    logging.getLogger("edge.session").addHandler(listener)
    async with FakeProcessor() as processor:
        node = CameraNode(endless(tmp_path, processor, SendSettings(private=True)))
        stop = asyncio.Event()
        async with asyncio.timeout(DEADLINE_S):
            running = asyncio.create_task(node.run(stop))
            await complained.wait()
            await processor.tell_plan(plan(7))
            await processor.until(lambda: bool(processor.strips))
            stop.set()
            await running
    logging.getLogger("edge.session").removeHandler(listener)
    assert not processor.frames
    assert processor.strips[0].plan_id == 7
    assert node.counts.captured >= node.counts.refused + len(processor.strips)
    assert node.counts.refused >= 1


@pytest.mark.parametrize("send", Send)
async def test_what_is_masked_never_leaves(tmp_path: Path, send: Send) -> None:
    sending = SendSettings(send=send, gate=OPEN, picture_s=0.1)
    async with FakeProcessor() as processor:
        processor.plan = plan(masks=(EVERYTHING,))
        await run_until(CameraNode(endless(tmp_path, processor, sending)), processor, messages=10)
    sent = [frame.jpeg for frame in processor.frames] + [strip.jpeg for strip in processor.strips]
    assert max(brightest(jpeg) for jpeg in sent) < 8
    assert bool(processor.frames)  # whole pictures among the strips, too
    assert bool(processor.strips) is (send is not Send.FRAMES)


async def test_a_new_plan_is_followed_in_the_middle_of_a_stream(tmp_path: Path) -> None:
    async with FakeProcessor() as processor:
        processor.plan = plan()
        node = CameraNode(endless(tmp_path, processor, SendSettings(gate=OPEN)))
        stop = asyncio.Event()
        async with asyncio.timeout(DEADLINE_S):
            running = asyncio.create_task(node.run(stop))
            await processor.until(lambda: len(processor.strips) >= 3)
            await processor.tell_plan(plan(2, regions=1))
            await processor.until(lambda: processor.strips[-1].plan_id == 2)
            stop.set()
            await running
    assert list(processor.strips[0].places) == [0, 1]
    assert list(processor.strips[-1].places) == [0]
    assert len(processor.hellos) == 1


async def test_what_the_processor_did_not_take_is_sent_again(tmp_path: Path) -> None:
    async with FakeProcessor() as processor:
        processor.plan = plan()
        processor.outcome = pb.FRAME_OUTCOME_OVERLOADED
        sending = SendSettings(gate=GateSettings(threshold=255.0, brightness=255.0))
        await run_until(CameraNode(endless(tmp_path, processor, sending)), processor, messages=8)
    # One strip may leave before the first answer is back.
    assert sum(list(strip.places) == [0, 1] for strip in processor.strips) >= 4
