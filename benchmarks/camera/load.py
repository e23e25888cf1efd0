"""CPU time, memory and lag of camera nodes beside a loop that reads every frame."""

import asyncio
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil

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


@dataclass(frozen=True)
class Load:
    """Shares of one core over the same seconds; None where PyAV is missing."""

    read_all: float
    camera: float
    key_frames: float | None
    resident_mb: float
    worst_lag_ms: float
    frames: int


class Stopwatch(FakeProcessor):
    """A processor that acks at once and notes how old each frame is when it has come."""

    def __init__(self) -> None:
        super().__init__()
        self.lags_ms: list[float] = []

    async def _notify(self) -> None:
        while len(self.lags_ms) < len(self.frames):
            frame = self.frames[len(self.lags_ms)]
            self.lags_ms.append((time.time_ns() / 1000 - frame.captured_at_us) / 1000)
            frame.ClearField("jpeg")  # ten minutes of pictures would fill the memory
        await super()._notify()


async def measure_load(clip: Path, *, seconds: float, key_frames: bool) -> Load:
    """Run all at the same time, so that they meet the same machine; a clip at its own pace."""
    async with Stopwatch() as processor, Stopwatch() as other:
        commands = {
            "read_all": [sys.executable, "-c", READ_ALL, str(clip)],
            "camera": _camera(clip, processor),
        }
        if key_frames:
            commands["key_frames"] = [*_camera(clip, other), "--key-frames"]
        running = {name: await _start(command) for name, command in commands.items()}
        try:
            await asyncio.sleep(_WARM_S)
            seen = len(processor.lags_ms)
            before = {name: _cpu(process) for name, process in running.items()}
            began = time.monotonic()
            await asyncio.sleep(seconds)
            took = time.monotonic() - began
            used = {name: (_cpu(p) - before[name]) / took for name, p in running.items()}
            resident = psutil.Process(running["camera"].pid).memory_info().rss / 1e6
        finally:
            for process in running.values():
                process.terminate()
            await asyncio.gather(*(process.wait() for process in running.values()))
    lags = processor.lags_ms[seen:]
    return Load(
        read_all=used["read_all"],
        camera=used["camera"],
        key_frames=used.get("key_frames"),
        resident_mb=resident,
        worst_lag_ms=max(lags, default=float("inf")),
        frames=len(lags),
    )


def _camera(clip: Path, processor: FakeProcessor) -> list[str]:
    return [
        *(sys.executable, "-m", "node", "camera", "--camera-id", "bench", "--loop"),
        *("--source", str(clip), "--processor", str(processor.address), "--fps", "1"),
        *("--send", "frames", "--log-level", "error"),
    ]


async def _start(command: list[str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)


def _cpu(process: asyncio.subprocess.Process) -> float:
    times = psutil.Process(process.pid).cpu_times()
    return float(times.user + times.system)


def can_read_key_frames() -> bool:
    """Return whether PyAV is there."""
    return find_spec("av") is not None
