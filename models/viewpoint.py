"""From where a spot is seen and how its region is drawn: geometry of training samples.

Everything here is a pure function of its inputs and the generator handed to it. Regions are (4, 2)
canonical corners in pixels of a training crop.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from models.corners import canonical_corners
from models.patches import (
    FloatArray,
    Image,
    PatchSpec,
    outside_region,
    patch_homography,
    surroundings_homography,
)


@dataclass(frozen=True, slots=True)
class Drawing:
    """How differently regions are drawn.

    corner_jitter, shift: deviations in shares of the spot's side; rotation: in radians.
    smallest, largest: range of the region's scale (small: the drawn region holds a part of the
    car only, as on tightly drawn lots); stretch: deviation of each side's logarithm.
    box: probability of the upright box round the region in place of the region, for that is how
    hurried people, and some sources, draw.
    """

    corner_jitter: float = 0.045
    shift: float = 0.05
    smallest: float = 0.55
    largest: float = 1.25
    stretch: float = 0.08
    rotation: float = 0.07
    box: float = 0.3


def redraw(quads: FloatArray, spec: Drawing, rng: np.random.Generator) -> FloatArray:
    """(N, 4, 2) canonical regions -> regions as somebody else might have drawn them.

    Disturbances are made in the spot's own coordinates, so a slanted region stays slanted.
    """
    count = len(quads)
    low, high = quads.min(axis=1), quads.max(axis=1)
    boxes = np.stack([low, np.stack([high[:, 0], low[:, 1]], 1), high], axis=1)
    boxes = np.concatenate([boxes, np.stack([low[:, 0], high[:, 1]], 1)[:, None]], axis=1)
    quads = np.where((rng.random(count) < spec.box)[:, None, None], boxes, quads)
    unit = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    angles = rng.normal(0.0, spec.rotation, count)
    cos, sin = np.cos(angles), np.sin(angles)
    turns = np.stack([cos, -sin, sin, cos], axis=1).reshape(count, 2, 2)
    sizes = rng.uniform(np.log(spec.smallest), np.log(spec.largest), (count, 1, 1))
    stretch = rng.normal(0.0, spec.stretch, (count, 1, 2))
    drawn = (unit * np.exp(sizes + stretch)) @ turns
    drawn += rng.normal(0.0, spec.shift, (count, 1, 2))
    drawn += rng.normal(0.0, spec.corner_jitter, (count, 4, 2)) * np.exp(sizes)
    return at(quads, drawn[..., 0] + 0.5, drawn[..., 1] + 0.5)


def at(quads: FloatArray, across: FloatArray, down: FloatArray) -> FloatArray:
    """Points inside (N, 4, 2) quadrilaterals by their own coordinates, each (N, M) -> (N, M, 2)."""
    u, v = across[..., None], down[..., None]
    a, b, c, d = (quads[:, i : i + 1] for i in range(4))
    top, bottom = a + (b - a) * u, d + (c - d) * u
    return np.asarray(top + (bottom - top) * v)


def tilt(
    scene: Image, quad: FloatArray, rng: np.random.Generator, *, flattest: float = 0.32
) -> tuple[Image, FloatArray]:
    """The ground seen from lower and from another side: turned, sheared and squashed.

    The region's longer side keeps its length, so that the crop's resolution does. flattest: the
    strongest squash, as the share of the height that is left.
    """
    middle = quad.mean(axis=0)
    angle = rng.uniform(-np.pi / 3.0, np.pi / 3.0)
    squash, shear = np.exp(rng.uniform(np.log(flattest), 0.0)), rng.normal(0.0, 0.25)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.array([[1.0, shear], [0.0, squash]]) @ turn
    before, after = np.ptp(quad, axis=0).max(), np.ptp((quad - middle) @ matrix.T, axis=0).max()
    matrix *= before / after
    affine = np.column_stack([matrix, middle - matrix @ middle])
    side = (scene.shape[1], scene.shape[0])
    tilted = cv2.warpAffine(scene, affine, side, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(tilted, np.uint8), canonical_corners((quad - middle) @ matrix.T + middle)


def cut_looks(crop: Image, corners: FloatArray, patch: PatchSpec) -> Image:
    """A patch of the region inside a training crop, by the geometry that serving uses."""
    looks = [_warp(crop, patch_homography(corners, patch), patch.size)]
    if patch.looks > 1:
        second = _warp(crop, surroundings_homography(corners, patch), patch.size)
        looks.append(second >> outside_region(corners, patch))
    return np.concatenate(looks)


def cut_blind(
    crop: Image, corners: FloatArray, patch: PatchSpec, rng: np.random.Generator
) -> Image:
    """A patch as ready-cut pictures give it: an upright box round the region and nothing beyond.

    What the patch shows outside the box repeats its border.
    """
    side = len(crop)
    low, high = corners.min(axis=0), corners.max(axis=0)
    half = (high - low) / 2.0 * np.exp(rng.normal(0.05, 0.12, 2))
    if rng.random() < 0.6:  # many draw squares
        half[:] = half.max() * rng.uniform(0.75, 1.0)
    middle = (low + high) / 2.0 + rng.normal(0.0, 0.06, 2) * half - [0.0, 0.08 * half[1]]
    left, top = np.clip(np.round(middle - half), 0, side - 6).astype(int)
    right, bottom = np.clip(np.round(middle + half), [left + 5, top + 5], side).astype(int)
    box = np.ascontiguousarray(crop[top:bottom, left:right])
    height, width = box.shape[:2]
    whole = np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]])
    return cut_looks(box, whole, patch)


def _warp(crop: Image, homography: FloatArray, size: int) -> Image:
    # From continuous coordinates to OpenCV's, whose pixel centres are whole numbers.
    centre = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]])
    back = np.array([[1.0, 0.0, -0.5], [0.0, 1.0, -0.5], [0.0, 0.0, 1.0]])
    look = cv2.warpPerspective(
        crop,
        back @ homography @ centre,
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(look, dtype=np.uint8)
