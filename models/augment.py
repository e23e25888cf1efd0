"""Training samples: scenes disturbed as strange lots, cameras, weather and people would.

Everything here is a pure function of its inputs and the generator handed to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from models.lighting import darken, degrade, expose, grain, relight
from models.parked import Car, fill, park_beside
from models.patches import FloatArray, Image, PatchSpec
from models.scenery import (
    cast_shadow,
    grow_leaves,
    paint_ground,
    put_in_the_way,
    resurface,
    stand_before,
)
from models.viewpoint import Drawing, cut_blind, cut_looks, redraw, tilt


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How often to disturb in each way, as probabilities; `drawing`: how regions differ.

    blind: the patch knows nothing outside the box round the region, as with ready-cut pictures.
    beside: a car from another crop is parked on a neighbouring spot.
    paint, surface: only in composed scenes, where they say nothing about the label.
    """

    drawing: Drawing = field(default_factory=Drawing)
    tilt: float = 0.4
    blind: float = 0.3
    beside: float = 0.25
    paint: float = 0.5
    surface: float = 0.4
    before: float = 0.2
    shadow: float = 0.2
    cut_out: float = 0.15
    foliage: float = 0.12
    haze: float = 0.12
    grey: float = 0.06
    night: float = 0.04
    noise: float = 0.25
    shrink: float = 0.2
    blur: float = 0.2
    jpeg: float = 0.2
    flip: float = 0.5
    upside_down: float = 0.05


@dataclass(frozen=True, slots=True)
class Ground:
    """A crop to disturb. whole: the picture is the region and shows nothing beyond it."""

    crop: Image
    corners: FloatArray
    whole: bool = False


def stage(crop: Image, other: Image, spec: Augmentation, rng: np.random.Generator) -> Image:
    """Things in the scene, before it is looked at: a shadow, leaves, something in the way."""
    shadow, leaves, thing = rng.random(3)
    if shadow >= spec.shadow and leaves >= spec.foliage and thing >= spec.cut_out:
        return crop
    scene = crop.astype(np.float32)
    if shadow < spec.shadow:
        cast_shadow(scene, rng)
    if thing < spec.cut_out:
        put_in_the_way(scene, other, rng)
    if leaves < spec.foliage:
        grow_leaves(scene, rng)
    return np.clip(scene, 0.0, 255.0).astype(np.uint8)


def real(
    ground: Ground, cars: Sequence[Car], spec: Augmentation, rng: np.random.Generator
) -> Ground:
    """A photographed spot, perhaps from another side and with another neighbour."""
    scene, quad = ground.crop, ground.corners
    if not ground.whole:
        if rng.random() < spec.tilt:
            scene, quad = tilt(scene, quad, rng)
        if cars and rng.random() < spec.beside:
            scene = park_beside(scene, quad, cars, rng)
    if rng.random() < spec.before / (2.0 if ground.whole else 1.0):
        scene = stand_before(scene, rng)
    return Ground(scene, quad, ground.whole)


def composed(
    ground: Ground,
    cars: Sequence[Car],
    spec: Augmentation,
    rng: np.random.Generator,
    *,
    occupied: bool,
) -> Ground:
    """An empty spot, seen from low and aside, with cars parked on it or round it."""
    scene, quad = tilt(ground.crop, ground.corners, rng, flattest=0.16)
    if rng.random() < spec.surface:
        scene = resurface(scene, quad, rng)
    if rng.random() < spec.paint:
        scene = paint_ground(scene, quad, rng)
    scene = fill(scene, quad, cars, rng, occupied=occupied)
    if rng.random() < spec.before * (1.0 if occupied else 2.0):
        scene = stand_before(scene, rng)
    return Ground(scene, quad)


def look(
    grounds: Sequence[Ground],
    patch: PatchSpec,
    spec: Augmentation,
    rng: np.random.Generator,
) -> Image:
    """Scenes -> (N, *shape) uint8 patches as a strange camera sees them."""
    cut = []
    for ground in grounds:
        other = grounds[int(rng.integers(len(grounds)))].crop
        scene = stage(ground.crop, other, spec, rng)
        (quad,) = redraw(ground.corners[None], spec.drawing, rng)
        if not ground.whole and rng.random() < spec.blind:
            cut.append(cut_blind(scene, quad, patch, rng))
        else:
            cut.append(cut_looks(scene, quad, patch))
    batch = relight(expose(cut, rng).astype(np.float32), haze=spec.haze, grey=spec.grey, rng=rng)
    for index in np.flatnonzero(rng.random(len(cut)) < spec.night):
        darken(batch[index], rng)
    for index in np.flatnonzero(rng.random(len(cut)) < spec.noise):
        grain(batch[index], rng, strongest=9.0)
    seen = [
        degrade(one, shrink=spec.shrink, blur=spec.blur, jpeg=spec.jpeg, rng=rng)
        for one in np.clip(batch, 0.0, 255.0).astype(np.uint8)
    ]
    return np.stack([_turn(one, patch, spec, rng) for one in seen])


def _turn(patch: Image, shape: PatchSpec, spec: Augmentation, rng: np.random.Generator) -> Image:
    """Mirror each look left to right, or turn it upside down."""
    looks = patch.reshape(shape.looks, shape.size, shape.size, 3)
    if rng.random() < spec.flip:
        looks = looks[:, :, ::-1]
    if rng.random() < spec.upside_down:
        looks = looks[:, ::-1]
    return looks.reshape(shape.shape)
