"""Whose vehicles may stand before, or lean into, whose pictures: from the regions alone.

Pure.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

ASPECT = 16 / 9
"""Width / height that a picture is taken to have: a rough one does, for this only asks who is near,
and it has to be known before the first frame."""

Flags = npt.NDArray[np.bool_]
Point = tuple[float, float]


def neighbours(polygons: Sequence[Sequence[Point]]) -> Flags:
    """Return (N, N): whether a vehicle in spot `column` may show in the region of spot `row`.

    polygons: regions as fractions of the picture, y growing downwards. A vehicle is taken to be as
    high in the picture as the longer side of the upright box round its region; it may show in a
    region whose box it touches. No spot is its own neighbour.
    """
    if not polygons:
        return np.zeros((0, 0), np.bool_)
    corners = [np.asarray(polygon, np.float64) * (ASPECT, 1.0) for polygon in polygons]
    low = np.array([box.min(axis=0) for box in corners])
    high = np.array([box.max(axis=0) for box in corners])
    top = low[:, 1] - (high - low).max(axis=1)
    beside = (low[:, None, 0] <= high[None, :, 0]) & (low[None, :, 0] <= high[:, None, 0])
    before = (low[:, None, 1] <= high[None, :, 1]) & (top[None, :] <= high[:, None, 1])
    near = np.asarray(beside & before)
    np.fill_diagonal(near, False)
    return near
