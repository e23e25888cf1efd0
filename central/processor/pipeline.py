"""One frame through decode, cut and classify: the CPU work of a processor, in bounded threads."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2

from central.processor.camera_view import CameraView, WrongAspect
from central.processor.classifier import Classifier
from central.processor.decode import Undecodable, decode
from central.processor.frames import Frame, Outcome, Verdict

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scores:
    """Probability of occupied for each of the view's spots, in its order."""

    probabilities: tuple[float, ...]


def classify(classifier: Classifier, view: CameraView, frame: Frame) -> Scores | Verdict:
    """Return the frame's scores, or the verdict on why there are none. Blocking; no state."""
    picture = decode(frame.jpeg, width=frame.width, height=frame.height)
    if isinstance(picture, Undecodable):
        return Verdict(Outcome.CORRUPT, picture.reason)
    try:
        cutter = view.cutter(frame.width, frame.height)
        if isinstance(cutter, WrongAspect):
            return Verdict(Outcome.WRONG_SIZE, cutter.reason)
        if not view.spot_ids:
            return Scores(())
        probabilities = classifier.probabilities(cutter.cut(picture))
    except (ValueError, MemoryError, cv2.error) as error:
        logger.error("frame not classified camera=%s: %s", view.camera.camera_id, error)
        return Verdict(Outcome.FAILED, " ".join(str(error).split()) or type(error).__name__)
    return Scores(tuple(float(value) for value in probabilities))


class Workers:
    """Threads that classify; every stage releases the interpreter's lock, so threads suffice.

    Bounded: as many frames are under way as there are workers, and one more so that no worker
    waits for the event loop between two frames. Turns are granted in the order of asking, so
    cameras share the workers evenly; a camera picks its frame only when it has its turn, and so
    classifies the newest it has.
    """

    def __init__(self, classifier: Classifier, *, workers: int) -> None:
        self.classifier = classifier
        self._turns = asyncio.Semaphore(workers + 1)
        # OpenCV's own pool fights with these threads and with ONNX Runtime's.
        cv2.setNumThreads(1)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="classify")

    @property
    def turn(self) -> asyncio.Semaphore:
        """Hold this (`async with`) while picking a frame and classifying it."""
        return self._turns

    async def classify(self, view: CameraView, frame: Frame) -> Scores | Verdict:
        """Classify one frame in a worker."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, classify, self.classifier, view, frame)

    def close(self) -> None:
        """Let frames under way end; nothing new is taken."""
        self._threads.shutdown(wait=True, cancel_futures=True)
