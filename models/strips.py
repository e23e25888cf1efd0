"""How patches stand in the one picture in which a camera node sends them (numpy only).

In columns, filled one after the other: as few as keep the picture low enough, but about ten where
there are so many patches, for a JPEG one patch wide takes longer to decode than a wide one. Only as
many columns as the patches fill, for what is left blank is decoded, too. A look's side is a
multiple of 8 pixels, so no block of a JPEG holds parts of two spots; where it is one of 16, no
block of colour at half the resolution does either.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from models.patches import Image, PatchSpec

COLUMNS: Final = 10
HALVED_BLOCK: Final = 16
"""Pixels a side of what a JPEG's block shows of a colour that is kept at half the resolution."""
MAX_HEIGHT: Final = 32_768
"""Pixels of a column, give or take a patch; the sides of a JPEG have 16 bits."""


@dataclass(frozen=True)
class Cut:
    """What a strip holds: the patches of these places (rising) of the plan of that id.

    fine: those of them (rising) whose patches stand in a second JPEG, from byte `fine_at` on.
    """

    plan_id: int
    places: tuple[int, ...]
    fine: tuple[int, ...] = ()
    fine_at: int = 0


def strip_size(count: int, spec: PatchSpec) -> tuple[int, int]:
    """Return (width, height) in pixels of the picture that holds `count` patches, at least one."""
    columns, down = _stand(count, spec.shape[0])
    return columns * spec.size, down * spec.shape[0]


def pack(patches: Image) -> Image:
    """(N, rows, size, 3) patches, N > 0 -> (height, width, 3) as `strip_size` says."""
    count, rows, size, channels = patches.shape
    columns, down = _stand(count, rows)
    if columns > 1:
        full = np.zeros((columns * down, rows, size, channels), dtype=np.uint8)
        full[:count] = patches
        standing = full.reshape(columns, down * rows, size, channels).transpose(1, 0, 2, 3)
        patches = np.ascontiguousarray(standing)
    return patches.reshape(down * rows, columns * size, channels)


def unpack(picture: Image, patches: Image, spec: PatchSpec) -> None:
    """Undo `pack`: fill (N, *spec.shape) patches, N > 0, in their order.

    Raises ValueError for a picture that is not of `strip_size(N, spec)`, and for patches that do
    not lie one after the other in memory.
    """
    if not patches.flags.c_contiguous:
        raise ValueError("patches to be filled must lie one after the other in memory")
    count = len(patches)
    width, height = strip_size(count, spec)
    rows, size, channels = spec.shape
    if picture.shape != (height, width, channels):
        raise ValueError(f"picture is {picture.shape}, {count} patches need {width}x{height}")
    columns, down = width // size, height // rows
    # A patch's row is one item: numpy takes a fifth longer to copy the same as so many bytes.
    row = np.dtype(f"V{size * channels}")
    standing = picture.reshape(-1).view(row).reshape(height, columns).T
    lying = patches.reshape(-1).view(row)
    full = count // down  # columns; in the next one stands the rest
    lying[: full * height].reshape(full, height)[...] = standing[:full]
    if full < columns:
        rest = lying[full * height :]
        rest[...] = standing[full, : len(rest)]


def _stand(count: int, rows: int) -> tuple[int, int]:
    columns = max(min(count, COLUMNS), -(-count * rows // MAX_HEIGHT))
    down = -(-count // columns)
    return -(-count // down), down
