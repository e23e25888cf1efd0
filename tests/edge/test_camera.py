import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import cv2
import grpc
import numpy as np
import pytest

from edge.camera import CameraNode, CameraSettings
from edge.detectors import DetectorLimits
from edge.source import Source, SourceKind, parse_source
from node.address import Address
from node.errors import OperationError, UsageError
from protos import parking_pb2 as parking
from protos import video_stream_pb2 as pb
from tests.edge.fake_processor import DEADLINE_S, FakeProcessor
from tests.edge.fake_reader import FakeOpener, FakeReader
from tests.edge.videos import make_video, number_of


def settings_for(source: Source, processor: Address) -> CameraSettings:
    return CameraSettings(
        source=source,
        camera_id="north",
        processors=(processor,),
        fps=20.0,
        speed=1.0,
        loop=False,
    )


def picture_number(frame: pb.Frame) -> int:
    image = cv2.imdecode(np.frombuffer(frame.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return number_of(np.asarray(image, dtype=np.uint8))


async def test_a_file_is_streamed_to_its_end(tmp_path: Path) -> None:
    source = make_video(tmp_path / "stills.mp4", frames=6, fps=1.0, codec="mp4v")
    async with FakeProcessor() as processor, asyncio.timeout(DEADLINE_S):
        settings = replace(settings_for(source, processor.address), speed=20.0)
        node = CameraNode(settings)
        assert await node.run(asyncio.Event()) == 0
        await processor.until(lambda: bool(processor.ends))
    assert processor.ends == ["clean"]
    # A machine that stalls may make the node skip frames, never mix them up.
    assert 1 <= len(processor.frames) == node.counts.acked <= node.counts.captured <= 6
    positions = [frame.source_position_us for frame in processor.frames]
    assert positions == sorted(set(positions))
    assert positions == [picture_number(frame) * 1_000_000 for frame in processor.frames]


def positions(processor: FakeProcessor) -> set[int]:
    return {frame.source_position_us for frame in processor.frames}


async def test_a_loop_goes_on_until_it_is_stopped(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.avi", frames=2, fps=20.0)
    async with FakeProcessor() as processor, asyncio.timeout(DEADLINE_S):
        node = CameraNode(replace(settings_for(source, processor.address), loop=True))
        stop = asyncio.Event()
        running = asyncio.create_task(node.run(stop))
        await processor.until(lambda: len(processor.frames) >= 5 and len(positions(processor)) > 1)
        stop.set()
        assert await running == 0
    assert not node.source_is_stuck
    assert positions(processor) == {0, 50_000}


async def test_a_file_that_ends_before_anyone_took_a_frame_is_an_error(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.avi", frames=2, fps=20.0)
    settings = replace(settings_for(source, Address("127.0.0.1", 9)), drain_s=0.1)
    with pytest.raises(OperationError, match="ended before any processor took a frame"):
        await CameraNode(settings).run(asyncio.Event())


def test_no_video_is_refused_before_anything_starts(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("not a video\n" * 100)
    with pytest.raises(UsageError, match=r"x\.txt' is not a video that OpenCV can read"):
        CameraNode(settings_for(parse_source(str(path)), Address("127.0.0.1", 9)))


async def test_a_source_that_hangs_does_not_hold_up_the_end() -> None:
    blocked = threading.Event()
    opener = FakeOpener([FakeReader(frames=1, interval_s=0.0, blocks=blocked)])
    webcam = Source(SourceKind.WEBCAM, "0", "webcam 0")
    try:
        async with FakeProcessor() as processor, asyncio.timeout(DEADLINE_S):
            node = CameraNode(settings_for(webcam, processor.address), open_reader=opener)
            stop = asyncio.Event()
            running = asyncio.create_task(node.run(stop))
            await processor.until(lambda: len(processor.frames) == 1)
            stop.set()
            assert await running == 0
        assert node.source_is_stuck
        assert processor.frames[0].source_position_us == -1
    finally:
        blocked.set()


async def test_a_source_that_gives_nothing_is_said_to_be_lost_and_to_be_back() -> None:
    blocked = threading.Event()
    first = FakeReader(frames=1, interval_s=0.0, blocks=blocked)
    opener = FakeOpener([first, FakeReader(frames=9, interval_s=0.0, blocks=threading.Event())])
    webcam = Source(SourceKind.WEBCAM, "0", "webcam 0")
    async with FakeProcessor() as processor, asyncio.timeout(DEADLINE_S):
        settings = settings_for(webcam, processor.address)
        settings = replace(settings, detectors=DetectorLimits(lost_s=0.5))
        stop = asyncio.Event()
        running = asyncio.create_task(CameraNode(settings, open_reader=opener).run(stop))
        await processor.until(lambda: len(processor.conditions) == 2)
        blocked.set()
        await processor.until(lambda: len(processor.conditions) == 3)
        stop.set()
        await running
    said = [report.condition for report in processor.conditions]
    assert said == [
        parking.CAMERA_CONDITION_OK,
        parking.CAMERA_CONDITION_LOST,
        parking.CAMERA_CONDITION_OK,
    ]
    assert processor.conditions[1].detail == "no picture for 0.5 s"


async def test_a_refused_camera_ends_with_the_processors_line(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.avi", frames=20, fps=2.0)
    async with FakeProcessor() as processor, asyncio.timeout(DEADLINE_S):
        processor.refuse_with = (grpc.StatusCode.INVALID_ARGUMENT, "bad id")
        with pytest.raises(UsageError, match="refuses camera 'north': bad id"):
            await CameraNode(settings_for(source, processor.address)).run(asyncio.Event())
