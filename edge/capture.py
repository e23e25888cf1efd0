"""The only user of cv2.VideoCapture.

What OpenCV does not tell (each reproduced): time-outs count only if given to the constructor;
RTSP goes over UDP unless told otherwise through the environment; `isOpened()` stays true after
the end, so a lost source is released and opened anew; a text file "is" a video to FFmpeg
(ANSI art); its own messages may hold what the URL holds.
"""

import logging
import math
import os
from typing import Protocol, Self

import cv2
import numpy as np

from edge.frames import Image
from edge.pacing import nominal_interval
from edge.reader import OPEN_TIMEOUT_S, READ_TIMEOUT_S, SourceUnavailable
from edge.rtsp_trouble import explain_refusal
from edge.source import Source, SourceKind
from node.errors import UsageError

logger = logging.getLogger(__name__)

_WEBCAM_WIDTH, _WEBCAM_HEIGHT = 1920, 1080
_WEBCAM_BUFFERS = 2  # one that is filled while the other is read


class Capture(Protocol):
    """What is used of cv2.VideoCapture."""

    def isOpened(self) -> bool: ...  # noqa: N802 - OpenCV's name
    def get(self, propId: int, /) -> float: ...  # noqa: N803
    def set(self, propId: int, value: float, /) -> bool: ...  # noqa: N803
    def grab(self) -> bool: ...
    def retrieve(self) -> tuple[bool, cv2.typing.MatLike]: ...
    def release(self) -> None: ...


class VideoReader:
    """A Reader on cv2.VideoCapture."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture

    @classmethod
    def open(cls, source: Source) -> Self:
        """Open `source`; raises SourceUnavailable with a reason fit for a log."""
        _prepare_opencv(source)
        if source.kind is SourceKind.WEBCAM:
            capture = _open_webcam(source.location)
        else:
            parameters = [
                # Each of FFmpeg's threads would hold a picture back, and hold its memory.
                *(cv2.CAP_PROP_N_THREADS, 1),
                *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(OPEN_TIMEOUT_S * 1000)),
                *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(READ_TIMEOUT_S * 1000)),
            ]
            capture = cv2.VideoCapture(source.location, cv2.CAP_FFMPEG, parameters)
        if not capture.isOpened():
            raise SourceUnavailable(explain_refusal(source))
        if _is_text(capture):
            capture.release()
            raise SourceUnavailable(f"{source.name} is text")
        return cls(capture)

    @property
    def interval_s(self) -> float:
        return nominal_interval(self._capture.get(cv2.CAP_PROP_FPS))

    @property
    def piles_up(self) -> bool:
        return True

    def grab(self) -> bool:
        return self._capture.grab()

    def position_us(self) -> int:
        milliseconds = self._capture.get(cv2.CAP_PROP_POS_MSEC)
        return round(milliseconds * 1000) if math.isfinite(milliseconds) else 0

    def captured_at_us(self) -> int | None:
        return None

    def retrieve(self) -> Image | None:
        try:
            ok, image = self._capture.retrieve()
        except cv2.error as error:  # damaged data; the next frame may be good
            logger.debug("a frame could not be retrieved: %s", error)
            return None
        return np.asarray(image, dtype=np.uint8) if ok and image is not None else None

    def interrupt(self) -> None:
        """OpenCV knows no such thing; its time-outs end what blocks."""

    def release(self) -> None:
        self._capture.release()


def check_file(source: Source) -> None:
    """Raise UsageError unless the file `source` is a video with a first frame."""
    try:
        reader = VideoReader.open(source)
    except SourceUnavailable:
        raise _not_a_video(source, "it has no video stream") from None
    try:
        if not reader.grab() or reader.retrieve() is None:
            raise _not_a_video(source, "not one frame decodes")
    finally:
        reader.release()


def _not_a_video(source: Source, reason: str) -> UsageError:
    return UsageError(
        f"source '{source.name}' is not a video that OpenCV can read: {reason}; "
        "give an MP4, MKV or AVI file (ffprobe shows what a file is)"
    )


def _prepare_opencv(source: Source) -> None:
    # OpenCV's threads would fight with our own; frames are decoded one at a time anyway.
    cv2.setNumThreads(1)
    # Both print to standard error past our logs; who debugs them sets these variables.
    if "OPENCV_LOG_LEVEL" not in os.environ:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    if source.kind is SourceKind.RTSP:
        os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")


def _open_webcam(device: str) -> cv2.VideoCapture:
    index = int(device) if device.isdecimal() else None
    capture = cv2.VideoCapture(device if index is None else index, cv2.CAP_V4L2)
    if capture.isOpened():
        prefer_large_and_prompt(capture)
    return capture


def prefer_large_and_prompt(capture: Capture) -> None:
    """Ask a webcam for its best for a car park; what it does not have it gives the nearest to.

    OpenCV's own choice is 640x480. Uncompressed pictures of full HD come at a few a second through
    USB 2, so compressed ones; and few buffers, as what waits in them is late.
    """
    for prop, value in (
        (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
        (cv2.CAP_PROP_FRAME_WIDTH, _WEBCAM_WIDTH),
        (cv2.CAP_PROP_FRAME_HEIGHT, _WEBCAM_HEIGHT),
        (cv2.CAP_PROP_BUFFERSIZE, _WEBCAM_BUFFERS),
    ):
        capture.set(prop, value)


def _is_text(capture: Capture) -> bool:
    return int(capture.get(cv2.CAP_PROP_FOURCC)) == cv2.VideoWriter.fourcc(*"ansi")
