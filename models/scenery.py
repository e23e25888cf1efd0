"""What lies on the ground, hangs over it or stands before it in a scene.

Scenes are square training crops (C, C, 3). Pure functions of inputs and generator.
"""

import cv2
import numpy as np
import numpy.typing as npt

from models.patches import FloatArray, Image
from models.viewpoint import at

Scene = npt.NDArray[np.float32]

_SUBPIXEL = 3
"""Fractional bits of the coordinates that OpenCV draws with."""

_PAINTS = ((235, 235, 235), (60, 200, 230), (190, 110, 40), (60, 60, 190), (200, 200, 200))
"""White, yellow, blue, red and worn white, in BGR."""
_PAINT_SHARES = (0.46, 0.15, 0.13, 0.11, 0.15)


def cast_shadow(scene: Scene, rng: np.random.Generator) -> None:
    """One side of a line through the middle of (C, C, 3) falls into soft shadow."""
    axis = np.linspace(-1.0, 1.0, len(scene), dtype=np.float32)
    angle = rng.uniform(0.0, 2.0 * np.pi)
    side = np.float32(np.cos(angle)) * axis[None, :] + np.float32(np.sin(angle)) * axis[:, None]
    slope = (side - np.float32(rng.uniform(-0.5, 0.5))) * np.float32(rng.uniform(10.0, 90.0))
    inside = np.clip(slope + 0.5, 0.0, 1.0)
    scene *= (1.0 - np.float32(rng.uniform(0.2, 0.7)) * inside)[..., None]


