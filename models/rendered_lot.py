"""One rendered lot to learn from: a random camera, ground, weather and cars, drawn and labelled.

The plan is that of `sample_videos`; from where and through what it is seen, what its ground looks
like and who stands on it is random (domain randomisation: Tobin et al., arXiv 1703.06907). Most
cameras are low: few photographs with labels show regions that neighbours' bodies lean over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

import cv2
import numpy as np

from models.patches import FloatArray, Image
from models.rendered_cars import busy_cars, parked_cars, undecided
from models.rendered_ground import repainted
from models.rendered_weather import bad_weather
from sample_videos.camera import Camera, Floats
from sample_videos.car_life import CarLife
from sample_videos.day import DayStudio
from sample_videos.day_schedule import DayPlan
from sample_videos.ground import albedo
from sample_videos.layout import regions
from sample_videos.lot import SPOTS, cameras
from sample_videos.schedule import World
from sample_videos.truth import occupied

WIDTH: Final = 960
"""Of a picture, pixels; its height is 9/16 of that."""

FRAMES: Final = 6
"""Pictures of a lot: each with other cars and another hour."""

_FEWEST: Final = 8
_SMALLEST: Final = 14.0 / WIDTH
"""Spots that a camera has to see, and the longer side of each one's box, as a share of the
picture's width, at least."""

_ELSEWHERE: Final = 10.0
"""Metres to the sample lot's own masts at least."""

_HIDDEN: Final = 0.4
"""What trees and posts cover more of than this teaches nothing and is left out."""


class Kind(Enum):
    """What a lot is drawn for; its value names its files."""

    ORDINARY = "lot"
    DIM = "dim"
    """Each picture in bad light or weather of its own."""
    BUSY = "busy"
    """Many vans, cars that wait in the lanes, seen from low down."""


_STREAMS: Final = {Kind.ORDINARY: 0x10C5, Kind.DIM: 0xD1A, Kind.BUSY: 0xB5}
"""Set these seeds apart from those of days and clips, and from one another."""

_STEEPEST: Final = {Kind.ORDINARY: 50.0, Kind.DIM: 50.0, Kind.BUSY: 32.0}
"""How steeply cameras look down at most, degrees."""


@dataclass(frozen=True, slots=True)
class RenderedFrame:
    """One picture of `width` pixels. polygons: (N, 4, 2) pixels; spots, occupied: (N,)."""

    jpeg: bytes
    width: int
    height: int
    spots: tuple[str, ...]
    polygons: FloatArray
    occupied: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class _Scene:
    """What is drawn. seen: regions of the spots that are not behind trees, normalised."""

    world: World
    waiting: Sequence[CarLife]
    studio: DayStudio
    seen: Mapping[str, Floats]


def draw_lot(
    seed: int, number: int, *, width: int = WIDTH, kind: Kind = Kind.ORDINARY
) -> list[RenderedFrame]:
    """The pictures of a lot; the same arguments give the same ones."""
    rng = np.random.default_rng([seed, number, _STREAMS[kind]])
    scene = _scene(rng, width, kind)
    while not scene.seen:
        scene = _scene(rng, width, kind)
    return [_frame(scene, index, width, rng) for index in range(FRAMES)]


def _frame(scene: _Scene, index: int, width: int, rng: np.random.Generator) -> RenderedFrame:
    """One picture with those of its spots whose state can be told."""
    time, height = index + 0.5, _height(width)
    told = [
        spot for spot in SPOTS if spot.id in scene.seen and not undecided(scene.waiting, spot, time)
    ]
    quads = [scene.seen[spot.id] for spot in told]
    polygons = np.array(quads, np.float64).reshape(-1, 4, 2) * (width, height)
    states = tuple(occupied(scene.world, spot, time) for spot in told)
    jpeg = _encoded(scene.studio.frame(index, time).picture, rng)
    names = tuple(spot.id for spot in told)
    return RenderedFrame(jpeg, width, height, names, polygons, states)


def _height(width: int) -> int:
    return width * 9 // 16


def _scene(rng: np.random.Generator, width: int, kind: Kind) -> _Scene:
    """A camera somewhere, cars, ground, light, and the regions."""
    camera = random_camera(rng, width, _STEEPEST[kind])
    seed = int(rng.integers(1 << 31))
    busy = kind is Kind.BUSY
    cars, waiting = busy_cars(rng, FRAMES) if busy else (parked_cars(rng, FRAMES), [])
    world = World(float(FRAMES), (*cars, *waiting), ())
    hours = float(rng.uniform(4.0, 11.0))
    begin = float(rng.uniform(6.6, 18.0 - hours) if rng.random() < 0.75 else rng.uniform(0, 24))
    plan = DayPlan(seconds=float(FRAMES), begin=begin, hours=hours)
    ground = repainted(albedo(camera, seed), camera, rng)
    weather = None
    if kind is Kind.DIM:  # each picture is an hour of its own
        plan = replace(plan, begin=0.0, hours=float(FRAMES))
        away = float(np.linalg.norm(np.subtract(camera.position, camera.target)))
        weather = bad_weather(rng, FRAMES, away)
    studio = DayStudio(camera, world, plan, seed, albedo=ground, weather=weather)
    seen = {
        spot: polygon
        for spot, polygon in large_regions(camera).items()
        if studio.scenery_share(polygon) <= _HIDDEN
    }
    return _Scene(world, waiting, studio, seen)


def random_camera(rng: np.random.Generator, width: int, steepest: float = 50.0) -> Camera:
    """A camera somewhere round or in the lot, often a low one, that sees some spots well."""
    while True:
        target = float(rng.uniform(-11.0, 11.0)), float(rng.uniform(-14.0, 14.0)), 0.0
        height = float(np.exp(rng.uniform(np.log(2.6), np.log(14.0))))
        steep = np.radians(rng.uniform(8.0, steepest))
        away = float(np.clip(height / np.tan(steep), 5.0, 45.0))
        around = float(rng.uniform(0.0, 2.0 * np.pi))
        x, y = target[0] + away * np.cos(around), target[1] + away * np.sin(around)
        if not (abs(x) < 34.0 and -46.0 < y < 17.5):  # beyond are trees, a street and a house
            continue
        view = float(rng.uniform(35.0, 95.0))
        place = (float(x), float(y), height)
        camera = Camera("any", "Any", place, target, view, width, _height(width))
        if _strange(camera) and len(large_regions(camera)) >= _FEWEST:
            return camera


def _strange(camera: Camera) -> bool:
    """Not near the sample lot's own masts: their views are what clips and days are measured on."""
    masts = (np.asarray(one.position) for one in cameras())
    return all(float(np.linalg.norm(camera.eye - mast)) > _ELSEWHERE for mast in masts)


def large_regions(camera: Camera) -> dict[str, Floats]:
    """The spots that a camera sees large enough to tell anything, normalised."""
    size = np.array([1.0, camera.height / camera.width])
    return {
        spot: polygon
        for spot, polygon in regions(camera).items()
        if float((np.ptp(polygon, axis=0) * size).max()) >= _SMALLEST
    }


def _encoded(picture: Image, rng: np.random.Generator) -> bytes:
    quality = (cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(55, 96)))
    done, data = cv2.imencode(".jpg", picture, quality)
    assert done
    return data.tobytes()
