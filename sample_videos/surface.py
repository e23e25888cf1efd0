"""Surfaces as smooth grids: what cars, people, masts and houses are made of.

A surface is a coarse grid of points with a finer texture over it; the rasteriser samples it as
densely as the picture needs ("The Reyes Image Rendering Architecture", Cook et al., 1987).
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from sample_videos.camera import Floats

Bytes = NDArray[np.uint8]


class Finish(IntEnum):
    """How a surface answers light."""

    MATTE = 0
    PAINT = 1
    GLASS = 2
    METAL = 3


@dataclass(frozen=True)
class Surface:
    """`points` (R, C, 3) metres, and over them `albedo` (H, W, 3) linear RGB, `finish` (H, W)."""

    points: Floats
    normals: Floats
    albedo: Floats
    finish: Bytes
    two_sided: bool = False


@dataclass(frozen=True)
class Cloud:
    """Loose points, such as leaves: `points`, `normals`, `albedo` (N, 3); `size` in metres."""

    points: Floats
    normals: Floats
    albedo: Floats
    size: float


@dataclass(frozen=True)
class Body:
    """A thing made of surfaces and leaves, in its own axes: x forward, y left, z up."""

    surfaces: tuple[Surface, ...]
    clouds: tuple[Cloud, ...] = ()


@dataclass(frozen=True)
class Pose:
    """Where a body stands on the ground; `heading` in radians, 0 looks along +x."""

    x: float
    y: float
    heading: float

    def to_world(self, points: Floats) -> Floats:
        """Points (..., 3) of the body's axes in the world's."""
        moved = self.turn(points)
        moved[..., 0] += np.float32(self.x)
        moved[..., 1] += np.float32(self.y)
        return moved

    def turn(self, vectors: Floats) -> Floats:
        """Directions (..., 3) of the body's axes in the world's."""
        c, s = np.float32(np.cos(self.heading)), np.float32(np.sin(self.heading))
        out = vectors.copy()
        out[..., 0] = c * vectors[..., 0] - s * vectors[..., 1]
        out[..., 1] = s * vectors[..., 0] + c * vectors[..., 1]
        return out


ORIGIN = Pose(0.0, 0.0, 0.0)


def grid_normals(points: Floats) -> Floats:
    """Unit normals of a grid (R, C, 3), pointing away from the grid's middle."""
    along = np.gradient(points, axis=0)
    across = np.gradient(points, axis=1)
    normals = np.cross(along, across)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    outward = points - points.reshape(-1, 3).mean(axis=0)
    if float((normals * outward).sum()) < 0:
        normals = -normals
    return normals.astype(np.float32)


def plain(points: Floats, colour: tuple[float, float, float], finish: Finish) -> Surface:
    """A surface of one colour."""
    albedo = np.empty((2, 2, 3), np.float32)
    albedo[:] = colour
    points = points.astype(np.float32)
    return Surface(points, grid_normals(points), albedo, np.full((2, 2), finish, np.uint8))


def ellipsoid(
    centre: tuple[float, float, float],
    radii: tuple[float, float, float],
    colour: tuple[float, float, float],
    finish: Finish = Finish.MATTE,
) -> Surface:
    around = np.linspace(0, 2 * np.pi, 17)[None, :]
    up = np.linspace(-np.pi / 2, np.pi / 2, 11)[:, None]
    unit = np.stack(
        [np.cos(up) * np.cos(around), np.cos(up) * np.sin(around), np.sin(up) + 0 * around], axis=-1
    )
    surface = plain(unit * np.array(radii) + np.array(centre), colour, finish)
    # At the poles the grid has no area: take the normals from the shape itself.
    normals = unit / np.array(radii)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    return Surface(surface.points, normals.astype(np.float32), surface.albedo, surface.finish)


def tube(
    bottom: tuple[float, float, float],
    top: tuple[float, float, float],
    radii: tuple[float, float],
    colour: tuple[float, float, float],
    finish: Finish = Finish.MATTE,
) -> Surface:
    """A round tube between two points, not closed at its ends."""
    low, high = np.array(bottom, float), np.array(top, float)
    axis = (high - low) / np.linalg.norm(high - low)
    side = np.cross(axis, (0.0, 1.0, 0.0) if abs(axis[1]) < 0.9 else (1.0, 0.0, 0.0))
    side /= np.linalg.norm(side)
    other = np.cross(axis, side)
    around = np.linspace(0, 2 * np.pi, 13)
    ring = np.cos(around)[:, None] * side + np.sin(around)[:, None] * other
    share = np.linspace(0, 1, 5)[:, None, None]
    radius = radii[0] + (radii[1] - radii[0]) * share
    points = low + (high - low) * share + ring[None] * radius
    surface = plain(points, colour, finish)
    normals = np.broadcast_to(ring, points.shape).astype(np.float32)
    return Surface(surface.points, normals, surface.albedo, surface.finish)


def along_curve(curve: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """A polyline (N, D) sampled again at `count` points of equal distance along it."""
    steps = np.linalg.norm(np.diff(curve, axis=0), axis=1)
    length = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0.0, length[-1], count)
    return np.stack([np.interp(at, length, column) for column in curve.T], axis=1)
