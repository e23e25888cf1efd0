"""Blackens what nobody may see."""

from collections.abc import Sequence

import cv2
import numpy as np

from edge.frames import Image
from edge.plan import Polygon

_SUBPIXEL_BITS = 4


def burn(image: Image, masks: Sequence[Polygon]) -> None:
    """Blacken the polygons in place. Every pixel that a polygon touches is black."""
    height, width = image.shape[:2]
    for mask in masks:
        # Pixel i covers [i, i + 1); OpenCV counts from pixel centres.
        points = np.asarray(mask, dtype=np.float64) * (width, height) - 0.5
        fixed = np.round(points * (1 << _SUBPIXEL_BITS)).astype(np.int32)
        cv2.fillPoly(image, [fixed], (0, 0, 0), cv2.LINE_8, _SUBPIXEL_BITS)
        # The fill leaves out pixels whose centre lies outside; the outline takes them in.
        cv2.polylines(image, [fixed], True, (0, 0, 0), 2, cv2.LINE_8, _SUBPIXEL_BITS)
