"""A frame on its way through the camera node: as captured, then as encoded."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.strips import Cut

Image = npt.NDArray[np.uint8]
"""A picture as OpenCV gives it: (height, width, 3), blue-green-red."""

LIVE = -1
"""The `position_us` of frames from sources that have no time of their own."""


@dataclass(frozen=True)
class CapturedFrame:
    """A frame that was selected for sending.

    captured_at_us: wall clock at the grab, microseconds since 1970-01-01 UTC.
    position_us: the file's own time, microseconds; LIVE for webcams and RTSP.
    grabbed_at, ready_at: when it was grabbed, and its picture there, monotonic seconds.
    """

    image: Image
    captured_at_us: int
    position_us: int
    grabbed_at: float = 0.0
    ready_at: float = 0.0


@dataclass(frozen=True)
class EncodedFrame:
    """A frame as it is sent: a JPEG of the whole picture of `width` x `height` pixels, or a strip.

    cut: None where `jpeg` shows the whole picture; else it shows patches, and is empty where no
    region changed.
    """

    jpeg: bytes
    width: int
    height: int
    captured_at_us: int
    position_us: int
    cut: Cut | None = None
