"""A pinhole camera on a mast: metres in the lot's plan to pixels of the picture, and back.

Axes of the world: x east, y north, z up, metres, ground at z = 0.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Camera:
    """Where a camera stands, what it looks at, and the size of its picture in pixels."""

    id: str
    name: str
    position: tuple[float, float, float]
    target: tuple[float, float, float]
    field_of_view: float
    """Horizontal, degrees."""
    width: int
    height: int

    @cached_property
    def focal(self) -> float:
        """Focal length in pixels; pixels are square."""
        return float(self.width / 2 / np.tan(np.radians(self.field_of_view) / 2))

    @cached_property
    def axes(self) -> Floats:
        """(3, 3): rows are the camera's right, down and forward directions in the world."""
        forward = np.asarray(self.target, float) - np.asarray(self.position, float)
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, (0.0, 0.0, 1.0))
        right /= np.linalg.norm(right)
        return np.stack([right, np.cross(forward, right), forward]).astype(np.float32)

    @cached_property
    def eye(self) -> Floats:
        return np.asarray(self.position, np.float32)

    def scaled(self, factor: int) -> "Camera":
        """The same view with `factor` times as many pixels each way."""
        return Camera(
            self.id,
            self.name,
            self.position,
            self.target,
            self.field_of_view,
            self.width * factor,
            self.height * factor,
        )

    def project(self, points: Floats) -> tuple[Floats, Floats]:
        """World points (..., 3) to pixels (..., 2), x right and y down, and depth (...) in metres.

        A point behind the camera has a depth <= 0; its pixel means nothing.
        """
        local = (points - self.eye) @ self.axes.T
        depth = local[..., 2]
        safe = np.where(np.abs(depth) < 1e-6, np.float32(1e-6), depth)
        centre = np.array([self.width / 2, self.height / 2], np.float32)
        pixels = local[..., :2] * (self.focal / safe)[..., None] + centre
        return pixels.astype(np.float32), depth.astype(np.float32)

    def ground(self) -> tuple[Floats, Floats, Floats]:
        """For every pixel's centre the point of the ground that it sees.

        Returns x, y and distance, each (height, width); where the pixel sees the sky the distance
        is infinite and x, y are far away.
        """
        columns = np.arange(self.width, dtype=np.float32) + 0.5 - self.width / 2
        rows = np.arange(self.height, dtype=np.float32) + 0.5 - self.height / 2
        right, down, forward = self.axes
        ray = (
            columns[None, :, None] * right
            + rows[:, None, None] * down
            + np.float32(self.focal) * forward
        )
        sees_ground = ray[..., 2] < -1e-3
        scale = np.where(sees_ground, -self.eye[2] / np.minimum(ray[..., 2], -1e-3), 1e4)
        x = self.eye[0] + ray[..., 0] * scale
        y = self.eye[1] + ray[..., 1] * scale
        distance = np.where(sees_ground, scale * np.linalg.norm(ray, axis=-1), np.inf)
        return x.astype(np.float32), y.astype(np.float32), distance.astype(np.float32)
