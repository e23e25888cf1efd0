"""JPEG bytes to a picture. What a camera sends wrongly is an answer here, not an exception."""

from dataclasses import dataclass

import cv2
import numpy as np

from models.patches import Image

try:
    import simplejpeg
except ImportError:  # the extra `all` brings it
    simplejpeg = None

MAX_PIXELS = 50_000_000
"""A picture decodes to 3 bytes a pixel: a few hundred bytes of JPEG could ask for gigabytes."""

_END_OF_IMAGE = b"\xff\xd9"
# Start-of-frame markers (ITU-T T.81, table B.1): C0 to CF but DHT (C4), JPG (C8) and DAC (CC).
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE_MARKERS = frozenset({0x01, *range(0xD0, 0xD8)})
_VECTOR = 32
"""Bytes that libjpeg-turbo writes at a time."""
# Without the orientation flag a camera's EXIF could turn the picture under its regions.
_FLAGS = {
    reduce: flag | cv2.IMREAD_IGNORE_ORIENTATION
    for reduce, flag in (
        (1, cv2.IMREAD_COLOR),
        (2, cv2.IMREAD_REDUCED_COLOR_2),
        (4, cv2.IMREAD_REDUCED_COLOR_4),
        (8, cv2.IMREAD_REDUCED_COLOR_8),
    )
}


@dataclass(frozen=True)
class Undecodable:
    """Why bytes are not the picture that they were said to be: one line."""

    reason: str


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Return (width, height) in pixels from a JPEG's header, None if it has none.

    Walks the marker segments (ITU-T T.81, B.1.1) and decodes nothing.
    """
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in _STANDALONE_MARKERS:
            at += 2
        elif marker in _FRAME_MARKERS:
            if at + 9 > len(data):
                return None
            height = int.from_bytes(data[at + 5 : at + 7], "big")
            return int.from_bytes(data[at + 7 : at + 9], "big"), height
        else:
            length = int.from_bytes(data[at + 2 : at + 4], "big")
            if length < 2:
                return None
            at += 2 + length
    return None


def reduced(side: int, reduce: int) -> int:
    """Return a picture's side in pixels after it was decoded smaller by that factor."""
    return -(-side // reduce)


def check(data: bytes, *, width: int, height: int) -> Undecodable | None:
    """Return why bytes are no whole JPEG of that size, None if nothing is seen against it.

    A truncated file is refused by its missing end marker: the decoder would fill what is missing
    with grey, and grey classifies as vacant. Bytes damaged in the middle cannot be told from a
    strange picture; the transport guards against those.
    """
    size = jpeg_size(data)
    if size is None:
        return Undecodable(f"{len(data)} bytes are no JPEG image")
    if size != (width, height):
        return Undecodable(f"the JPEG is {size[0]}x{size[1]}, stated is {width}x{height}")
    if width * height > MAX_PIXELS:
        return Undecodable(f"{width}x{height} is over the limit of {MAX_PIXELS} pixels")
    # Some encoders pad the end with zeros.
    if not data.endswith(_END_OF_IMAGE) and not data.rstrip(b"\0").endswith(_END_OF_IMAGE):
        return Undecodable(f"the JPEG is truncated: {len(data)} bytes without an end marker")
    return None


def decode(
    data: bytes, *, width: int, height: int, reduce: int = 1, smooth: bool = True
) -> Image | Undecodable:
    """Decode a JPEG to (height, width, 3) uint8 BGR, each side smaller by `reduce` (1, 2, 4, 8).

    A smaller picture is made of the same coefficients, each block of 8x8 giving fewer pixels that
    are means of the full ones: much of the work falls away, and nothing aliases.

    smooth: colour that was kept at half the resolution is blended from pixel to pixel. Where it is
    repeated instead, that is quicker and nothing runs from a strip's patch into its neighbour;
    OpenCV, where simplejpeg is missing, blends it always.
    """
    wrong = check(data, width=width, height=height)
    return wrong or decode_checked(data, width=width, height=height, reduce=reduce, smooth=smooth)


def decode_checked(
    data: bytes, *, width: int, height: int, reduce: int = 1, smooth: bool = True
) -> Image | Undecodable:
    """Decode, as `decode` does, what `check` had nothing against."""
    shape = (reduced(height, reduce), reduced(width, reduce), 3)
    picture = _without_a_detour(data, shape=shape, smooth=smooth)
    if picture is not None:
        return picture
    try:
        decoded = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), _FLAGS[reduce])
    except cv2.error as error:
        return Undecodable(f"the JPEG does not decode: {error.err}")
    if decoded is None or decoded.shape != shape:
        return Undecodable(f"the JPEG of {len(data)} bytes does not decode")
    return np.asarray(decoded, dtype=np.uint8)


def _without_a_detour(data: bytes, *, shape: tuple[int, int, int], smooth: bool) -> Image | None:
    """Decode by libjpeg-turbo itself: the same pixels as OpenCV's in a twentieth less time.

    shape: wanted; None where it cannot be had this way: OpenCV knows more kinds of JPEGs.
    """
    if simplejpeg is None:
        return None
    height, width, _ = shape
    try:
        picture = simplejpeg.decode_jpeg(
            data,
            "BGR",
            fastupsample=not smooth,
            min_height=height,
            min_width=width,
            min_factor=1,
            strict=False,
            buffer=_cached(shape),
        )
    except ValueError:
        return None
    return picture if picture.shape == shape else None


def _cached(shape: tuple[int, int, int]) -> Image:
    """Return an array whose rows do not lie on the borders at which libjpeg-turbo looks for them.

    Where they do (by chance, otherwise), it writes past the processor's cache, and a strip, which
    is read at once, comes back from memory: 0.1 to 0.3 ms for a hundred patches.
    """
    size = shape[0] * shape[1] * shape[2]
    spare = np.empty(size + _VECTOR, dtype=np.uint8)
    first = (_VECTOR // 2 - spare.ctypes.data) % _VECTOR
    return spare[first : first + size].reshape(shape)
