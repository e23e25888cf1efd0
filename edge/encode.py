"""Picture -> JPEG, patches -> JPEG."""

import enum

import cv2
import numpy as np

from edge.frames import Image
from models.strips import HALVED_BLOCK, pack


class Colour(enum.Enum):
    """How much of a picture's colour a JPEG keeps; the value is OpenCV's name for it.

    HALF: at half the resolution from left to right (4:2:2), QUARTER: from top to bottom, too.
    """

    FULL = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    HALF = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422
    QUARTER = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420


def encode_jpeg(image: Image, *, quality: int) -> bytes:
    """Compress (height, width, 3) BGR; `quality` is 1 to 100 as in libjpeg."""
    ok, buffer = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise ValueError(f"OpenCV cannot encode a picture of shape {image.shape} as JPEG")
    return buffer.tobytes()


def limit_width(image: Image, max_width: int | None) -> Image:
    """Shrink `image` to at most `max_width` pixels across, keeping its aspect ratio.

    Regions are stored in shares of the picture, so a smaller one needs no other layout.
    """
    height, width = image.shape[:2]
    if max_width is None or width <= max_width:
        return image
    size = (max_width, max(1, round(height * max_width / width)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def shrink(image: Image, factor: int) -> Image:
    """Make `image` smaller by `factor` a side, each pixel the mean of those it stands for."""
    if factor == 1:
        return image
    height, width = image.shape[:2]
    size = (-(-width // factor), -(-height // factor))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def encode_patches(patches: Image, *, quality: int, colour: Colour) -> bytes:
    """Compress (N, rows, size, 3) patches as one strip (models/strips.py); no patches: b"".

    colour: less than all of it only where the looks' size allows. It means fewer blocks to decode,
    and answers that are as good (docs/MEASUREMENTS.md).
    """
    if not len(patches):
        return b""
    picture = pack(patches)
    if patches.shape[2] % HALVED_BLOCK:
        colour = Colour.FULL
    ok, buffer = cv2.imencode(
        ".jpg",
        picture,
        [
            *(cv2.IMWRITE_JPEG_QUALITY, quality),
            *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, colour.value),
            *(cv2.IMWRITE_JPEG_OPTIMIZE, 1),
        ],
    )
    if not ok:
        raise ValueError(f"OpenCV cannot encode a strip of shape {picture.shape} as JPEG")
    return buffer.tobytes()
