"""Cars cut from one crop and parked in another, at its spot and at the spots round it.

A camera low over a lot sees bodies that stand up from the ground and lean over the neighbours'
regions. Few sources show that; warping a picture cannot, for it lays the bodies flat.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from models.patches import FloatArray, Image


@dataclass(frozen=True, slots=True)
class Car:
    """A crop in which a car stands on the region. corners: (4, 2) canonical, crop pixels."""

    crop: Image
    corners: FloatArray


def park(scene: Image, quad: FloatArray, car: Car, rng: np.random.Generator) -> Image:
    """The scene with a car standing upright on the quadrilateral, its foot at the lower edge."""
    low, high = quad.min(axis=0), quad.max(axis=0)
    middle = (car.corners.min(axis=0) + car.corners.max(axis=0)) / 2.0
    half = np.ptp(car.corners, axis=0) / 2.0 * rng.uniform(0.95, 1.15)
    width = (high[0] - low[0]) * rng.uniform(0.8, 1.1)
    height = width * half[1] / half[0] * rng.uniform(0.6, 1.05)
    # A car is no flatter than the ground that it covers.
    height = max(height, (high[1] - low[1]) * rng.uniform(0.8, 1.1))
    foot = high[1] + rng.normal(0.0, 0.05) * height
    x = (low[0] + high[0]) / 2.0 + rng.normal(0.0, 0.04) * width
    source = np.array([middle - half, middle + half * [1.0, -1.0], middle + half], np.float32)
    left, right = x - width / 2.0, x + width / 2.0
    target = np.array([[left, foot - height], [right, foot - height], [right, foot]], np.float32)
    affine = cv2.getAffineTransform(source, target)
    side = (scene.shape[1], scene.shape[0])
    body = cv2.warpAffine(car.crop, affine, side, borderMode=cv2.BORDER_REPLICATE)
    cover = _silhouette(len(scene), np.array([x, foot - height / 2.0]), width, height, rng)
    return np.asarray(scene + (body.astype(np.float32) - scene) * cover).astype(np.uint8)


def _silhouette(
    size: int, middle: FloatArray, width: float, height: float, rng: np.random.Generator
) -> FloatArray:
    """(size, size, 1) in 0..1: between an ellipse and a rectangle, with a soft edge."""
    angles = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
    round_ = rng.uniform(0.4, 0.75)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    shape = np.sign(circle) * np.abs(circle) ** round_
    outline = middle + shape * np.array([width, height]) * 0.475
    mask = np.zeros((size, size), dtype=np.float32)
    corners = np.round(np.clip(outline, -800.0, 800.0) * 8.0).astype(np.int32)
    cv2.fillConvexPoly(mask, corners, 1.0, cv2.LINE_AA, 3)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.8), np.float64)[..., None]


def sides(quad: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A region's mean edges: across (left to right) and down."""
    a, b, c, d = quad
    return (b - a + c - d) / 2.0, (d - a + c - b) / 2.0


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
    full = rng.uniform(0.1, 0.9)
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
