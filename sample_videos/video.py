"""Writing a clip: VP9 in an MP4 file, which OpenCV's own FFmpeg both writes and reads.

OpenCV lets nobody choose a bit rate: it asks the codec for 64 bits a pixel, at most 2^30 a second,
and ignores OPENCV_FFMPEG_WRITER_OPTIONS (opencv issue 24570). So a clip is first written with a
clock so fast that this ceiling leaves each frame the bits wanted, and its packets are then
copied, not encoded again, into a file with the true frame rate.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2

_CODEC = cv2.VideoWriter.fourcc(*"VP90")
_CEILING = 2**30
_OVERSHOOT = 1.78
"""VP9 spends about this times the bits asked for on these pictures."""


class ClipError(Exception):
    """A clip cannot be written; the message names the file."""


@contextmanager
def clip_writer(
    path: Path, fps: float, size: tuple[int, int], kilobits: int
) -> Iterator[cv2.VideoWriter]:
    """A writer of BGR frames of `size` (width, height), about `kilobits` a second.

    The file is at `path` when the block ends without an error.
    """
    draft = path.with_name(f".{path.stem}.draft.mp4")
    clock = min(60_000.0, _CEILING * fps * _OVERSHOOT / (kilobits * 1000))
    writer = cv2.VideoWriter(str(draft), cv2.CAP_FFMPEG, _CODEC, clock, size)
    if not writer.isOpened():
        raise ClipError(f"{path}: OpenCV cannot write a VP9 video there")
    try:
        yield writer
        writer.release()
        _copy_packets(draft, path, fps, size)
    finally:
        writer.release()
        draft.unlink(missing_ok=True)


def _copy_packets(draft: Path, path: Path, fps: float, size: tuple[int, int]) -> None:
    source = cv2.VideoCapture(str(draft), cv2.CAP_FFMPEG)
    source.set(cv2.CAP_PROP_FORMAT, -1)  # packets as they are, not decoded
    options = [cv2.VIDEOWRITER_PROP_RAW_VIDEO, 1]
    target = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, _CODEC, fps, size, options)
    try:
        if not source.isOpened() or not target.isOpened():
            raise ClipError(f"{path}: OpenCV cannot copy the video from {draft.name}")
        while True:
            there, packet = source.read()
            if not there:
                break
            key = int(source.get(cv2.CAP_PROP_LRF_HAS_KEY_FRAME))
            target.set(cv2.VIDEOWRITER_PROP_KEY_FLAG, key)
            target.write(packet)
    finally:
        source.release()
        target.release()
