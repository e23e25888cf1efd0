"""What is painted on a car's surfaces: glass, lights, seams, tyres, number plates."""

import numpy as np
from numpy.typing import NDArray

from sample_videos.camera import Floats
from sample_videos.car_shapes import CarShape
from sample_videos.surface import Bytes, Finish

Colour = tuple[float, float, float]
Mask = NDArray[np.bool_]

_GLASS: Colour = (0.020, 0.023, 0.025)
_BLACK: Colour = (0.012, 0.012, 0.013)
_TRIM: Colour = (0.025, 0.025, 0.027)
_LAMP: Colour = (0.55, 0.57, 0.60)
_TAIL_LAMP: Colour = (0.32, 0.012, 0.012)


class _Skin:
    """An albedo and a finish to brush on."""

    def __init__(self, shape: tuple[int, ...], colour: Colour, finish: Finish) -> None:
        self.albedo: Floats = np.empty((*shape, 3), np.float32)
        self.albedo[:] = colour
        self.finish: Bytes = np.full(shape, finish, np.uint8)

    def brush(self, where: Mask, colour: Colour, finish: Finish) -> None:
        self.albedo[where] = colour
        self.finish[where] = finish

    def darken(self, where: Mask, share: float) -> None:
        self.albedo[where] *= np.float32(share)


def hull_skin(
    shape: CarShape, paint: Colour, plate: Colour, points: Floats, normals: Floats
) -> tuple[Floats, Bytes]:
    """Albedo (H, W, 3) and finish (H, W) of the hull whose points and normals are (H, W, 3)."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    front, half = shape.length / 2, shape.width / 2
    across = np.abs(y)
    skin = _Skin(x.shape, paint, Finish.PAINT)
    side = np.abs(normals[..., 1]) > 0.6
    top = normals[..., 2] > 0.6
    # Seams of doors, bonnet and boot.
    for seam in (shape.cowl_x - 0.12, *shape.pillars[:2]):
        skin.darken(side & (np.abs(x - seam) < 0.012) & (z > shape.clearance + 0.12), 0.35)
    bonnet = top & (x > shape.cowl_x)
    skin.darken(bonnet & (np.abs(across - 0.82 * half) < 0.012), 0.45)
    skin.darken(top & (np.abs(x - (front - 0.22)) < 0.012), 0.4)
    skin.brush(top & (np.abs(x - shape.cowl_x - 0.03) < 0.07), _TRIM, Finish.MATTE)
    handles = side & (np.abs(z - shape.belt + 0.14) < 0.018)
    for pillar in shape.pillars[:1]:
        for handle in (pillar + 0.12, pillar - 0.75):
            skin.darken(handles & (np.abs(x - handle) < 0.09), 0.5)
    _ends(skin, shape, plate, points)
    # Sills, wheel arches and what is under the car.
    skin.brush(z < shape.clearance + 0.10, _TRIM, Finish.MATTE)
    for axle in shape.axles:
        reach = np.hypot(x - axle, z - shape.wheel)
        skin.brush((across > 0.6 * half) & (reach < shape.wheel + 0.06), _BLACK, Finish.MATTE)
    if shape.open_bed:
        bed = top & (x < shape.tail_x - 0.05) & (x > -front + 0.14) & (across < half - 0.16)
        skin.brush(bed, _TRIM, Finish.MATTE)
        skin.brush(bed & (x > shape.tail_x - 0.3), _BLACK, Finish.MATTE)
    return skin.albedo, skin.finish


def _ends(skin: _Skin, shape: CarShape, plate: Colour, points: Floats) -> None:
    """Grille, head lamps, rear lamps, plates, bumpers' lower halves."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    front, half = shape.length / 2, shape.width / 2
    across = np.abs(y)
    nose, tail = x > front - 0.16, x < -front + 0.16
    skin.brush(nose & (across < 0.55 * half) & _between(z, 0.36, 0.50), _BLACK, Finish.MATTE)
    grille = nose & (across < 0.5 * half) & _between(z, shape.nose - 0.17, shape.nose - 0.06)
    skin.brush(grille, _TRIM, Finish.PAINT)
    lamp = (x > front - 0.42) & _between(across, 0.56 * half, 0.94 * half)
    skin.brush(lamp & _between(z, shape.nose - 0.17, shape.nose - 0.01), _LAMP, Finish.GLASS)
    high = shape.deck - (0.34 if shape.kind == "suv" else 0.30)
    rear = (x < -front + 0.22) & (across > 0.58 * half)
    skin.brush(rear & _between(z, high, high + 0.17), _TAIL_LAMP, Finish.PAINT)
    skin.brush(nose & (across < 0.26) & _between(z, 0.42, 0.53), plate, Finish.MATTE)
    at = shape.deck - 0.32
    skin.brush(tail & (across < 0.26) & _between(z, at, at + 0.12), plate, Finish.MATTE)
    skin.brush(tail & _between(z, 0.30, 0.42), _TRIM, Finish.MATTE)


