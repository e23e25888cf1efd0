"""One rendered lot to learn from: a random camera, ground, weather and cars, drawn and labelled.

The plan is that of `sample_videos`; from where and through what it is seen, what its ground looks
like and who stands on it is random (domain randomisation: Tobin et al., arXiv 1703.06907). Most
cameras are low: few photographs with labels show regions that neighbours' bodies lean over.
"""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from models.patches import FloatArray, Image
from models.rendered_ground import repainted
from sample_videos.camera import Camera, Floats
from sample_videos.car_life import CarLife
from sample_videos.cars import Car
from sample_videos.day import DayStudio
from sample_videos.day_schedule import DELIVERY, DayPlan
from sample_videos.ground import albedo
from sample_videos.layout import regions
from sample_videos.lot import SPOTS, Spot, cameras
from sample_videos.motion import parked
from sample_videos.schedule import World, random_car
from sample_videos.surface import Pose
from sample_videos.truth import occupied

WIDTH: Final = 960
"""Of a picture, pixels; its height is 9/16 of that."""

FRAMES: Final = 6
"""Pictures of a lot: each with other cars and another hour."""

_STREAM: Final = 0x10C5
"""Sets these seeds apart from those of days and clips."""

_FEWEST: Final = 8
_SMALLEST: Final = 14.0 / WIDTH
"""Spots that a camera has to see, and the longer side of each one's box, as a share of the
picture's width, at least."""

_ELSEWHERE: Final = 10.0
"""Metres to the sample lot's own masts at least."""

_HIDDEN: Final = 0.4
"""What trees and posts cover more of than this teaches nothing and is left out."""


@dataclass(frozen=True, slots=True)
class RenderedFrame:
    """One picture of `width` pixels. polygons: (N, 4, 2) pixels; spots, occupied: (N,)."""

    jpeg: bytes
    width: int
    height: int
    spots: tuple[str, ...]
    polygons: FloatArray
    occupied: tuple[bool, ...]


def draw_lot(seed: int, number: int, *, width: int = WIDTH) -> list[RenderedFrame]:
    """The pictures of a lot; the same arguments give the same ones."""
    rng = np.random.default_rng([seed, number, _STREAM])
    world, studio, seen = _scene(rng, width)
    while not seen:
        world, studio, seen = _scene(rng, width)
    height = _height(width)
    chosen = [spot for spot in SPOTS if spot.id in seen]
    polygons = np.array([seen[spot.id] for spot in chosen], np.float64) * (width, height)
    spots = tuple(spot.id for spot in chosen)
    frames = []
    for index in range(FRAMES):
        time = index + 0.5
        picture = studio.frame(index, time).picture
        states = tuple(occupied(world, spot, time) for spot in chosen)
        jpeg = _encoded(picture, rng)
        frames.append(RenderedFrame(jpeg, width, height, spots, polygons, states))
    return frames


def _height(width: int) -> int:
    return width * 9 // 16


def _scene(rng: np.random.Generator, width: int) -> tuple[World, DayStudio, dict[str, Floats]]:
    """Cars, what draws them, and the regions of the spots that are not behind trees."""
    camera = random_camera(rng, width)
    seed = int(rng.integers(1 << 31))
    world = World(float(FRAMES), tuple(_cars(rng)), ())
    hours = float(rng.uniform(4.0, 11.0))
    begin = float(rng.uniform(6.6, 18.0 - hours) if rng.random() < 0.75 else rng.uniform(0, 24))
    plan = DayPlan(seconds=float(FRAMES), begin=begin, hours=hours)
    ground = repainted(albedo(camera, seed), camera, rng)
    studio = DayStudio(camera, world, plan, seed, albedo=ground)
    seen = {
        spot: polygon
        for spot, polygon in large_regions(camera).items()
        if studio.scenery_share(polygon) <= _HIDDEN
    }
    return world, studio, seen


def random_camera(rng: np.random.Generator, width: int) -> Camera:
    """A camera somewhere round or in the lot, often a low one, that sees some spots well."""
    while True:
        target = float(rng.uniform(-11.0, 11.0)), float(rng.uniform(-14.0, 14.0)), 0.0
        height = float(np.exp(rng.uniform(np.log(2.6), np.log(14.0))))
        steep = np.radians(rng.uniform(8.0, 50.0))
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


def _cars(rng: np.random.Generator) -> list[CarLife]:
    """Other cars in each second of the clip, so that each picture shows others."""
    lives = []
    for second in range(FRAMES):
        share = float(rng.uniform(0.15, 0.9))
        for spot in SPOTS:
            if rng.random() < share:
                life = _standing(rng, spot)
                lives.append(replace(life, since=float(second), until=float(second + 1)))
    return lives


def _standing(rng: np.random.Generator, spot: Spot) -> CarLife:
    car = random_car(rng)
    if rng.random() < 0.06:
        car = Car(DELIVERY, (0.72, 0.72, 0.70) if rng.random() < 0.6 else car.paint)
    slip = float(rng.normal(0.0, 0.14))
    if rng.random() < 0.05:  # across a line
        slip = float(rng.uniform(0.45, 0.75) * rng.choice([-1.0, 1.0]))
    rest = parked(spot, car.shape, nose_in=bool(rng.random() < 0.65), slip=slip)
    deep = float(rng.normal(0.0, 0.25))
    turn = float(rng.normal(0.0, 0.03))
    return CarLife(car, spot, Pose(rest.x, rest.y + deep, rest.heading + turn))


def _encoded(picture: Image, rng: np.random.Generator) -> bytes:
    quality = (cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(55, 96)))
    done, data = cv2.imencode(".jpg", picture, quality)
    assert done
    return data.tobytes()
