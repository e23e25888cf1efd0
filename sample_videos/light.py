"""The light of one instant: sun and sky. Passed in as a value everywhere, so weather can follow."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Vector = tuple[float, float, float]

_EXTINCTION = np.array([0.055, 0.115, 0.25])
"""Optical depth of clear air at the zenith for red, green and blue: low sun is dim and warm."""


@dataclass(frozen=True)
class Light:
    """Linear RGB radiances; `sun_direction` is a unit vector towards the sun."""

    sun_direction: Vector
    sun: Vector
    sky: Vector
    horizon: Vector
    exposure: float
    """What the camera multiplies linear light by."""
    lamps: float = 0.0
    """How bright the lot's lamps are, 0 (off) to 1; cars that drive then have their lights on."""
    wet: float = 0.0
    """How wet the ground is, 0 to 1: it is darker then, and mirrors the sky."""


LAMPS: tuple[tuple[Vector, float], ...] = (
    ((-13.7, -1.3, 6.2), 2.2),
    ((-13.7, 1.3, 6.2), 2.2),
    ((13.7, -1.3, 6.2), 2.2),
    ((13.7, 1.3, 6.2), 2.2),
    ((7.5, -32.5, 11.0), 16.0),
    ((-8.5, -32.5, 11.0), 16.0),
)
"""Place in metres and strength of the lot's lamps: two posts of two arms, a flood a mast."""
LAMP_COLOUR = (1.0, 0.78, 0.52)


def lamp_light(points: NDArray[np.float32], normals: NDArray[np.float32]) -> NDArray[np.float32]:
    """What all lamps at full strength give to points (..., 3) that face `normals`: (...)."""
    total = np.zeros(points.shape[:-1], np.float32)
    for place, strength in LAMPS:
        ray = np.asarray(place, np.float32) - points
        square = (ray * ray).sum(axis=-1) + np.float32(0.5)
        facing = np.maximum((ray * normals).sum(axis=-1), 0)
        total += np.float32(strength) * facing / square ** np.float32(1.5)
    return total


def sun_direction(elevation: float, azimuth: float) -> Vector:
    """Degrees; azimuth clockwise from north (90 is east)."""
    up, turn = np.radians(elevation), np.radians(azimuth)
    flat = np.cos(up)
    return float(flat * np.sin(turn)), float(flat * np.cos(turn)), float(np.sin(up))


def clear_sky(elevation: float, azimuth: float, haze: float = 0.0) -> Light:
    """Sun and sky of a clear day with the sun at this place, camera exposure adapted to it.

    `haze` 0..1 is a thin veil that takes light from the sun and gives some of it to the sky.
    """
    direction = sun_direction(elevation, azimuth)
    height = direction[2]
    air_mass = 1.0 / (height + 0.06)
    sun = 3.4 * np.exp(-_EXTINCTION * air_mass)
    strength = 0.50 + 0.50 * min(1.0, height / 0.6)
    sky = strength * np.array([0.50, 0.62, 0.86])
    veiled = 0.55 * haze
    sky += 0.62 * veiled * height * sun
    sun *= 1 - veiled
    glow = np.exp(-_EXTINCTION * air_mass * 0.8)
    horizon = strength * (0.55 * np.array([0.95, 1.0, 1.05]) + 0.9 * glow)
    # A camera's automatic exposure follows the light, but not all the way.
    grey = sun.mean() * height + sky.mean()
    exposure = 1.22 * float(grey) ** -0.78
    return Light(direction, _triple(sun), _triple(sky), _triple(horizon), exposure)


def day(phase: float) -> Light:
    """The light of a short clear day: phase 0 is a low morning sun, 0.45 noon, 1 late afternoon."""
    elevation = float(np.interp(phase, *_smooth([0.0, 0.45, 1.0], [34.0, 57.0, 19.0])))
    # The air is clearest at noon: low sun comes through a veil, and shadows are softer.
    haze = float(np.interp(phase, *_smooth([0.0, 0.45, 1.0], [0.75, 0.15, 1.0])))
    return clear_sky(elevation, 112.0 + 142.0 * phase, haze)


def _smooth(at: list[float], values: list[float]) -> tuple[Doubles, Doubles]:
    """Breakpoints joined by half cosines, so that the day has no kinks."""
    fine = np.linspace(0.0, 1.0, 101)
    segment = np.clip(np.searchsorted(at, fine, side="right") - 1, 0, len(at) - 2)
    begin, end = np.take(at, segment), np.take(at, segment + 1)
    ease = 0.5 - 0.5 * np.cos(np.pi * (fine - begin) / (end - begin))
    low, high = np.take(values, segment), np.take(values, segment + 1)
    return fine, low + (high - low) * ease


def _triple(values: Doubles) -> Vector:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
