"""What the ground of a rendered lot is made of: other stuff and other paint than the sample lot's.

Linear albedo in the camera's picture, before any light falls on it.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from sample_videos.camera import Camera
from sample_videos.ground import LOT_X
from sample_videos.lot import EDGE_Y, SPOT_DEPTH, SPOT_WIDTH, SPOTS, Spot
from sample_videos.noise import Noise

Floats = npt.NDArray[np.float32]

_STUFFS: Final = (
    (0.50, (0.14, 0.14, 0.136)),  # the asphalt as it is
    (0.20, (0.30, 0.29, 0.27)),  # concrete
    (0.12, (0.24, 0.13, 0.09)),  # red pavers
    (0.10, (0.26, 0.20, 0.13)),  # earth, gravel
    (0.08, (0.06, 0.06, 0.062)),  # fresh asphalt
)
"""Share of each stuff and its albedo."""

_PAINTS: Final = ((0.62, 0.62, 0.59), (0.55, 0.40, 0.05), (0.05, 0.13, 0.38), (0.40, 0.06, 0.05))
"""White, yellow, blue, red."""


def repainted(ground: Floats, camera: Camera, rng: np.random.Generator) -> Floats:
    """(H, W, 3) albedo of the sample lot's ground -> that of a strange lot's."""
    x, y, distance = camera.ground()
    x, y = np.clip(x, -400.0, 400.0), np.clip(y, -400.0, 400.0)
    inside = (np.abs(x) < LOT_X) & (np.abs(y) < EDGE_Y)
    colour = ground * np.exp(rng.normal(0.0, 0.06, 3)).astype(np.float32)
    shares = np.array([share for share, _ in _STUFFS])
    kind = int(rng.choice(len(_STUFFS), p=shares))
    if kind:
        stuff = np.array(_STUFFS[kind][1]) / _STUFFS[0][1] * rng.uniform(0.8, 1.2)
        # Paint and kerbs are lighter than the asphalt and stay what they are.
        dull = np.clip((0.34 - colour.max(axis=-1)) / 0.12, 0.0, 1.0) * inside
        colour = colour * (1.0 + (stuff.astype(np.float32) - 1.0) * dull[..., None])
    footprint = np.clip(distance / np.float32(camera.focal), 0.004, 0.5)
    colour *= _texture(x, y, footprint, rng)[..., None]
    for number in rng.permutation(len(SPOTS))[: int(rng.integers(0, 14))]:
        _mark(colour, SPOTS[int(number)], x, y, rng)
    return np.clip(colour, 0.004, 0.9).astype(np.float32)


def _texture(x: Floats, y: Floats, footprint: Floats, rng: np.random.Generator) -> Floats:
    """Stains, grains and joints, as factors."""
    noise = Noise(int(rng.integers(1 << 31)))
    bumps = noise.clouds(x, y, float(rng.uniform(0.5, 5.0)), 4) - 0.5
    out = 1.0 + float(rng.uniform(0.0, 1.2)) * bumps
    if rng.random() < 0.3:
        side = float(rng.choice([0.25, 0.5, 1.0, 2.5]))
        fine = np.clip(0.12 * side / footprint, 0.0, 1.0)
        joint = np.minimum(np.mod(x, side), np.mod(y, side)) < 0.07 * side
        out *= 1.0 - float(rng.uniform(0.15, 0.6)) * joint * fine
    return np.asarray(np.clip(out, 0.25, 2.0), np.float32)


def _mark(colour: Floats, spot: Spot, x: Floats, y: Floats, rng: np.random.Generator) -> None:
    """Something painted on a spot: a cross, hatching, a frame, a disc or all of it."""
    left, bottom = spot.centre[0] - SPOT_WIDTH / 2, spot.centre[1] - SPOT_DEPTH / 2
    rows, columns = np.nonzero(
        (x > left) & (x < left + SPOT_WIDTH) & (y > bottom) & (y < bottom + SPOT_DEPTH)
    )
    u = (x[rows, columns] - left) / SPOT_WIDTH
    v = (y[rows, columns] - bottom) / SPOT_DEPTH
    wide = float(rng.uniform(0.03, 0.07))
    middle = np.hypot((u - 0.5) * SPOT_WIDTH, (v - 0.5) * SPOT_DEPTH)
    kinds = (
        (np.abs(u - v) < wide) | (np.abs(u + v - 1.0) < wide),
        np.mod(u * SPOT_WIDTH + v * SPOT_DEPTH, 0.9) < 0.25,
        (np.abs(u - 0.5) > 0.5 - 2 * wide) | (np.abs(v - 0.5) > 0.5 - wide),
        middle < rng.uniform(0.4, 1.0),
        np.abs(middle - 0.8) < 0.12,
        np.ones(len(u), bool),
    )
    chosen = kinds[int(rng.integers(len(kinds)))]
    paint = np.array(_PAINTS[int(rng.choice(len(_PAINTS), p=(0.5, 0.2, 0.2, 0.1)))])
    if rng.random() < 0.2:
        paint = np.full(3, 0.03)
    cover = (chosen * rng.uniform(0.3, 0.95)).astype(np.float32)[:, None]
    there = colour[rows, columns]
    colour[rows, columns] = there + (paint.astype(np.float32) - there) * cover
