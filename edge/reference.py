"""What a camera's view looked like when its regions were drawn: small grey pictures, in bytes.

Format, version 1: the magic b"PLR1"; nine doubles (big endian), the homography row by row from
fractions of the view on which the regions are drawn to fractions of the looks, which is the
identity until regions are realigned; one byte, the number of looks; then for each look four bytes,
its length (big endian), and a grey JPEG of at most 640 pixels across. Several looks of different
hours (day, night, rain) make a view recognisable in more kinds of light. At most 64 KiB in all.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from edge.frames import Image
from edge.masks import burn
from edge.plan import Polygon

Grey = npt.NDArray[np.uint8]
"""(height, width)."""
Floats = npt.NDArray[np.float64]

MAGIC: Final = b"PLR1"
WIDTH: Final = 640
MAX_BYTES: Final = 64 * 1024
MAX_LOOKS: Final = 4
_QUALITIES = (80, 70, 60, 50, 40, 30, 20, 10)
_MAX_PIXELS = 4_000_000


_HEAD = struct.Struct(">4s9dB")


@dataclass(frozen=True)
class Reference:
    """Looks of one shape, and where the regions' view lies in them (see above; 3x3)."""

    looks: tuple[Grey, ...]
    view_to_looks: Floats


class BadReference(ValueError):
    """Bytes that are no reference; says why in one line."""


def small_grey(image: Image) -> Grey:
    """(height, width, 3) BGR -> the grey picture of at most WIDTH pixels across to compare by."""
    height, width = image.shape[:2]
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    if width > WIDTH:
        size = (WIDTH, max(1, round(height * WIDTH / width)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return np.asarray(grey, dtype=np.uint8)


def masked_look(image: Image, masks: Sequence[Polygon] = ()) -> Grey:
    """(height, width, 3) BGR -> a look at it, masked parts being black; `image` stays as it is."""
    masked = image.copy()
    burn(masked, masks)
    return small_grey(masked)


def add_look(reference: Reference | None, look: Grey) -> Reference:
    """Return a reference that has one more look; the oldest gives way to one too many.

    Raises ValueError for a look of another shape.
    """
    if reference is None:
        return Reference((look,), np.eye(3))
    first = reference.looks[0]
    if first.shape != look.shape:
        raise ValueError(
            f"pictures of one view have one shape, these are {first.shape[1]}x{first.shape[0]} "
            f"and {look.shape[1]}x{look.shape[0]}"
        )
    if not np.array_equal(reference.view_to_looks, np.eye(3)):
        raise ValueError("regions were realigned since: remove the file to begin anew")
    return Reference((*reference.looks, look)[-MAX_LOOKS:], reference.view_to_looks)


def write_reference(reference: Reference) -> bytes:
    """Return the bytes that `read_reference` reads, at most MAX_BYTES."""
    for quality in _QUALITIES:
        parts = [_jpeg(look, quality) for look in reference.looks]
        packed = _HEAD.pack(MAGIC, *reference.view_to_looks.ravel(), len(parts))
        packed += b"".join(struct.pack(">I", len(part)) + part for part in parts)
        if len(packed) <= MAX_BYTES:
            return packed
    raise ValueError(f"the pictures make more than {MAX_BYTES} bytes")


def moved_reference(data: bytes, view_to_looks: Floats) -> bytes:
    """Return the same looks for regions drawn on another view."""
    *_, count = _HEAD.unpack_from(data)
    return _HEAD.pack(MAGIC, *view_to_looks.ravel(), count) + data[_HEAD.size :]


def read_reference(data: bytes) -> Reference:
    """Read what `make_reference` wrote; raises BadReference."""
    if data[:4] != MAGIC or len(data) < _HEAD.size:
        raise BadReference(f"{len(data)} bytes do not begin as {MAGIC.decode()} does")
    _, *numbers, count = _HEAD.unpack_from(data)
    view_to_looks = np.array(numbers).reshape(3, 3)
    if not np.isfinite(view_to_looks).all() or abs(np.linalg.det(view_to_looks)) < 1e-6:
        raise BadReference("its homography cannot be turned round")
    if not 1 <= count <= MAX_LOOKS:
        raise BadReference(f"it states {count} looks, 1 to {MAX_LOOKS} are possible")
    looks, at = [], _HEAD.size
    for number in range(count):
        length = int.from_bytes(data[at : at + 4], "big")
        part = data[at + 4 : at + 4 + length]
        if length == 0 or len(part) != length:
            raise BadReference(f"look {number} is cut short")
        looks.append(_decode(part, number))
        at += 4 + length
    if len({look.shape for look in looks}) > 1:
        raise BadReference("its looks have different shapes")
    return Reference(tuple(looks), view_to_looks)


def _jpeg(look: Grey, quality: int) -> bytes:
    ok, buffer = cv2.imencode(
        ".jpg", look, [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    )
    if not ok:
        raise ValueError(f"OpenCV cannot encode a picture of shape {look.shape} as JPEG")
    return buffer.tobytes()


def _decode(part: bytes, number: int) -> Grey:
    try:
        look = cv2.imdecode(np.frombuffer(part, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error as error:
        raise BadReference(f"look {number} does not decode: {error.err}") from error
    if look is None or look.size > _MAX_PIXELS:
        raise BadReference(f"look {number} is no picture of a sensible size")
    return np.asarray(look, dtype=np.uint8)
