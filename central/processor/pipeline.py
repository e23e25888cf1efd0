"""One frame through decode, cut and classify: the CPU work of a processor, in bounded threads."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import cv2
import numpy as np

from central.processor.camera_view import CameraView, WrongAspect
from central.processor.classifier import Classifier
from central.processor.decode import Undecodable, check, decode_checked
from central.processor.frames import Frame, Outcome, Verdict
from central.processor.looks import Looks
from central.processor.reuse import Patches, classify_patches
from central.processor.scores import Scores
from central.processor.strips import patches_of_strip
from node.memory import keep_large_buffers

logger = logging.getLogger(__name__)


def classify(
    classifier: Classifier, view: CameraView, frame: Frame, looks: Looks | None = None
) -> Scores | Verdict:
    """Return the frame's scores, or the verdict on why there are none. Blocking; no state.

    looks: of earlier frames: what looks alike is not classified again. None: everything is.
    """
    try:
        cut = frame.cut
        patches = _patches(view, frame) if cut is None else patches_of_strip(view, frame, cut)
        if isinstance(patches, Verdict):
            return patches
        places = None if cut is None else cut.places
        if not len(patches.whose):
            return Scores((), places)
        return classify_patches(classifier, patches, looks, frame.captured_at_us, places=places)
    except (ValueError, MemoryError, cv2.error) as error:
        logger.error("frame not classified camera=%s: %s", view.camera.camera_id, error)
        return Verdict(Outcome.FAILED, " ".join(str(error).split()) or type(error).__name__)


def _patches(view: CameraView, frame: Frame) -> Patches | Verdict:
    """Decode a whole picture and cut all spots from it."""
    # A picture that is not what it says must not become the shape that the regions are used with.
    if (wrong := check(frame.jpeg, width=frame.width, height=frame.height)) is not None:
        return Verdict(Outcome.CORRUPT, wrong.reason)
    sampler = view.sampler(frame.width, frame.height)
    if isinstance(sampler, WrongAspect):
        return Verdict(Outcome.WRONG_SIZE, sampler.reason)
    picture = decode_checked(
        frame.jpeg, width=frame.width, height=frame.height, reduce=sampler.reduce
    )
    if isinstance(picture, Undecodable):
        return Verdict(Outcome.CORRUPT, picture.reason)
    cutter = sampler.cutter
    return Patches(cutter.sample(picture), np.arange(cutter.count), cutter.shade)


_Answer = asyncio.Future[Scores | Verdict]


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
        keep_large_buffers()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="classify")

    @property
    def turn(self) -> asyncio.Semaphore:
        """Hold this (`async with`) while picking a frame and classifying it."""
        return self._turns

    async def classify(
        self, view: CameraView, frame: Frame, looks: Looks | None = None
    ) -> Scores | Verdict:
        """Classify one frame in a worker; arguments as of `classify`."""
        future: _Answer = asyncio.get_running_loop().create_future()
        # `run_in_executor` would chain two futures, for a tenth of what a frame costs the loop.
        self._threads.submit(self._classify, view, frame, looks, future)
        return await future

    def _classify(
        self, view: CameraView, frame: Frame, looks: Looks | None, future: _Answer
    ) -> None:
        answer: Callable[[], None]
        try:
            answer = partial(_answer, future, classify(self.classifier, view, frame, looks))
        except BaseException as error:  # whoever awaits it shall have it
            answer = partial(_fail, future, error)
        future.get_loop().call_soon_threadsafe(answer)

    def close(self) -> None:
        """Let frames under way end; nothing new is taken."""
        self._threads.shutdown(wait=True, cancel_futures=True)


def _answer(future: _Answer, result: Scores | Verdict) -> None:
    if not future.done():  # who waited may have been cancelled
        future.set_result(result)


def _fail(future: _Answer, error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
