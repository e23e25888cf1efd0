"""What stands still round the lot: trees, hedges, lamp posts, a house along the street."""

import numpy as np
from numpy.typing import NDArray

from sample_videos.ground import LOT_X
from sample_videos.lot import EDGE_Y, HALF_WIDTH, ROWS
from sample_videos.surface import Body, Cloud, Finish, Surface, tube

Doubles = NDArray[np.float64]

_BARK = (0.07, 0.052, 0.038)
_STEEL = (0.26, 0.27, 0.28)
_LEAF = np.array([0.045, 0.085, 0.022])
_LEAF_YELLOW = np.array([0.125, 0.135, 0.030])


def scenery(seed: int) -> Body:
    """Everything that never moves, in the world's axes."""
    rng = np.random.default_rng(seed)
    surfaces: list[Surface] = [_house(left, left + 15.0) for left in np.arange(-75.0, 75.0, 15.0)]
    clouds: list[Cloud] = []
    for x, y, height in _tree_places(rng):
        trunk, crown = _tree(rng, x, y, height)
        surfaces.append(trunk)
        clouds.append(crown)
    for lamp_x in (-HALF_WIDTH - 0.7, HALF_WIDTH + 0.7):
        surfaces += _lamp(lamp_x, 0.0)
    clouds += [_hedge(rng, -60.0, 60.0, EDGE_Y + 2.6)]
    lane = 4.6
    for side in (-1, 1):
        for low, high in (
            (ROWS[0].lane_y + lane, ROWS[2].lane_y - lane),
            (ROWS[2].lane_y + lane, EDGE_Y + 2.0),
        ):
            clouds.append(_hedge_north(rng, side * (LOT_X + 1.6), low, high))
    return Body(tuple(surfaces), tuple(clouds))


def _tree_places(rng: np.random.Generator) -> list[tuple[float, float, float]]:
    """x, y and height: a row along the street, a few along the sides, small ones at the median."""
    places = [
        (x + float(rng.uniform(-1.2, 1.2)), EDGE_Y + 7.6, float(rng.uniform(5.0, 7.5)))
        for x in np.arange(-46.0, 47.0, 7.5)
    ]
    places += [
        (x + float(rng.uniform(-2, 2)), EDGE_Y + 18.5, float(rng.uniform(6.5, 9.0)))
        for x in np.arange(-60.0, 61.0, 11.0)
    ]
    for side in (-1, 1):
        for y in (-3.0, 2.6, 19.0):
            places.append((side * (LOT_X + 4.2), y, float(rng.uniform(4.6, 6.2))))
    return places


def _tree(rng: np.random.Generator, x: float, y: float, height: float) -> tuple[Surface, Cloud]:
    trunk = tube((x, y, 0.0), (x, y, height * 0.55), (0.14, 0.08), _BARK)
    radius = height * 0.30
    centres = rng.normal(0, 0.42, (14, 3)) * radius * (1.0, 1.0, 0.8)
    centres += (x, y, height * 0.68)
    count = 7000
    pick = rng.integers(0, len(centres), count)
    outward = rng.normal(0, 1, (count, 3))
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    reach = radius * rng.uniform(0.35, 0.60, len(centres))[pick, None]
    points = centres[pick] + outward * reach * rng.uniform(0.75, 1.05, (count, 1))
    points[:, 2] = np.maximum(points[:, 2], height * 0.3)
    return trunk, _leaves(rng, points, outward, 0.13)


def _leaves(rng: np.random.Generator, points: Doubles, outward: Doubles, size: float) -> Cloud:
    normals = outward + rng.normal(0, 0.55, outward.shape)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    mix = rng.beta(1.6, 4.0, (len(points), 1))
    albedo = (_LEAF + (_LEAF_YELLOW - _LEAF) * mix) * rng.uniform(0.6, 1.25, (len(points), 1))
    # Leaves deep in a crown see little sky.
    depth = np.clip(0.62 + 0.38 * outward[:, 2:], 0.3, 1.0)
    return Cloud(
        points.astype(np.float32),
        normals.astype(np.float32),
        (albedo * depth).astype(np.float32),
        size,
    )


def _hedge(rng: np.random.Generator, left: float, right: float, y: float) -> Cloud:
    count = int((right - left) * 330)
    points = np.stack(
        [
            rng.uniform(left, right, count),
            y + rng.uniform(-0.55, 0.55, count),
            rng.uniform(0.0, 1.15, count) ** 0.7,
        ],
        axis=1,
    )
    return _leaves(rng, points, _hedge_normals(points, y, axis=1), 0.11)


def _hedge_north(rng: np.random.Generator, x: float, low: float, high: float) -> Cloud:
    count = int((high - low) * 420)
    points = np.stack(
        [
            x + rng.uniform(-0.5, 0.5, count),
            rng.uniform(low, high, count),
            rng.uniform(0.0, 1.05, count) ** 0.7,
        ],
        axis=1,
    )
    return _leaves(rng, points, _hedge_normals(points, x, axis=0), 0.11)


def _hedge_normals(points: Doubles, middle: float, axis: int) -> Doubles:
    outward = np.zeros_like(points)
    outward[:, axis] = points[:, axis] - middle
    outward[:, 2] = np.maximum(points[:, 2] - 0.45, 0) * 1.6
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-6)
    return outward


def _lamp(x: float, y: float) -> list[Surface]:
    pole = tube((x, y, 0.0), (x, y, 6.2), (0.075, 0.05), _STEEL, Finish.METAL)
    arms = [
        tube((x, y, 6.15), (x, y + side * 1.3, 6.3), (0.04, 0.05), _STEEL, Finish.METAL)
        for side in (-1.0, 1.0)
    ]
    return [pole, *arms]


def _house(left: float, right: float) -> Surface:
    """A part of a long plain house: plaster with rows of windows, facing the lot."""
    height, y = 13.0, EDGE_Y + 24.0
    grid_x = np.linspace(left, right, 3)
    grid_z = np.linspace(height, 0.0, 3)
    points = np.stack(
        [
            np.broadcast_to(grid_x, (3, 3)),
            np.full((3, 3), y),
            np.broadcast_to(grid_z[:, None], (3, 3)),
        ],
        axis=-1,
    ).astype(np.float32)
    normals = np.zeros_like(points)
    normals[..., 1] = -1
    # 10 texels a metre.
    z, x = np.mgrid[height:0:-0.1, left:right:0.1]
    albedo = np.empty((*x.shape, 3), np.float32)
    albedo[:] = (0.44, 0.40, 0.34)
    albedo[z < 0.9] = (0.20, 0.19, 0.18)
    finish = np.zeros(x.shape, np.uint8)
    bay, floor = np.mod(x, 3.0), np.mod(z, 3.2)
    frame = (np.abs(bay - 1.5) < 0.85) & (np.abs(floor - 1.9) < 0.85)
    pane = (np.abs(bay - 1.5) < 0.76) & (np.abs(floor - 1.9) < 0.76) & (np.abs(bay - 1.5) > 0.04)
    albedo[frame] = (0.55, 0.55, 0.54)
    albedo[pane] = (0.02, 0.022, 0.026)
    finish[pane] = Finish.GLASS
    return Surface(points, normals, albedo, finish)
