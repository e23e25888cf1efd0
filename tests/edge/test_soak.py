"""A camera node for days, in a few minutes: 100,000 frames at top speed, and memory that stays."""

import asyncio
import gc
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edge.camera import CameraNode, CameraSettings
from edge.encoder import Send, SendSettings
from edge.source import Source, SourceKind
from tests.edge.fake_processor import FakeProcessor
from tests.edge.fake_reader import FakeReader

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
        self._source.wanted.release(max(1, len(self.frames)))
        self.frames.clear()
        await super()._notify()


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_a_hundred_thousand_frames_leave_no_trace_in_memory() -> None:
    settings = CameraSettings(
        source=Source(SourceKind.WEBCAM, "0", "webcam 0"),
        camera_id="north",
        processors=(),
        fps=1e6,
        speed=1.0,
        loop=False,
        sending=SendSettings(send=Send.FRAMES),
    )
    sizes: list[int] = []
    reader = PacedReader()
    async with Forgetful(reader) as processor:
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
