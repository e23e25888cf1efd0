"""Who stands in a rendered lot: parked cars, and in busy ones cars in the lanes and many vans.

A car that waits in the lane hides the ground of the spots behind it as a parked one would, and a
van's body covers its vacant neighbour: neither makes a spot occupied.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from sample_videos.camera import Floats
from sample_videos.car_life import CarLife
from sample_videos.cars import Car
from sample_videos.clearance import covered_share
from sample_videos.day_schedule import DELIVERY
from sample_videos.lot import HALF_WIDTH, LANE_WIDTH, ROWS, SPOTS, Row, Spot
from sample_videos.motion import lane_direction, parked
from sample_videos.schedule import random_car
from sample_videos.surface import Pose

_VANS, _BUSY_VANS = 0.06, 0.3
"""Share of the cars that are delivery vans."""

_IN_A_LANE: Final = 4
"""Cars that wait in a lane at most, of those for which there is room."""

_TURNED: Final = 0.4
"""How often one of them stands askew, as on the way into a spot or out of it."""

_TOUCHING: Final = 0.05
"""Square metres that two cars may share."""

_HALFWAY: Final = 0.08
"""A car in the lane with more than this share of its ground in a spot leaves it undecided."""


def parked_cars(rng: np.random.Generator, pictures: int) -> list[CarLife]:
    """Other cars in each second of the clip, so that each picture shows others."""
    return [life for second in range(pictures) for life in _parked(rng, second, 0.9, _VANS)]


def busy_cars(rng: np.random.Generator, pictures: int) -> tuple[list[CarLife], list[CarLife]]:
    """As `parked_cars`, many of them vans, and cars that wait in the lanes."""
    lives: list[CarLife] = []
    waiting: list[CarLife] = []
    for second in range(pictures):
        standing = list(_parked(rng, second, 0.75, _BUSY_VANS))
        lives += standing
        waiting += _waiting(rng, second, standing)
    return lives, waiting


def undecided(waiting: Sequence[CarLife], spot: Spot, time: float) -> bool:
    """Whether a car from the lane stands partly in a spot: who could say if it is occupied?"""
    outlines = (life.corners(time) for life in waiting)
    return any(one is not None and covered_share(one, spot) > _HALFWAY for one in outlines)


def _parked(rng: np.random.Generator, second: int, most: float, vans: float) -> Iterator[CarLife]:
    share = float(rng.uniform(0.15, most))
    for spot in SPOTS:
        if rng.random() < share:
            life = _standing(rng, spot, vans)
            yield replace(life, since=float(second), until=float(second + 1))


def _standing(rng: np.random.Generator, spot: Spot, vans: float) -> CarLife:
    car = _car(rng, vans)
    slip = float(rng.normal(0.0, 0.14))
    if rng.random() < 0.05:  # across a line
        slip = float(rng.uniform(0.45, 0.75) * rng.choice([-1.0, 1.0]))
    rest = parked(spot, car.shape, nose_in=bool(rng.random() < 0.65), slip=slip)
    deep = float(rng.normal(0.0, 0.25))
    turn = float(rng.normal(0.0, 0.03))
    return CarLife(car, spot, Pose(rest.x, rest.y + deep, rest.heading + turn))


def _car(rng: np.random.Generator, vans: float) -> Car:
    car = random_car(rng)
    if rng.random() < vans:
        return Car(DELIVERY, (0.72, 0.72, 0.70) if rng.random() < 0.6 else car.paint)
    return car


def _waiting(
    rng: np.random.Generator, second: int, standing: Sequence[CarLife]
) -> Iterator[CarLife]:
    """Cars in both lanes that touch no other."""
    outlines = [_outline(life, second + 0.5) for life in standing]
    for row in (ROWS[0], ROWS[2]):
        for _ in range(int(rng.integers(1, _IN_A_LANE + 1))):
            life = _in_lane(rng, row)
            life = replace(life, since=float(second), until=float(second + 1))
            outline = _outline(life, second + 0.5)
            if all(_shared(outline, other) < _TOUCHING for other in outlines):
                outlines.append(outline)
                yield life


def _in_lane(rng: np.random.Generator, row: Row) -> CarLife:
    car = _car(rng, _VANS)
    way = 0.0 if lane_direction(SPOTS[_first_of(row)]) > 0 else np.pi
    turn = float(rng.normal(0.0, 0.05))
    if rng.random() < _TURNED:
        turn = float(rng.uniform(0.2, 1.3) * rng.choice([-1.0, 1.0]))
    across = float(np.clip(rng.normal(0.0, 1.0), -1.0, 1.0)) * (LANE_WIDTH - car.shape.width) / 2
    place = float(rng.uniform(-HALF_WIDTH, HALF_WIDTH))
    pose = Pose(place, row.lane_y + across, way + turn)
    return CarLife(car, SPOTS[_first_of(row)], pose)


def _first_of(row: Row) -> int:
    return next(number for number, spot in enumerate(SPOTS) if spot.row is row)


def _outline(life: CarLife, time: float) -> Floats:
    outline = life.corners(time)
    assert outline is not None
    return np.ascontiguousarray(outline, np.float32)


def _shared(first: Floats, second: Floats) -> float:
    return float(cv2.intersectConvexConvex(first, second)[0])
