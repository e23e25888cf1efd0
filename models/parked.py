"""Cars cut from one crop and parked in another, at its spot and at the spots round it.

A camera low over a lot sees bodies that stand up from the ground and lean over the neighbours'
regions. Few sources show that; warping a picture cannot, for it lays the bodies flat.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from models.patches import FloatArray, Image

_LONG: Final = 5.0
_SHORT: Final = 2.5
"""Sides of a spot, metres."""

_HEIGHT: Final = 1.5
"""Of a car, metres."""


@dataclass(frozen=True, slots=True)
class Car:
    """A crop in which a car stands on the region. corners: (4, 2) canonical, crop pixels."""

    crop: Image
    corners: FloatArray


def park(scene: Image, quad: FloatArray, car: Car, rng: np.random.Generator) -> Image:
    """The scene with a car standing on the quadrilateral: its body rises above the ground."""
    outline = silhouette(quad, rng)
    low, high = outline.min(axis=0), outline.max(axis=0)
    middle = (car.corners.min(axis=0) + car.corners.max(axis=0)) / 2.0
    half = np.ptp(car.corners, axis=0) / 2.0 * rng.uniform(0.9, 1.1)
    source = np.array([middle - half, middle + half * [1.0, -1.0], middle + half], np.float32)
    target = np.array([low, [high[0], low[1]], high], np.float32)
    affine = cv2.getAffineTransform(source, target)
    side = (scene.shape[1], scene.shape[0])
    body = cv2.warpAffine(car.crop, affine, side, borderMode=cv2.BORDER_REPLICATE)
    mask = np.zeros(scene.shape[:2], dtype=np.float32)
    corners = np.round(np.clip(outline, -800.0, 800.0) * 8.0).astype(np.int32)
    cv2.fillConvexPoly(mask, corners, 1.0, cv2.LINE_AA, 3)
    cover = np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.8), np.float64)[..., None]
    return np.asarray(scene + (body.astype(np.float32) - scene) * cover).astype(np.uint8)


def silhouette(quad: FloatArray, rng: np.random.Generator) -> FloatArray:
    """(N, 2) convex outline of a car that stands on a (4, 2) region: foot, waist and roof.

    What stands on the ground rises straight up in the picture, the more the lower the camera.
    """
    middle = quad.mean(axis=0)
    foot = middle + (quad - middle) * rng.uniform([0.72, 0.72], [1.0, 1.0])
    foot = foot + rng.normal(0.0, 0.04, 2) * np.ptp(quad, axis=0)
    up = np.array([0.0, -_HEIGHT * rng.uniform(0.85, 1.3) * _upright(quad)])
    waist = middle + (foot - middle) * 0.97 + up * rng.uniform(0.5, 0.75)
    roof = middle + (foot - middle) * rng.uniform(0.55, 0.9) + up
    points = np.concatenate([foot, waist, roof]).astype(np.float32)
    return np.asarray(cv2.convexHull(points)[:, 0], np.float64)


def _upright(quad: FloatArray) -> float:
    """Pixels that a metre of height takes over a region of `_LONG` by `_SHORT` metres.

    With the camera level and the ground seen from an elevation e, what lies across the picture
    keeps its length, what lies along shrinks by sin(e), and what stands up by cos(e).
    """
    short, long_ = sorted(sides(quad), key=lambda edge: float(np.hypot(*edge)))
    metre, along = _scales(long_, short)
    if along > metre:  # seen end-on from so low that its long sides look the shorter
        metre, along = _scales(short, long_)
    return float(np.sqrt(max(metre**2 - along**2, (0.25 * max(metre, along)) ** 2)))


def sides(quad: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A region's mean edges: across (left to right) and down."""
    a, b, c, d = quad
    return (b - a + c - d) / 2.0, (d - a + c - b) / 2.0


def _scales(long_: FloatArray, short: FloatArray) -> tuple[float, float]:
    """Pixels a metre of ground across the picture and along the camera's sight."""
    across, along = np.hypot(long_ / _LONG, short / _SHORT)
    return float(across), float(along)


def park_beside(
    scene: Image, quad: FloatArray, cars: Sequence[Car], rng: np.random.Generator
) -> Image:
    """One car on a neighbouring spot."""
    across, down = sides(quad)
    step = across if rng.random() < 0.6 else down
    there = quad + step * rng.choice([-1.0, 1.0]) * rng.uniform(0.7, 1.2)
    return park(scene, there, cars[int(rng.integers(len(cars)))], rng)


def fill(
    scene: Image,
    quad: FloatArray,
    cars: Sequence[Car],
    rng: np.random.Generator,
    *,
    occupied: bool,
) -> Image:
    """Cars on the spots round a region, farthest first, and on itself if it is to be occupied."""
    across, down = sides(quad)
    full = rng.uniform(0.0, 0.95)
    places = [np.zeros(2)] if occupied else []
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            near = full if 0 in (i, j) else full / 2.0
            if (i or j) and rng.random() < near:
                places.append(
                    i * across * rng.uniform(0.95, 1.2) + j * down * rng.uniform(0.95, 1.25)
                )
    for place in sorted(places, key=lambda offset: float(offset[1])):
        scene = park(scene, quad + place, cars[int(rng.integers(len(cars)))], rng)
    return scene
