"""The ground's colour: asphalt with its wear, painted lines, kerbs, grass, the road beyond."""

import numpy as np

from sample_videos.camera import Camera, Floats
from sample_videos.lot import EDGE_Y, HALF_WIDTH, LANE_WIDTH, MEDIAN, ROWS, SPOT_DEPTH, SPOT_WIDTH
from sample_videos.noise import Noise

_ASPHALT = np.array([0.142, 0.140, 0.136], np.float32)
_PATCH = np.array([0.085, 0.085, 0.086], np.float32)
_PAINT = np.array([0.62, 0.62, 0.59], np.float32)
_KERB = np.array([0.30, 0.29, 0.27], np.float32)
_PAVING = np.array([0.25, 0.235, 0.215], np.float32)
_GRASS = np.array([0.070, 0.105, 0.032], np.float32)
_DRY = np.array([0.16, 0.145, 0.065], np.float32)

SIDE_AISLE = 6.0
"""Asphalt beyond the rows' ends, east and west."""
LOT_X = HALF_WIDTH + SIDE_AISLE
LINE = 0.13
"""Width of a painted line, metres."""


def albedo(camera: Camera, seed: int) -> Floats:
    """Linear RGB (height, width, 3) of the bare ground in the camera's picture."""
    x, y, distance = camera.ground()
    x, y = np.clip(x, -400, 400), np.clip(y, -400, 400)
    noise = Noise(seed)
    footprint = np.clip(distance / np.float32(camera.focal), 0.004, 0.5)
    colour = _asphalt(x, y, noise, footprint)
    _paint(colour, x, y, noise, footprint)
    _surroundings(colour, x, y, noise, footprint)
    # The finest detail fades where a pixel covers more than a grain.
    grain = noise.at(x, y, 0.035) - 0.5
    colour *= (1 + 0.22 * grain * np.clip(0.03 / footprint, 0, 1))[..., None]
    return np.clip(colour, 0.004, 0.9).astype(np.float32)


def _asphalt(x: Floats, y: Floats, noise: Noise, footprint: Floats) -> Floats:
    colour = np.empty((*x.shape, 3), np.float32)
    colour[:] = _ASPHALT
    colour *= (0.80 + 0.40 * noise.clouds(x, y, 6.0, 5))[..., None]
    # Where wheels roll the asphalt is polished, lighter; where cars stand it has oil.
    for row in ROWS:
        across = np.abs(np.abs(y - row.lane_y) - 0.85)
        track = np.exp(-((across / 0.42) ** 2)) * (0.5 + noise.clouds(x, y, 9.0, 2) * 0.8)
        colour *= (1 + 0.05 * track)[..., None]
        depth = (y - row.mouth_y) * -row.facing
        column = np.mod(x + HALF_WIDTH, SPOT_WIDTH) - SPOT_WIDTH / 2
        inside = (np.abs(x) < HALF_WIDTH) & (depth > 0) & (depth < SPOT_DEPTH)
        drip = np.exp(-((column / 0.38) ** 2) - ((depth - 3.4) / 0.75) ** 2)
        drip *= np.clip(noise.clouds(x, y, 1.3, 4) * 2.6 - 0.85, 0, 1)
        colour *= (1 - 0.48 * drip * inside)[..., None]
    stain = np.clip((noise.clouds(x + 91, y + 13, 2.4, 4) - 0.60) * 6, 0, 1)
    colour *= (1 - 0.22 * stain)[..., None]
    for left, bottom, right, top in (
        (-9.6, -9.4, -5.1, -7.2),
        (6.2, 7.4, 8.0, 11.8),
        (2.4, -12.3, 3.1, -6.1),
    ):
        wobble = 0.06 * (noise.at(x, y, 0.3) - 0.5)
        edge = _box(x + wobble, y + wobble, left, bottom, right, top, footprint)
        _mix(colour, edge * 0.75, _PATCH * 1.15)
    ridge = np.abs(noise.clouds(x + 40, y - 71, 9.0, 7) - 0.5)
    crack = np.clip(1 - ridge / 0.003, 0, 1) * np.clip(noise.at(x, y, 11.0) * 4 - 2.4, 0, 1)
    colour *= (1 - 0.35 * crack * np.clip(0.02 / footprint, 0, 1))[..., None]
    drain = _box(x, y, -0.35, ROWS[0].lane_y - 0.35, 0.35, ROWS[0].lane_y + 0.35, footprint)
    slots = 0.55 + 0.45 * np.clip(np.sin(x * 60) * 4, -1, 1) * np.clip(0.02 / footprint, 0, 1)
    colour *= (1 - 0.55 * drain * slots)[..., None]
    return colour


