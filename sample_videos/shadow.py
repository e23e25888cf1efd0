"""Shadows by a map of the ground: where the sun's rays land, how high the thing is that stops them.

A point (x, y, z) throws its shadow on the ground at (x, y) - z / s_z * (s_x, s_y). The map keeps,
for each such place, the greatest height z of anything on the ray; a point of the same ray that
is lower lies in shadow.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos.camera import Floats
from sample_videos.light import Light
from sample_videos.raster import stretch
from sample_videos.surface import Body, Pose

CELL = 0.06
"""Metres a cell."""
LEFT, BOTTOM, RIGHT, TOP = -34.0, -32.0, 34.0, 34.0
SHAPE = (round((TOP - BOTTOM) / CELL), round((RIGHT - LEFT) / CELL))
Box = tuple[int, int, int, int]
"""Left, top, right, bottom: the last two lie outside."""
WHOLE: Box = (0, 0, SHAPE[1], SHAPE[0])
_BIAS = 0.22
"""A surface must lie this far (metres of height) below the map to be in shadow: hides the grid."""


@dataclass(frozen=True)
class Blockers:
    """A body's points (N, 3) in the world, dense enough to leave no hole in the map."""

    points: Floats


def blockers(body: Body, pose: Pose) -> Blockers:
    parts = []
    for surface in body.surfaces:
        spans = [
            np.linalg.norm(np.diff(surface.points, axis=axis), axis=-1).sum(axis=axis).max()
            for axis in (0, 1)
        ]
        rows, columns = (int(np.clip(span / CELL * 1.3, 2, 700)) for span in spans)
        parts.append(stretch(surface.points, rows, columns, smooth=True).reshape(-1, 3))
    parts += [cloud.points for cloud in body.clouds]
    return Blockers(pose.to_world(np.concatenate(parts).astype(np.float32)))


class ShadowMap:
    """Heights of what stops the sun, (rows, columns) over the lot, for one light."""

    def __init__(self, light: Light) -> None:
        self._light = light
        self._heights: Floats = np.zeros(SHAPE, np.float32)

    def copy(self) -> "ShadowMap":
        other = ShadowMap(self._light)
        other._heights = self._heights.copy()
        return other

    def add(self, things: Blockers) -> Box | None:
        """Put things in; returns the rectangle of cells touched: left, top, right, bottom."""
        column, row = self._cells(things.points)
        inside = (column >= 0) & (column < SHAPE[1]) & (row >= 0) & (row < SHAPE[0])
        if not inside.any():
            return None
        column, row = column[inside], row[inside]
        flat = self._heights.reshape(-1)
        np.maximum.at(flat, row * SHAPE[1] + column, things.points[inside, 2])
        return int(column.min()), int(row.min()), int(column.max()) + 1, int(row.max()) + 1

    def lit(self, points: Floats) -> Floats:
        """Share of sun (M,) that reaches points (M, 3)."""
        column, row = self._cells(points)
        inside = (column >= 0) & (column < SHAPE[1]) & (row >= 0) & (row < SHAPE[0])
        flat = np.where(inside, row * SHAPE[1] + column, 0)
        shadowed = inside & (self._heights.reshape(-1)[flat] > points[:, 2] + _BIAS)
        return np.where(shadowed, np.float32(0), np.float32(1))

    def ground(self, box: Box = WHOLE) -> Floats:
        """Share of sun on the ground, cell by cell, with soft edges; `box` limits the work."""
        left, top, right, bottom = box
        stopped = (self._heights[top:bottom, left:right] > 0.04).astype(np.float32)
        closed = cv2.morphologyEx(stopped, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        return np.asarray(1 - cv2.GaussianBlur(closed, (0, 0), 1.1), np.float32)

    def _cells(self, points: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        east, north, up = self._light.sun_direction
        x = points[:, 0] - points[:, 2] * np.float32(east / up)
        y = points[:, 1] - points[:, 2] * np.float32(north / up)
        column = np.floor((x - LEFT) / CELL).astype(np.int64)
        row = np.floor((y - BOTTOM) / CELL).astype(np.int64)
        return column, row


def contact(footprints: list[Floats], box: Box = WHOLE) -> Floats:
    """Share of sky light on the ground in a box of cells: dark under and close round each car.

    `footprints`: (4, 2) ground corners in metres of each car.
    """
    left, top, right, bottom = box
    cover = np.zeros((bottom - top, right - left), np.float32)
    for corners in footprints:
        cells = (corners - (LEFT, BOTTOM)) / CELL - (left, top)
        cv2.fillConvexPoly(cover, np.round(cells).astype(np.int32), 1.0, cv2.LINE_AA)
    near = cv2.GaussianBlur(cover, (0, 0), 0.16 / CELL)
    wide = cv2.GaussianBlur(cover, (0, 0), 0.60 / CELL)
    return np.asarray(1 - 0.62 * near - 0.30 * wide, np.float32)


def cells_round(points: Floats, margin: float) -> Box:
    """The box of cells that holds ground points (N, 2) and a margin of metres."""
    low = np.floor((points.min(axis=0) - margin - (LEFT, BOTTOM)) / CELL).astype(int)
    high = np.ceil((points.max(axis=0) + margin - (LEFT, BOTTOM)) / CELL).astype(int)
    low = np.clip(low, 0, (SHAPE[1] - 1, SHAPE[0] - 1))
    high = np.clip(high, low + 1, (SHAPE[1], SHAPE[0]))
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def grown(box: Box, cells: int) -> Box:
    left, top, right, bottom = box
    return (
        max(left - cells, 0),
        max(top - cells, 0),
        min(right + cells, SHAPE[1]),
        min(bottom + cells, SHAPE[0]),
    )


def box_corners(box: Box) -> Floats:
    """The box's four corners on the ground, (4, 3) metres."""
    left, top, right, bottom = box
    flat = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
    corners = np.zeros((4, 3), np.float32)
    corners[:, :2] = flat * CELL + (LEFT, BOTTOM)
    return corners
