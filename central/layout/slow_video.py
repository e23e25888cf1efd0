"""Still pictures shown one after the other as a video, for tests on real days.

Two codecs that OpenCV's own FFmpeg writes everywhere: MPEG-4 for .mp4, Motion JPEG for .avi.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from central.layout.frames import MarkedPicture
from node.errors import OperationError, UsageError

Image = npt.NDArray[np.uint8]

CODECS = {".mp4": "mp4v", ".avi": "MJPG"}


def find_images(path: Path, pictures: Sequence[MarkedPicture], images: Path | None) -> list[Path]:
    """Return each picture's file.

    Names are relative to `images` or, where that is None, to the JSON's own folder or the one
    above it, whichever holds the first. Raises UsageError for one that is not there.
    """
    unnamed = [index for index, picture in enumerate(pictures) if not picture.image]
    if unnamed:
        raise UsageError(f"{path}: pictures without an 'image' cannot become a video")
    folders = [images] if images is not None else [path.parent, path.parent.parent]
    folder = next((f for f in folders if (f / pictures[0].image).is_file()), folders[0])
    files = [folder / picture.image for picture in pictures]
    for file in files:
        if not file.is_file():
            raise UsageError(f"{path}: there is no picture {file}; name its folder with --images")
    return files


def frames_per_picture(seconds: float, fps: float) -> int:
    """Return how many frames show one picture; raises UsageError unless that is a whole number."""
    count = round(seconds * fps)
    if count < 1 or abs(count - seconds * fps) > 1e-6:
        raise UsageError(
            f"--seconds-per-frame {seconds:g} at --fps {fps:g} is {seconds * fps:g} frames; "
            "choose them so that their product is a whole number"
        )
    return count


def codec_of(out: Path) -> str:
    """Return the codec of a video of that name; raises UsageError if there is none."""
    codec = CODECS.get(out.suffix.lower())
    if codec is None:
        raise UsageError(f"--out-video {out}: name a file that ends in .mp4 or .avi")
    return codec


def write_video(
    out: Path, files: Iterable[Path], *, size: tuple[int, int], fps: float, repeat: int
) -> None:
    """Write each picture `repeat` times; `size` is (width, height) in pixels of all of them."""
    codec = codec_of(out)
    writer = cv2.VideoWriter(str(out), cv2.VideoWriter.fourcc(*codec), fps, size)
    try:
        if not writer.isOpened():
            raise OperationError(f"{out}: cannot be written; check the folder and its free space")
        for file in files:
            picture = _read(file, size)
            for _ in range(repeat):
                writer.write(picture)
    finally:
        writer.release()


def _read(file: Path, size: tuple[int, int]) -> Image:
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if picture is None:
        raise UsageError(f"{file}: is no picture that can be read; replace it")
    height, width = picture.shape[:2]
    if (width, height) != size:
        raise UsageError(
            f"{file}: is {width}x{height} px, the JSON says {size[0]}x{size[1]}; correct the JSON"
        )
    return np.asarray(picture, dtype=np.uint8)