def _paint(colour: Floats, x: Floats, y: Floats, noise: Noise, footprint: Floats) -> None:
    """Lines between the spots, along their backs' ends, and arrows in the lanes."""
    cover = np.zeros(x.shape, np.float32)
    for row in ROWS:
        low, high = sorted((row.mouth_y, row.back_y))
        offset = np.mod(x + HALF_WIDTH + SPOT_WIDTH / 2, SPOT_WIDTH) - SPOT_WIDTH / 2
        line = _band(offset, LINE / 2, footprint)
        line *= _step(x, -HALF_WIDTH - LINE, footprint) * _step(-x, -HALF_WIDTH - LINE, footprint)
        line *= _step(y, low, footprint) * _step(-y, -high, footprint)
        cover = np.maximum(cover, line)
        back = _band(y - row.back_y, LINE / 2, footprint)
        back *= _step(x, -HALF_WIDTH, footprint) * _step(-x, -HALF_WIDTH, footprint)
        cover = np.maximum(cover, back)
    for lane_y, heading in ((ROWS[0].lane_y, -1.0), (ROWS[2].lane_y, 1.0)):
        for place in (-8.0, 8.0):
            cover = np.maximum(cover, _arrow((x - place) * heading, y - lane_y, footprint))
    wear = noise.clouds(x - 33, y + 57, 0.5, 4) * 0.7 + noise.clouds(x, y, 4.0, 2) * 0.5
    _mix(colour, cover * np.clip(1.75 - 1.55 * wear, 0.12, 0.92), _PAINT)


def _arrow(along: Floats, across: Floats, footprint: Floats) -> Floats:
    """A painted arrow that points along +x, 3 m long."""
    shaft = _box(along, across, -1.6, -0.09, 0.5, 0.09, footprint)
    width = np.clip((1.5 - along) * 0.42, 0, 1)
    head = _step(width - np.abs(across), 0, footprint) * _step(along, 0.5, footprint)
    return np.asarray(np.maximum(shaft, head * _step(-along, -1.5, footprint)), np.float32)


def _surroundings(colour: Floats, x: Floats, y: Floats, noise: Noise, footprint: Floats) -> None:
    """Median, lawns with kerbs, the foot path, the street to the north."""
    grass = (
        _GRASS + (_DRY - _GRASS) * (np.clip(noise.clouds(x, y, 3.0, 4) * 2 - 0.55, 0, 1))[..., None]
    )
    grass = grass * (0.62 + 0.76 * noise.clouds(x * 1.3, y, 0.35, 3))[..., None]
    median = _slab(x, y, (-HALF_WIDTH - 1.2, -MEDIAN / 2, HALF_WIDTH + 1.2, MEDIAN / 2), footprint)
    lawns = [median]
    lane = LANE_WIDTH / 2 + 0.4
    for side in (-1, 1):
        near, far = sorted((side * LOT_X, side * 300.0))
        bands = [(-300.0, ROWS[0].lane_y - lane)]
        bands += [(ROWS[0].lane_y + lane, ROWS[2].lane_y - lane), (ROWS[2].lane_y + lane, 300.0)]
        lawns += [_slab(x, y, (near, low, far, high), footprint) for low, high in bands]
    lawns.append(_slab(x, y, (-300.0, EDGE_Y, 300.0, 300.0), footprint))
    lawns.append(_slab(x, y, (-300.0, -300.0, 300.0, -EDGE_Y), footprint))
    for lawn, kerb in lawns:
        _mix(colour, kerb, _KERB)
        np.copyto(colour, colour + (grass - colour) * lawn[..., None])
    path = _box(x, y, -300, EDGE_Y + 4.5, 300, EDGE_Y + 6.3, footprint)
    tiles = 1 - 0.10 * (np.mod(x, 0.6) < 0.05) * np.clip(0.03 / footprint, 0, 1)
    _mix(colour, path, _PAVING)
    colour *= (1 - (1 - tiles) * path)[..., None]
    street = _box(x, y, -300, EDGE_Y + 9.0, 300, EDGE_Y + 16.0, footprint)
    _mix(colour, street, _ASPHALT * 0.9)
    dashes = _band(y - EDGE_Y - 12.5, 0.08, footprint) * (np.mod(x, 6.0) < 3.0)
    _mix(colour, dashes * 0.8, _PAINT)


def _slab(
    x: Floats, y: Floats, box: tuple[float, float, float, float], footprint: Floats
) -> tuple[Floats, Floats]:
    """A lawn inside a kerb of 15 cm: cover of the lawn, cover of lawn and kerb."""
    left, bottom, right, top = box
    kerb = _box(x, y, left, bottom, right, top, footprint)
    lawn = _box(x, y, left + 0.15, bottom + 0.15, right - 0.15, top - 0.15, footprint)
    return lawn, kerb


def _mix(colour: Floats, cover: Floats, other: Floats) -> None:
    colour += (other - colour) * cover[..., None]


def _step(value: Floats, edge: float, footprint: Floats) -> Floats:
    """0 below the edge, 1 above, as soft as a pixel's footprint (metres)."""
    return np.asarray(np.clip((value - edge) / footprint + 0.5, 0, 1), np.float32)


def _band(value: Floats, half: float, footprint: Floats) -> Floats:
    """Cover of a line |value| < half; a line thinner than the footprint fades."""
    return _step(value, -half, footprint) * _step(-value, -half, footprint)


def _box(
    x: Floats, y: Floats, left: float, bottom: float, right: float, top: float, footprint: Floats
) -> Floats:
    across = _step(x, left, footprint) * _step(-x, -right, footprint)
    return across * _step(y, bottom, footprint) * _step(-y, -top, footprint)
