"""CPU time, memory and lag of camera nodes beside a loop that reads every frame."""

import asyncio
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil

from benchmarks.camera.lag import Lag, lag_of, plan_of_hundred
from tests.edge.fake_processor import FakeProcessor

READ_ALL = """
import sys, time, cv2
cv2.setNumThreads(1)
capture, due = cv2.VideoCapture(sys.argv[1]), time.monotonic()
while True:
    if not capture.read()[0]:
        capture.release()
        capture = cv2.VideoCapture(sys.argv[1])
    due += 1 / 25
    time.sleep(max(0.0, due - time.monotonic()))
"""
_WARM_S = 6.0
_TALKATIVE = ("--log-level", "debug")  # a line a frame: where its time went


@dataclass(frozen=True)
class Load:
    """Shares of one core over the same seconds; None where PyAV is missing."""

    read_all: float
    camera: float
    key_frames: float | None
    resident_mb: float
    frames_lag: Lag
    strips_lag: Lag


class Stopwatch(FakeProcessor):
    """A processor that acks at once and notes how old each frame is when it has come."""

    def __init__(self) -> None:
        super().__init__()
        self.ages_ms: dict[int, float] = {}

    async def _notify(self) -> None:
        came_at_us = time.time_ns() / 1000
        for frame in self.frames:
            self.ages_ms[frame.sequence] = (came_at_us - frame.captured_at_us) / 1000
        for strip in self.strips:
            self.ages_ms[strip.sequence] = (came_at_us - strip.captured_at_us) / 1000
        self.frames.clear()  # ten minutes of pictures would fill the memory
        self.strips.clear()
        await super()._notify()


async def measure_load(clip: Path, *, seconds: float, key_frames: bool) -> Load:
    """Run all at the same time, so that they meet the same machine; a clip at its own pace."""
    async with AsyncExitStack() as stack:
        frames, strips, other = [await stack.enter_async_context(Stopwatch()) for _ in range(3)]
        strips.plan = plan_of_hundred()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        commands = {
            "read_all": [sys.executable, "-c", READ_ALL, str(clip)],
            "frames": [*_camera(clip, frames), "--send", "frames", *_TALKATIVE],
            "strips": [*_camera(clip, strips), "--send", "strips", *_TALKATIVE],
        }
        if key_frames:
            commands["key_frames"] = [*_camera(clip, other), "--send", "frames", "--key-frames"]
        running = {name: await _start(command, folder / name) for name, command in commands.items()}
        try:
            await asyncio.sleep(_WARM_S)
            before = {name: _cpu(process) for name, process in running.items()}
            seen = {watch: max(watch.ages_ms, default=0) for watch in (frames, strips)}
            began = time.monotonic()
            await asyncio.sleep(seconds)
            took = time.monotonic() - began
            used = {name: (_cpu(p) - before[name]) / took for name, p in running.items()}
            resident = psutil.Process(running["frames"].pid).memory_info().rss / 1e6
        finally:
            for process in running.values():
                process.terminate()
            await asyncio.gather(*(process.wait() for process in running.values()))
        lags = {
            name: lag_of(watch.ages_ms, (folder / name).read_text(), after=seen[watch])
            for name, watch in (("frames", frames), ("strips", strips))
        }
    return Load(
        read_all=used["read_all"],
        camera=used["frames"],
        key_frames=used.get("key_frames"),
        resident_mb=resident,
        frames_lag=lags["frames"],
        strips_lag=lags["strips"],
    )


def _camera(clip: Path, processor: FakeProcessor) -> list[str]:
    return [
        *(sys.executable, "-m", "node", "camera", "--camera-id", "bench", "--loop"),
        *("--source", str(clip), "--processor", str(processor.address), "--fps", "1"),
    ]


async def _start(command: list[str], log: Path) -> asyncio.subprocess.Process:
    with log.open("wb") as errors:
        return await asyncio.create_subprocess_exec(*command, stderr=errors)


def _cpu(process: asyncio.subprocess.Process) -> float:
    times = psutil.Process(process.pid).cpu_times()
    return float(times.user + times.system)


def can_read_key_frames() -> bool:
    """Return whether PyAV is there."""
    return find_spec("av") is not None
