"""Bodies of cars: a rounded hull, a cabin over it, wheels and mirrors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sample_videos.camera import Floats
from sample_videos.car_shapes import CarShape
from sample_videos.car_skin import cabin_skin, hull_skin, wheel_skin
from sample_videos.motorcycle import KIND, build_motorcycle
from sample_videos.raster import stretch
from sample_videos.surface import (
    Body,
    Finish,
    Surface,
    along_curve,
    ellipsoid,
    grid_normals,
)

Colour = tuple[float, float, float]
Doubles = NDArray[np.float64]

_TEXTURE = (288, 224)


@dataclass(frozen=True)
class Car:
    """One car of the lot's day."""

    shape: CarShape
    paint: Colour
    plate: Colour = (0.7, 0.7, 0.66)


def build_car(car: Car) -> Body:
    """The car's body; its axes stand at the middle of its length, on the ground."""
    shape = car.shape
    if shape.kind == KIND:
        return build_motorcycle(car.paint)
    half = shape.width / 2
    wheels = tuple(_wheel(shape, x, side) for x in shape.axles for side in (1.0, -1.0))
    mirrors = tuple(
        ellipsoid(
            (shape.cowl_x - 0.42, side * (half + 0.07), shape.belt + 0.07),
            (0.07, 0.12, 0.08),
            car.paint,
            Finish.PAINT,
        )
        for side in (1.0, -1.0)
    )
    return Body((_hull(car), _cabin(car), *wheels, *mirrors))


def _hull(car: Car) -> Surface:
    """The body below the windows: a box rounded in plan and in profile."""
    shape = car.shape
    angle = np.linspace(-np.pi / 2, np.pi / 2, 2001)
    # The outline from above, walked from tail to nose; its exponent makes corners round.
    ends = along_curve(_superellipse(angle, 5.0) * (shape.length / 2, shape.width / 2), 64)
    x = ends[:, 0]
    at = np.clip(np.abs(x) / (shape.length / 2), 0, 1)
    in_plan = (1 - at**4.4) ** (1 / 4.4)
    # The ends stay high: nested sections of one x close the nose and the tail.
    in_profile = 0.84 + 0.16 * (1 - at**9) ** (1 / 5)
    taper = 1 - 0.05 * at**3
    section = _section()
    middle = 0.6 * shape.belt
    y = shape.width / 2 * (in_plan * taper)[:, None] * section[None, :, 0]
    above = (_deck(shape, x) - middle)[:, None] * np.maximum(section[None, :, 1], 0)
    below = (middle - shape.clearance) * np.minimum(section[None, :, 1], 0)
    z = middle + (above + below) * in_profile[:, None]
    # The deck is a little domed across the car.
    z += 0.03 * (1 - section[None, :, 0] ** 2) * (section[None, :, 1] > 0) * in_profile[:, None]
    points = np.stack([np.broadcast_to(x[:, None], y.shape), y, z], axis=-1).astype(np.float32)
    normals = grid_normals(points)
    rows, columns = _TEXTURE
    albedo, finish = hull_skin(
        shape,
        car.paint,
        car.plate,
        stretch(points, rows, columns, smooth=True),
        stretch(normals, rows, columns, smooth=True),
    )
    return Surface(points, normals, albedo, finish)


def _deck(shape: CarShape, x: Doubles) -> Doubles:
    """Height of the hull's top along the car: boot, belt, bonnet."""
    front = shape.length / 2
    bonnet_foot = shape.cowl_x + 0.1
    height = np.interp(
        x,
        [-front, shape.tail_x - 0.1, shape.tail_x + 0.5, bonnet_foot, front - 0.45, front],
        [
            shape.deck - 0.03,
            shape.deck,
            shape.belt,
            shape.belt - 0.01,
            shape.nose + 0.09,
            shape.nose,
        ],
    )
    return np.asarray(height, np.float64)


def _section() -> Doubles:
    """Profile across the hull, (N, 2) in -1..1: left sill, over the deck, to the right sill."""
    turn = np.linspace(0, np.pi, 801)
    top = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    top = np.sign(top) * np.abs(top) ** (2 / 5.0)
    drop = np.linspace(-1, 0, 200, endpoint=False)
    side = np.stack([1 - 0.10 * drop**2, drop], axis=1)
    other = side[::-1] * (-1, 1)
    return along_curve(np.concatenate([side, top, other]), 60)


