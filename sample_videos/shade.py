"""How fragments answer the light: Lambert, sky, a clear coat that mirrors sun and surroundings."""

import numpy as np
from numpy.typing import NDArray

from sample_videos.camera import Floats
from sample_videos.light import LAMP_COLOUR, Light, lamp_light
from sample_videos.raster import Fragments
from sample_videos.surface import Finish

_BASE_MIRROR = np.array([0.0, 0.05, 0.12, 0.25], np.float32)
"""Reflectance looking straight on, by Finish."""
_ASPHALT = np.array([0.115, 0.112, 0.108], np.float32)
_LAMP = np.asarray(LAMP_COLOUR, np.float32)
_GREENERY = np.array([0.05, 0.075, 0.03], np.float32)


def shade(fragments: Fragments, eye: Floats, light: Light, lit: Floats) -> Floats:
    """Linear RGB (M, 3) of fragments seen from `eye`; `lit` (M,) is the share of sun on each."""
    sun = np.asarray(light.sun_direction, np.float32)
    sun_colour = np.asarray(light.sun, np.float32)
    sky = np.asarray(light.sky, np.float32)
    normals = _unit(fragments.normals)
    direct = np.maximum(normals @ sun, 0) * lit
    # Facing up one sees the sky, facing down the lit asphalt, from the side half of each.
    upness = 0.5 + 0.5 * normals[:, 2]
    bounce = _ASPHALT * (sun_colour * sun[2] + sky)
    low = np.clip(0.45 + fragments.points[:, 2] * 0.75, 0.45, 1.0)
    ambient = (upness[:, None] * sky + (1 - upness)[:, None] * bounce) * low[:, None]
    colour = fragments.albedo * (direct[:, None] * sun_colour + ambient)
    if light.lamps:
        near = light.lamps * lamp_light(fragments.points, normals)
        # The other side of a body gets what the asphalt throws back.
        colour += fragments.albedo * (near + 0.02 * light.lamps)[:, None] * _LAMP
    glossy = np.flatnonzero(fragments.finish != Finish.MATTE)
    if len(glossy):
        colour[glossy] += _mirror(fragments, glossy, normals[glossy], eye, light, lit[glossy])
    return np.asarray(colour, np.float32)


def _mirror(
    fragments: Fragments,
    chosen: NDArray[np.int64],
    normals: Floats,
    eye: Floats,
    light: Light,
    lit: Floats,
) -> Floats:
    """What the clear coat, the glass or the metal adds."""
    view = _unit(eye - fragments.points[chosen])
    cosine = np.clip((normals * view).sum(axis=1), 0, 1)
    bounced = 2 * cosine[:, None] * normals - view
    base = _BASE_MIRROR[fragments.finish[chosen]]
    fresnel = base + (1 - base) * (1 - cosine) ** 5
    scene = surroundings(bounced, light)
    sun = np.asarray(light.sun_direction, np.float32)
    glint = np.maximum(bounced @ sun, 0)
    sharp = 26.0 * glint**420 + 0.9 * glint**28
    highlight = (sharp * lit)[:, None] * np.asarray(light.sun, np.float32)
    return np.asarray(fresnel[:, None] * (scene + highlight), np.float32)


def surroundings(direction: Floats, light: Light) -> Floats:
    """Radiance (M, 3) that a mirror finds in these unit directions (M, 3)."""
    sky = np.asarray(light.sky, np.float32)
    horizon = np.asarray(light.horizon, np.float32)
    sun = np.asarray(light.sun, np.float32)
    up = direction[:, 2]
    share = np.clip(up, 0, 1)[:, None] ** 0.55
    above = horizon + (sky - horizon) * share
    # A ragged line of trees and houses stands all round.
    turn = np.arctan2(direction[:, 1], direction[:, 0])
    skyline = 0.10 + 0.05 * np.sin(turn * 7.0) + 0.03 * np.sin(turn * 19.0 + 1.3)
    trees = _GREENERY * (sun * 0.5 + sky)
    ground = _ASPHALT * (sun * light.sun_direction[2] + sky)
    behind = np.clip((up - skyline) / 0.05, 0, 1)[:, None]
    level = np.clip((up + 0.03) / 0.05, 0, 1)[:, None]
    below = ground + (trees - ground) * level
    return np.asarray(below + (above - below) * behind, np.float32)


def _unit(vectors: Floats) -> Floats:
    length = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    return np.asarray(vectors / np.maximum(length, 1e-9), np.float32)
