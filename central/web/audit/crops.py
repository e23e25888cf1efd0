"""PURE: what a person is shown of one spot: its surroundings, with the region drawn in."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

SIDE = 224
"""Pixels of a crop's sides."""
SURROUNDINGS = 1.9
"""Side of the square that is shown, in longer sides of the region's box: people need the
neighbours to tell, as the classifier does."""


def crop(picture: npt.NDArray[np.uint8], corners: Sequence[tuple[float, float]]) -> bytes:
    """Return a JPEG of a square round a region.

    picture: (height, width, 3) BGR; corners: in shares of its sides. What lies outside the picture
    is black.
    """
    height, width = picture.shape[:2]
    points = np.array(corners, np.float32) * np.array([width, height], np.float32)
    low, high = points.min(axis=0), points.max(axis=0)
    side = max(8.0, float((high - low).max()) * SURROUNDINGS)
    left, top = (low + high) / 2 - side / 2
    scale = SIDE / side
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]], np.float64)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    shown = cv2.warpAffine(picture, matrix, (SIDE, SIDE), flags=method)
    outline = (points * scale + matrix[:, 2]).round().astype(np.int32)
    for colour, thickness in (((20, 20, 20), 4), ((255, 255, 255), 2)):  # seen on light and dark
        cv2.polylines(shown, [outline], True, colour, thickness, cv2.LINE_AA)
    encoded, jpeg = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not encoded:
        raise ValueError("the crop cannot be encoded")
    return jpeg.tobytes()
