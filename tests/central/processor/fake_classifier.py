"""A classifier that tests can foretell, and one that waits until it is told to go on."""

import asyncio
import hashlib
import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.patches import PatchSpec

DEADLINE = 60.0  # seconds; a test that meets it has failed


@dataclass(frozen=True)
class _Thresholds:
    occupied_above: float = 0.7
    vacant_below: float = 0.3


class BrightnessClassifier:
    """Bright is occupied: the probability is the patch's mean brightness."""

    spec = PatchSpec(size=16, margin=0.0)
    thresholds = _Thresholds()
    sha256 = hashlib.sha256(b"brightness").hexdigest()

    def probabilities(self, patches: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        return np.asarray(patches.mean(axis=(1, 2, 3)) / 255.0, dtype=np.float32)


class GatedClassifier(BrightnessClassifier):
    """Classifies only while the gate is open, and remembers the most that were in it at once."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.most = 0
        self._inside = 0
        self._changed = threading.Condition()

    async def wait_inside(self, frames: int = 1) -> None:
        """Return once so many frames are being classified."""

        def wait() -> bool:
            with self._changed:
                return self._changed.wait_for(lambda: self._inside >= frames, DEADLINE)

        assert await asyncio.to_thread(wait)

    def probabilities(self, patches: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        with self._changed:
            self._inside += 1
            self.most = max(self.most, self._inside)
            self._changed.notify_all()
        assert self.gate.wait(DEADLINE)
        with self._changed:
            self._inside -= 1
        return super().probabilities(patches)


class MeteredClassifier(BrightnessClassifier):
    """Classifies as many frames as it was allowed, one after the other, and counts them."""

    def __init__(self) -> None:
        self._leave = threading.Semaphore(0)
        self._done = 0
        self._changed = threading.Condition()

    async def allow(self, frames: int) -> None:
        """Let so many frames through; return once they are classified."""

        def wait() -> bool:
            with self._changed:
                wanted = self._done + frames
                self._leave.release(frames)
                return self._changed.wait_for(lambda: self._done >= wanted, DEADLINE)

        assert await asyncio.to_thread(wait)

    def open(self) -> None:
        """Classify whatever comes from now on."""
        self._leave.release(1_000_000)

    def probabilities(self, patches: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        assert self._leave.acquire(timeout=DEADLINE)
        found = super().probabilities(patches)
        with self._changed:
            self._done += 1
            self._changed.notify_all()
        return found
