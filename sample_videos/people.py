"""Bodies of people on foot, one for each instant of their stride."""

from dataclasses import dataclass

import numpy as np

from sample_videos.surface import Body, ellipsoid, tube

Colour = tuple[float, float, float]

STRIDE = 0.75
"""Metres a step."""
_SKIN: Colour = (0.42, 0.27, 0.19)
_SHOES: Colour = (0.03, 0.028, 0.026)


@dataclass(frozen=True)
class Person:
    """How a person looks."""

    height: float
    top: Colour
    trousers: Colour
    hair: Colour


def build_person(person: Person, walked: float) -> Body:
    """The person after `walked` metres; it looks along +x."""
    scale = person.height / 1.75
    swing = 0.30 * float(np.sin(np.pi * walked / STRIDE)) * scale
    hip, shoulder = 0.90 * scale, 1.42 * scale
    parts = [
        ellipsoid((0, 0, 1.16 * scale), (0.125 * scale, 0.20 * scale, 0.32 * scale), person.top),
        ellipsoid((0.02, 0, 1.62 * scale), (0.095, 0.08, 0.12), _SKIN),
        ellipsoid((-0.01, 0, 1.66 * scale), (0.10, 0.085, 0.10), person.hair),
    ]
    for side in (-1.0, 1.0):
        foot = (side * swing, side * 0.09, 0.04)
        parts.append(tube((side * 0.0, side * 0.09, hip), foot, (0.095, 0.06), person.trousers))
        parts.append(ellipsoid((foot[0] + 0.06, foot[1], 0.045), (0.14, 0.05, 0.05), _SHOES))
        hand = (-side * swing * 0.8, side * 0.27, 0.86 * scale)
        parts.append(tube((0, side * 0.21, shoulder - 0.05), hand, (0.055, 0.04), person.top))
    return Body(tuple(parts))
