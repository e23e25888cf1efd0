"""What a camera, the weather and a hurried person drawing regions do to a patch.

Everything here is a pure function of its inputs and the generator handed to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.patches import (
    FloatArray,
    Image,
    PatchSpec,
    outside_region,
    patch_homography,
    surroundings_homography,
)

Batch = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How strongly to disturb.

    corner_jitter, shift: deviations in shares of the spot's side; rotation: in radians.
    smallest, largest: range of the region's scale (small: the drawn region holds a part of the
    car only, as on tightly drawn lots); stretch: deviation of each side's logarithm.
    The rest are probabilities of each disturbance; `box` of the upright box round the region in
    place of the region, for that is how hurried people, and some sources, draw.
    """

    corner_jitter: float = 0.045
    shift: float = 0.05
    smallest: float = 0.5
    largest: float = 1.2
    stretch: float = 0.08
    rotation: float = 0.07
    box: float = 0.3
    flip: float = 0.5
    upside_down: float = 0.05
    blur: float = 0.2
    shrink: float = 0.2
    jpeg: float = 0.25
    shadow: float = 0.25
    haze: float = 0.15
    cut_out: float = 0.2
    foliage: float = 0.2
    noise: float = 0.4


def redraw(quads: FloatArray, spec: Augmentation, rng: np.random.Generator) -> FloatArray:
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
    u, v = drawn[..., :1] + 0.5, drawn[..., 1:] + 0.5
    a, b, c, d = (quads[:, i : i + 1] for i in range(4))
    top, bottom = a + (b - a) * u, d + (c - d) * u
    return np.asarray(top + (bottom - top) * v)


def cut_looks(crop: Image, corners: FloatArray, patch: PatchSpec) -> Image:
    """A patch of the region inside a training crop, by the geometry that serving uses."""
    looks = [_warp(crop, patch_homography(corners, patch), patch.size)]
    if patch.looks > 1:
        second = _warp(crop, surroundings_homography(corners, patch), patch.size)
        looks.append(second >> outside_region(corners, patch))
    return np.concatenate(looks)


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