def _superellipse(angle: Doubles, power: float) -> Doubles:
    """(N, 2): sine and cosine bent towards a square as `power` grows; 2 is a circle."""
    wave = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return np.asarray(np.sign(wave) * np.abs(wave) ** (2 / power))


def _cabin(car: Car) -> Surface:
    """Windows and roof: sections that lean inwards under a smoothed roof line."""
    shape = car.shape
    roof = np.array(
        [
            (shape.tail_x, shape.belt - 0.04),
            (shape.roof_rear_x, shape.height - 0.05),
            ((shape.roof_rear_x + shape.roof_front_x) / 2 + 0.1, shape.height),
            (shape.roof_front_x, shape.height - 0.05),
            (shape.cowl_x, shape.belt - 0.06),
        ]
    )
    line = along_curve(_soften(roof, 4), 56)
    turn = np.linspace(0, np.pi, 801)
    arch = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    arch = along_curve(np.sign(arch) * np.abs(arch) ** (2 / 5.5), 48)
    base = shape.belt - 0.06
    lift = np.maximum(line[:, 1] - base, 0.0)[:, None]
    z = base + lift * arch[None, :, 1]
    lean = 1 - 0.20 * (z - base) / (shape.height - base)
    if shape.kind == "van":
        lean = 1 - 0.09 * (z - base) / (shape.height - base)
    y = (shape.width / 2 - 0.05) * lean * arch[None, :, 0]
    # Seen from above, windscreen and rear window bow outwards.
    slope = np.clip(1 - lift / (shape.height - base), 0, 1)
    away = np.sign(line[:, :1] - (shape.roof_front_x + shape.roof_rear_x) / 2)
    bow = np.where(away > 0, 0.16, 0.05) * slope * away * (1 - arch[None, :, 0] ** 2)
    x = line[:, :1] + bow
    y = y * (1 - np.clip(np.abs(x) / (shape.length / 2), 0, 1) ** 7) ** (1 / 5)
    points = np.stack([x, y, z], axis=-1).astype(np.float32)
    normals = grid_normals(points)
    rows, columns = _TEXTURE
    share = np.broadcast_to(arch[None], (*y.shape, 2)).astype(np.float32)
    station = np.broadcast_to(line[:, :1], y.shape).astype(np.float32)
    albedo, finish = cabin_skin(
        shape,
        car.paint,
        stretch(points, rows, columns, smooth=True),
        stretch(share, rows, columns, smooth=True),
        stretch(station, rows, columns, smooth=True),
    )
    return Surface(points, normals, albedo, finish)


def _soften(line: Doubles, times: int) -> Doubles:
    """Chaikin's corner cutting; the ends stay."""
    for _ in range(times):
        near = line[:-1] * 0.75 + line[1:] * 0.25
        far = line[:-1] * 0.25 + line[1:] * 0.75
        inner = np.stack([near, far], axis=1).reshape(-1, 2)
        line = np.concatenate([line[:1], inner, line[-1:]])
    return line


def _wheel(shape: CarShape, x: float, side: float) -> Surface:
    """The outer face of one wheel, a disc."""
    around = np.linspace(0, 2 * np.pi, 25)[None, :]
    radius = np.linspace(0.01, shape.wheel, 8)[:, None]
    points = np.stack(
        [
            x + radius * np.cos(around),
            np.full((8, 25), side * (shape.width / 2 - 0.015)),
            shape.wheel + radius * np.sin(around),
        ],
        axis=-1,
    ).astype(np.float32)
    normals = np.zeros_like(points)
    normals[..., 1] = side
    albedo, finish = wheel_skin()
    return Surface(points, normals, albedo, finish)


def footprint(shape: CarShape) -> Floats:
    """(4, 2) corners of the body on the ground in its own axes."""
    front, left = shape.length / 2, shape.width / 2
    return np.array([(front, left), (front, -left), (-front, -left), (-front, left)], np.float32)