def put_in_the_way(scene: Scene, donor: Image, rng: np.random.Generator) -> None:
    """A small rectangle near the middle is covered by the same place of another crop."""
    size = len(scene)
    height, width = rng.integers(size // 16, size // 5, 2)
    top, left = rng.integers(size // 4, size * 3 // 4 - size // 5, 2)
    window = np.s_[top : top + height, left : left + width]
    scene[window] = donor[window]


def grow_leaves(scene: Scene, rng: np.random.Generator) -> None:
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


def stand_before(scene: Image, rng: np.random.Generator) -> Image:
    """A pole, or a leafless tree's twigs, between the camera and the spot."""
    out = scene.copy()
    if rng.random() < 0.5:
        _pole(out, rng)
    else:
        _twigs(out, rng)
    return out


def _pole(scene: Image, rng: np.random.Generator) -> None:
    size = len(scene)
    foot = np.array([rng.uniform(0.25, 0.75) * size, rng.uniform(0.45, 1.1) * size])
    top = -5.0 if rng.random() < 0.6 else rng.uniform(0.2, 0.5) * size
    head = np.array([foot[0] + rng.normal(0.0, 4.0), top])
    wide = int(rng.integers(2, 9))
    colour = np.clip(rng.uniform(30.0, 210.0) + rng.normal(0.0, 15.0, 3), 0.0, 255.0)
    _line(scene, head, foot, colour, wide)
    if rng.random() < 0.4:  # its side away from the light
        aside = np.array([wide // 3, 0.0])
        _line(scene, head + aside, foot + aside, colour * 0.7, max(1, wide // 3))


def _twigs(scene: Image, rng: np.random.Generator) -> None:
    size = len(scene)
    tone = rng.uniform(25.0, 140.0) * np.array([0.9, 1.0, 1.05])
    crown = rng.uniform(0.2, 0.8, 2) * size
    for _ in range(int(rng.integers(10, 45))):
        start = crown + rng.normal(0.0, 18.0, 2)
        angle, length = rng.uniform(-np.pi, 0.0), rng.uniform(8.0, 40.0)
        end = start + length * np.array([np.cos(angle), np.sin(angle)])
        _line(scene, start, end, tone, 1 if rng.random() < 0.8 else 2)


def paint_ground(scene: Image, quad: FloatArray, rng: np.random.Generator) -> Image:
    """Lines, crosses, hatching, filled spots or a sign painted on the ground of a region."""
    mask = np.zeros(scene.shape[:2], dtype=np.float32)
    for start, end in _strokes(rng):
        _line(mask, _point(quad, start), _point(quad, end), np.ones(1), int(rng.integers(1, 5)))
    if rng.random() < 0.15:
        edge = rng.uniform(-0.1, 0.1)
        ring = [(-edge, -edge), (1 + edge, -edge), (1 + edge, 1 + edge), (-edge, 1 + edge)]
        corners = _fixed(np.array([_point(quad, corner) for corner in ring]))
        cv2.fillConvexPoly(mask, corners, float(rng.uniform(0.4, 0.8)), cv2.LINE_AA, _SUBPIXEL)
    if rng.random() < 0.15:
        where = _fixed(_point(quad, tuple(rng.uniform(0.3, 0.7, 2)))) >> _SUBPIXEL
        axes = tuple(int(v) for v in rng.integers(3, 12, 2))
        cv2.ellipse(mask, tuple(map(int, where)), axes, 0, 0, int(rng.integers(180, 361)), 1.0, 2)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.4, 0.9))))
    paint = np.array(_PAINTS[int(rng.choice(len(_PAINTS), p=_PAINT_SHARES))], dtype=np.float32)
    bright = float(scene.mean())
    light = scene.mean(axis=2, keepdims=True) / max(40.0, bright)
    coat = np.clip(paint * (0.4 + 0.6 * light) * min(1.3, bright / 110.0 + 0.3), 0.0, 255.0)
    cover = (mask * rng.uniform(0.3, 1.0))[..., None]
    return np.asarray(np.clip(scene + (coat - scene) * cover, 0.0, 255.0), np.uint8)


def resurface(scene: Image, quad: FloatArray, rng: np.random.Generator) -> Image:
    """Other ground: earth, gravel, stained or wet asphalt, or paving stones that follow the region.

    Lit as the ground that it covers. Whatever stands on that fades, too, so it comes before cars.
    """
    size = len(scene)
    grain = np.zeros((size, size), dtype=np.float32)
    for cells in (3, 9, 28, size):
        coarse = rng.standard_normal((cells, cells), dtype=np.float32)
        grain += rng.uniform(0.0, 0.16) * cv2.resize(coarse, (size, size))
    if rng.random() < 0.4:
        grain += _joints(size, quad, rng) * rng.uniform(-0.5, 0.3)
    tone = rng.uniform(45.0, 190.0) * np.exp(rng.normal([-0.06, 0.0, 0.05], 0.1))
    if rng.random() < 0.2:  # bricks and clay
        tone *= [0.75, 0.85, 1.2]
    grey = cv2.GaussianBlur(scene, (0, 0), 3.0).mean(axis=2, keepdims=True) + 4.0
    light = (grey / grey.mean()) ** rng.uniform(0.2, 1.0)
    ground = tone.astype(np.float32) * light * np.exp(grain)[..., None]
    if rng.random() < 0.25:
        ground = ground * np.float32(rng.uniform(0.2, 0.7)) + _reflections(size, rng)
    cover = rng.uniform(0.35, 1.0)
    return np.asarray(np.clip(scene + (ground - scene) * cover, 0.0, 255.0), np.uint8)


def _reflections(size: int, rng: np.random.Generator) -> Scene:
    """(size, size, 3): lamps and signs as wet ground shows them, in upright coloured streaks."""
    xs, ys = np.arange(size)[None, :, None], np.arange(size)[:, None, None]
    shine = np.zeros((size, size, 3))
    for _ in range(int(rng.integers(1, 6))):
        colour = rng.uniform(40.0, 200.0) * np.exp(rng.normal([-0.4, -0.1, 0.1], 0.4))
        (x, y), (wide, high) = rng.uniform(0.0, size, 2), rng.uniform([1.0, 6.0], [8.0, 40.0])
        shine += colour * np.exp(-(((xs - x) / wide) ** 2) - ((ys - y) / high) ** 2)
    return shine.astype(np.float32)


def _joints(size: int, quad: FloatArray, rng: np.random.Generator) -> Scene:
    """(size, size) in 0..1: the grid between paving stones, along the region's own sides."""
    mask = np.zeros((size, size), dtype=np.float32)
    for count, along in zip(rng.integers(3, 13, 2), (False, True), strict=True):
        for place in np.arange(-2.0, 3.0, 1.0 / float(count)):
            ends = ((place, -2.0), (place, 3.0)) if along else ((-2.0, place), (3.0, place))
            _line(mask, _point(quad, ends[0]), _point(quad, ends[1]), np.ones(1), 1)
    return mask


Stroke = tuple[tuple[float, float], tuple[float, float]]


def _strokes(rng: np.random.Generator) -> list[Stroke]:
    """Painted lines in a region's own coordinates (0..1 across and down)."""
    strokes: list[Stroke] = []
    if rng.random() < 0.5:
        strokes += [((side, -0.05), (side, 1.05)) for side in (0.0, 1.0)]
        strokes += [((0.0, end), (1.0, end)) for end in (0.0, 1.0) if rng.random() < 0.4]
    if rng.random() < 0.3:
        strokes += [((0.05, 0.05), (0.95, 0.95)), ((0.95, 0.05), (0.05, 0.95))]
    if rng.random() < 0.3:
        count, slope = int(rng.integers(3, 8)), rng.uniform(-0.6, 0.6)
        starts = [(i + 0.5) / count * 2.0 - 0.5 for i in range(count)]
        strokes += [((0.0, start), (1.0, start + slope)) for start in starts]
    return strokes


def _point(quad: FloatArray, where: tuple[float, ...]) -> FloatArray:
    across, down = where
    return np.asarray(at(quad[None], np.array([[across]]), np.array([[down]]))[0, 0])


def _fixed(points: FloatArray) -> npt.NDArray[np.int32]:
    # Far-out corners of a strongly tilted region would overflow OpenCV's fixed-point numbers.
    return np.round(np.clip(points, -900.0, 900.0) * (1 << _SUBPIXEL)).astype(np.int32)


def _line(
    canvas: Image | Scene, start: FloatArray, end: FloatArray, colour: FloatArray, width: int
) -> None:
    ends = [tuple(int(v) for v in point) for point in _fixed(np.stack([start, end]))]
    tone = tuple(float(v) for v in colour)
    cv2.line(canvas, ends[0], ends[1], tone, width, cv2.LINE_AA, _SUBPIXEL)
