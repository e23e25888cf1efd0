"""PURE: bytes -> picture, for sources that give whole image files. A part of one is none."""

import cv2
import numpy as np

from edge.frames import Image

_JPEG, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_PNG, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB\x60\x82"


def is_whole(data: bytes) -> bool:
    """Return whether `data` begins and ends as a JPEG or a PNG does.

    The decoder would fill what is missing of a file that is being written with grey.
    """
    # Some encoders pad the end with zeros.
    tail = data[-4096:].rstrip(b"\0")
    if data.startswith(_JPEG):
        return tail.endswith(_JPEG_END)
    return data.startswith(_PNG) and tail.endswith(_PNG_END)


def decode_picture(data: bytes) -> Image | None:
    """Return (height, width, 3) blue-green-red, None unless `data` is a whole picture."""
    if not is_whole(data):
        return None
    try:
        # As stored: an orientation flag would turn the picture under its regions.
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None
    return None if image is None else np.asarray(image, np.uint8)