def degrade(patch: Image, spec: Augmentation, rng: np.random.Generator) -> Image:
    """Lens blur, a far spot's few pixels, and the encoder."""
    rows, size = patch.shape[:2]
    if rng.random() < spec.shrink:
        small = int(rng.integers(size // 5, size * 3 // 4))
        half = (small, small * rows // size)
        tiny = cv2.resize(patch, half, interpolation=cv2.INTER_AREA)
        patch = np.asarray(cv2.resize(tiny, (size, rows), interpolation=cv2.INTER_LINEAR), np.uint8)
    if rng.random() < spec.blur:
        blurred = cv2.GaussianBlur(patch, (0, 0), float(rng.uniform(0.3, 1.1)))
        patch = np.asarray(blurred, np.uint8)
    if rng.random() < spec.jpeg:
        quality = int(rng.integers(25, 90))
        _, data = cv2.imencode(".jpg", patch, (cv2.IMWRITE_JPEG_QUALITY, quality))
        patch = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return patch


def expose(patches: list[Image], rng: np.random.Generator) -> Image:
    """Another gamma and white balance for each patch, by one table look-up a pixel."""
    levels = np.linspace(0.0, 1.0, 256)
    gammas = np.exp(rng.normal(0.0, 0.25, len(patches)))
    balances = np.exp(rng.normal(0.0, 0.07, (len(patches), 3)))
    out = np.empty((len(patches), *patches[0].shape), dtype=np.uint8)
    for patch, gamma, balance, target in zip(patches, gammas, balances, out, strict=True):
        table = 255.0 * (levels**gamma)[:, None] * balance
        cv2.LUT(patch, np.clip(table, 0.0, 255.0).astype(np.uint8)[None], dst=target)
    return out


def relight(batch: Batch, spec: Augmentation, rng: np.random.Generator) -> Batch:
    """Saturation, cast shadows, haze and exposure. batch: (N, H, S, 3) in 0..255."""
    count = len(batch)

    def column(values: FloatArray) -> Batch:
        return values.astype(np.float32).reshape(count, 1, 1, 1)

    colour = column(np.clip(rng.normal(0.95, 0.35, count), 0.0, 1.8))
    grey = batch.mean(axis=3, keepdims=True) * (1.0 - colour)
    out = batch * colour + grey
    haze = np.where(rng.random(count) < spec.haze, rng.uniform(0.2, 0.75, count), 0.0)
    gain = np.exp(rng.normal(-0.05, 0.22, count))
    veil = rng.uniform(90.0, 230.0, count) * haze * gain + rng.normal(0.0, 12.0, count)
    out *= column(gain * (1.0 - haze))
    out += column(veil)
    return np.asarray(out, dtype=np.float32)


def stage(crop: Image, donor: Image, spec: Augmentation, rng: np.random.Generator) -> Image:
    """Things in the scene, before it is looked at: a shadow, leaves, something in the way."""
    shadow, leaves, thing = rng.random(3)
    if shadow >= spec.shadow and leaves >= spec.foliage and thing >= spec.cut_out:
        return crop
    scene = crop.astype(np.float32)
    if shadow < spec.shadow:
        cast_shadow(scene, rng)
    if thing < spec.cut_out:
        put_in_the_way(scene, donor, rng)
    if leaves < spec.foliage:
        grow_leaves(scene, rng)
    return np.clip(scene, 0.0, 255.0).astype(np.uint8)


def cast_shadow(scene: Batch, rng: np.random.Generator) -> None:
    """One side of a line through the middle of (C, C, 3) falls into soft shadow."""
    axis = np.linspace(-1.0, 1.0, len(scene), dtype=np.float32)
    angle = rng.uniform(0.0, 2.0 * np.pi)
    side = np.float32(np.cos(angle)) * axis[None, :] + np.float32(np.sin(angle)) * axis[:, None]
    slope = (side - np.float32(rng.uniform(-0.5, 0.5))) * np.float32(rng.uniform(10.0, 90.0))
    inside = np.clip(slope + 0.5, 0.0, 1.0)
    scene *= (1.0 - np.float32(rng.uniform(0.2, 0.7)) * inside)[..., None]


def put_in_the_way(scene: Batch, donor: Image, rng: np.random.Generator) -> None:
    """A small rectangle near the middle is covered by the same place of another crop."""
    size = len(scene)
    height, width = rng.integers(size // 16, size // 5, 2)
    top, left = rng.integers(size // 4, size * 3 // 4 - size // 5, 2)
    window = np.s_[top : top + height, left : left + width]
    scene[window] = donor[window]


def grow_leaves(scene: Batch, rng: np.random.Generator) -> None:
    """Leaves hang into (C, C, 3): ragged, speckled, green to brown, up to most of it."""
    size = len(scene)
    where = np.zeros((size, size), dtype=np.float32)
    for cells, strength in ((5, 1.0), (14, 0.5), (36, 0.35)):
        coarse = rng.standard_normal((cells, cells), dtype=np.float32)
        where += strength * cv2.resize(coarse, (size, size), interpolation=cv2.INTER_LINEAR)
    edge = float(where.mean() + where.std() * rng.uniform(-0.7, 1.7))
    leaf = np.clip((where - edge) * 6.0, 0.0, 1.0)[..., None]
    coarse = rng.standard_normal((size // 2, size // 2), dtype=np.float32)
    speckle = cv2.resize(coarse, (size, size))
    green = rng.uniform(60.0, 150.0)
    colour = np.array([green * rng.uniform(0.2, 0.7), green, green * rng.uniform(0.5, 1.25)])
    texture = colour.astype(np.float32) * np.exp(0.35 * speckle)[..., None]
    scene += (texture - scene) * leaf


def augment(
    crops: Sequence[Image],
    quads: FloatArray,
    patch: PatchSpec,
    spec: Augmentation,
    rng: np.random.Generator,
) -> Image:
    """Training crops and regions -> (N, *shape) uint8 patches as a strange camera sees them."""
    drawn = redraw(quads, spec, rng)
    cut = []
    for crop, quad in zip(crops, drawn, strict=True):
        donor = crops[int(rng.integers(len(crops)))]
        cut.append(cut_looks(stage(crop, donor, spec, rng), quad, patch))
    batch = relight(expose(cut, rng).astype(np.float32), spec, rng)
    for index in np.flatnonzero(rng.random(len(cut)) < spec.noise):
        grain = rng.standard_normal(batch.shape[1:], dtype=np.float32)
        batch[index] += grain * np.float32(rng.uniform(1.0, 12.0))
    seen = [degrade(one, spec, rng) for one in np.clip(batch, 0.0, 255.0).astype(np.uint8)]
    return np.stack([_turn(one, patch, spec, rng) for one in seen])


def _turn(patch: Image, shape: PatchSpec, spec: Augmentation, rng: np.random.Generator) -> Image:
    """Mirror each look left to right, or turn it upside down."""
    looks = patch.reshape(shape.looks, shape.size, shape.size, 3)
    if rng.random() < spec.flip:
        looks = looks[:, :, ::-1]
    if rng.random() < spec.upside_down:
        looks = looks[:, ::-1]
    return looks.reshape(shape.shape)
