"""The lamps of cars that drive in the dark: the pool on the ground, and the glow in the picture."""

from dataclasses import dataclass

import numpy as np

from sample_videos.camera import Floats
from sample_videos.surface import Pose

Colour = tuple[float, float, float]

LAMP_WHITE: Colour = (235.0, 245.0, 255.0)
LAMP_RED: Colour = (40.0, 40.0, 230.0)
"""In the picture: blue, green, red."""
_REACH, _HALF = 15.0, 4.0
"""Metres ahead of the car, and to each side, that its beam is drawn."""


@dataclass(frozen=True)
class Glow:
    """One lamp in the picture: pixels, and how much it looks into the lens (0 to 1)."""

    x: float
    y: float
    size: float
    facing: float
    colour: Colour


def lamp_places(length: float, *, front: bool) -> Floats:
    """(2, 3) places of the lamps in the car's axes."""
    x = length / 2 if front else -length / 2
    return np.array([[x, 0.62, 0.68], [x, -0.62, 0.68]], np.float32)


def beam(x: Floats, y: Floats, pose: Pose, length: float) -> Floats:
    """How much light the car's headlamps throw on ground points (x, y)."""
    c, s = np.cos(pose.heading), np.sin(pose.heading)
    east, north = x - pose.x, y - pose.y
    ahead = c * east + s * north - length / 2
    across = -s * east + c * north
    far = np.maximum(ahead, 0.3)
    width = 0.7 + 0.20 * far
    cone = np.exp(-((across / width) ** 2)) * (ahead > 0.2) * np.clip((_REACH - ahead) / 4, 0, 1)
    return np.asarray(1.3 * cone / (1 + (far / 3.5) ** 2), np.float32)


def beam_corners(pose: Pose, length: float) -> Floats:
    """(4, 3) ground corners that hold all of the beam."""
    near, far = length / 2, length / 2 + _REACH
    flat = np.array(
        [(near, _HALF, 0), (near, -_HALF, 0), (far, -_HALF, 0), (far, _HALF, 0)], np.float32
    )
    return pose.to_world(flat)
