"""How patches look in coarse grey cells, and which look other than before (numpy and OpenCV only).

Camera nodes compare with what they sent, processors with what they classified.
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.patches import Image

Signatures = npt.NDArray[np.uint8]
"""(patches, cells): a coarse grey picture of each patch."""
Flags = npt.NDArray[np.bool_]

FINE: Final = 16
"""Cells a side of a look."""
COARSE: Final = 8
"""Cells a side of a look: what noise and compression change is averaged away."""


def signatures(patches: Image, *, side: int = FINE) -> Signatures:
    """(N, rows, size, 3) uint8 BGR patches -> one signature each.

    side: cells a side of a look, FINE or COARSE.
    """
    count, rows, size, _ = patches.shape
    if not count:
        return np.empty((0, 0), dtype=np.uint8)
    # A patch a row: what OpenCV does a row at a time takes a fifth longer by rows of 32.
    grey = cv2.cvtColor(patches.reshape(count, rows * size, 3), cv2.COLOR_BGR2GRAY)
    small, sides = grey.reshape(count * rows, size), [FINE, side] if side < FINE else [FINE]
    for across in sides:  # one after the other: OpenCV is much quicker by halves
        down = count * across * rows // size
        small = cv2.resize(small, (across, down), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8).reshape(count, -1)


def differ(now: Signatures, before: Signatures, *, threshold: float, brightness: float) -> Flags:
    """Return which of (N, cells) signatures look other than before, (N,).

    threshold: grey levels (of 256) by which cells must differ on average, after the difference in
    mean brightness is taken away: what the sun and the exposure do to the whole patch is no change.
    brightness: grey levels by which the mean itself may differ.
    """
    if not now.size:
        return np.zeros(len(now), np.bool_)
    # Exact whatever the order of adding: whole numbers, and the cells are a power of two.
    difference = np.asarray(cv2.subtract(now, before, dtype=cv2.CV_32F), np.float32)
    mean = np.asarray(cv2.reduce(difference, 1, cv2.REDUCE_AVG), np.float32)
    np.abs(np.subtract(difference, mean, out=difference), out=difference)
    texture = np.asarray(cv2.reduce(difference, 1, cv2.REDUCE_AVG), np.float32)
    return np.asarray((texture >= threshold) | (np.abs(mean) >= brightness))[:, 0]
