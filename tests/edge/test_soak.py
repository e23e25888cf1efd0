"""A camera node for days, in a few minutes: 100,000 frames at top speed, and memory that stays.

Of strips, with gate and looks for nudges, as of frames.
"""

import asyncio
import gc
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edge.camera import CameraNode, CameraSettings
from edge.encoder import Send, SendSettings
from edge.frames import Image
from edge.gate import GateSettings
from edge.nudge_judge import NudgeLimits
from edge.plan import Polygon
from edge.source import Source, SourceKind
from protos import video_stream_pb2 as pb
from tests.edge.fake_processor import FakeProcessor
from tests.edge.fake_reader import FakeReader
from tests.edge.pictures import noisy, scene
from tests.edge.views import REGIONS

FRAMES = 100_000
GROWTH_BYTES = 8 * 2**20


def resident_bytes() -> int:
    """Return what this process occupies now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * 4096


class PacedReader(FakeReader):
    """Gives frames as fast as they are taken: else most would be dropped and nothing be soaked."""

    def __init__(self) -> None:
        super().__init__(frames=100 * FRAMES, interval_s=0.0)
        self.wanted = threading.Semaphore(2)
        still = scene(width=320, height=240)
        self._pictures = [noisy(still, seed=seed, sigma=3.0) for seed in range(20)]

    def retrieve(self) -> Image:
        return self._pictures[self.grabbed % len(self._pictures)].copy()

    def grab(self) -> bool:
        self.wanted.acquire(timeout=0.05)
        return super().grab()


class Forgetful(FakeProcessor):
    """Keeps no frame, and lets the source give the next for each that came."""

    def __init__(self, source: "PacedReader") -> None:
        super().__init__()
        self._source = source

    async def soaked(self, enough: Callable[[], bool]) -> None:
        """Wait for as long as it takes; the test's own time-out ends it."""
        async with self._changed:
            await self._changed.wait_for(enough)

    async def _notify(self) -> None:
        self._source.wanted.release(max(1, len(self.frames) + len(self.strips)))
        self.frames.clear()
        self.strips.clear()
        self.conditions.clear()
        await super()._notify()


SENDING = {
    "frames": SendSettings(send=Send.FRAMES),
    # Each frame is another look, so that what was sent is asked about, and pictures come between.
    "strips": SendSettings(send=Send.STRIPS, picture_s=1.0, gate=GateSettings(refresh_s=0.5)),
}


def plan_of(regions: tuple[Polygon, ...]) -> pb.CutPlan:
    flat = [[round(value * 1e6) for corner in region for value in corner] for region in regions]
    return pb.CutPlan(
        plan_id=1,
        layout_version=1,
        geometry=pb.PatchGeometry(size=48, margin=0.2, surroundings=1.8),
        regions=[pb.PlannedRegion(corners_millionths=corners) for corners in flat],
    )


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", sorted(SENDING))
async def test_a_hundred_thousand_frames_leave_no_trace_in_memory(kind: str) -> None:
    settings = CameraSettings(
        source=Source(SourceKind.WEBCAM, "0", "webcam 0"),
        camera_id="north",
        processors=(),
        fps=1e6,
        speed=1.0,
        loop=False,
        sending=SENDING[kind],
        nudges=NudgeLimits(every_s=0.1),
    )
    sizes: list[int] = []
    reader = PacedReader()
    async with Forgetful(reader) as processor:
        processor.plan = plan_of(REGIONS)
        node = CameraNode(
            replace(settings, processors=(processor.address,)),
            open_reader=lambda _source: reader,
        )
        stop = asyncio.Event()
        running = asyncio.create_task(node.run(stop))
        for goal in range(FRAMES // 10, FRAMES + 1, FRAMES // 10):
            await processor.soaked(lambda goal=goal: node.counts.acked >= goal)  # type: ignore[misc]
            gc.collect()
            sizes.append(resident_bytes())
        stop.set()
        await running
    counts = node.counts
    assert counts.acked >= FRAMES
    assert counts.captured - counts.dropped - counts.refused - counts.sent <= 2
    assert sizes[-1] - sizes[1] < GROWTH_BYTES, sizes
