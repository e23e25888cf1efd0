"""A region's four corners, in one order whoever drew them (numpy only)."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
FloatArray = npt.NDArray[np.float64]


def canonical_corners(polygon: Sequence[Sequence[float]] | FloatArray) -> FloatArray:
    """The polygon's corners, clockwise as seen, the first edge being the highest in the picture.

    The result does not depend on which corner was drawn first, nor on the direction: what is up
    in the picture is up in the patch. Two edges equally high: the one further left comes first.

    Returns a (4, 2) array. Raises ValueError unless the corners span a convex quadrilateral.
    """
    array = np.asarray(polygon, dtype=np.float64)
    if array.shape != (4, 2):
        raise ValueError(f"a region needs exactly four (x, y) corners, got shape {array.shape}")
    # Starting from a sorted order makes the floating-point mean, and so every tie, repeatable.
    corners: list[Point] = sorted((x, y) for x, y in array.tolist())
    if not all(math.isfinite(x) and math.isfinite(y) for x, y in corners):
        raise ValueError("a region's corners must be finite numbers")
    middle_x = sum(x for x, _ in corners) / 4.0
    middle_y = sum(y for _, y in corners) / 4.0
    # With y pointing down a growing angle turns clockwise as seen.
    corners.sort(key=lambda corner: math.atan2(corner[1] - middle_y, corner[0] - middle_x))
    if not _is_convex(corners):
        raise ValueError("a region's corners must span a convex quadrilateral")

    def height(first: int) -> tuple[float, float]:
        (ax, ay), (bx, by) = corners[first], corners[(first + 1) % 4]
        return ay + by, ax + bx

    top = min(range(4), key=height)
    return np.array(corners[top:] + corners[:top])


def _is_convex(corners: Sequence[Point]) -> bool:
    """Whether every corner, taken clockwise, turns right by more than rounding errors."""
    extent = max(max(axis) - min(axis) for axis in zip(*corners, strict=True))
    for i in range(4):
        (ax, ay), (bx, by), (cx, cy) = corners[i - 2], corners[i - 1], corners[i]
        if (bx - ax) * (cy - by) - (by - ay) * (cx - bx) <= 1e-6 * extent * extent:
            return False
    return True


def corners_in_pixels(
    polygons: Sequence[Sequence[Sequence[float]]], *, width: int, height: int
) -> list[FloatArray]:
    """Return each normalised polygon's canonical corners in pixels, (4, 2).

    Raises ValueError for one that is not a convex quadrilateral, naming its index.
    """
    found = []
    for index, polygon in enumerate(polygons):
        try:
            scaled = np.asarray(polygon, dtype=np.float64) * (width, height)
            found.append(canonical_corners(scaled))
        except ValueError as error:
            raise ValueError(f"polygon {index}: {error}") from error
    return found