def cabin_skin(
    shape: CarShape, paint: Colour, points: Floats, section: Floats, station: Floats
) -> tuple[Floats, Bytes]:
    """Albedo and finish of the cabin.

    `section` (H, W, 2) is the place in the arch across the car (-1..1, 0..1) and `station` (H, W)
    the x of that arch on the roof line.
    """
    z = points[..., 2]
    across, up = np.abs(section[..., 0]), section[..., 1]
    skin = _Skin(z.shape, paint, Finish.PAINT)
    rise = (z - shape.belt) / (shape.height - shape.belt)
    side = (across > 0.90) & (up < 0.93)
    pane = _between(rise, 0.07, 0.84)
    windscreen = ~side & (station > shape.roof_front_x - 0.05) & pane & (across < 0.87)
    rear = ~side & (station < shape.roof_rear_x + 0.05) & pane & (across < 0.84)
    windows = side & pane & (up < 0.86) & (station > shape.glass_from)
    windows &= station < shape.cowl_x - 0.16
    for pillar in shape.pillars:
        windows &= np.abs(station - pillar) > 0.045
    if shape.kind == "van":
        rear &= across > 0.06
    for glass in (windscreen, rear, windows):
        skin.brush(glass, _GLASS, Finish.GLASS)
    # A hint of what is inside: dashboard and seats, lighter than the glass is dark.
    skin.albedo[windscreen & (rise < 0.22)] += np.float32(0.035)
    seats = windscreen & _between(rise, 0.45, 0.72) & _between(across, 0.22, 0.62)
    skin.albedo[seats] += np.float32(0.030)
    frame = side & ~windows & _between(rise, 0.05, 0.88) & (station > shape.glass_from - 0.05)
    frame &= station < shape.cowl_x - 0.3
    skin.brush(frame & pane, _TRIM, Finish.PAINT)
    skin.brush(_between(rise, -0.1, 0.06), _TRIM, Finish.PAINT)
    return skin.albedo, skin.finish


def wheel_skin() -> tuple[Floats, Bytes]:
    """Tyre and rim over (radius, angle)."""
    radius = np.linspace(0, 1, 32)[:, None]
    angle = np.linspace(0, 2 * np.pi, 120)[None, :]
    skin = _Skin((32, 120), (0.02, 0.02, 0.021), Finish.MATTE)
    rim = np.broadcast_to(radius < 0.66, (32, 120))
    skin.brush(rim, (0.36, 0.37, 0.38), Finish.METAL)
    gaps = (np.cos(5 * angle) < -0.1) & (radius > 0.2) & (radius < 0.58)
    skin.brush(gaps, _BLACK, Finish.MATTE)
    return skin.albedo, skin.finish


def _between(values: Floats, low: float, high: float) -> Mask:
    return (values > low) & (values < high)
