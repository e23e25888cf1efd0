"""Cars of rendered lots: none in another, and those that wait in a lane make no spot occupied."""

import itertools
from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from models.rendered_cars import busy_cars, parked_cars, undecided
from sample_videos.car_life import CarLife
from sample_videos.cars import Car
from sample_videos.day_schedule import DELIVERY
from sample_videos.lot import LANE_WIDTH, ROWS, SPOTS
from sample_videos.schedule import World, random_car
from sample_videos.surface import Pose
from sample_videos.truth import occupied

PICTURES = 30


@pytest.fixture(scope="module")
def busy() -> tuple[list[CarLife], list[CarLife]]:
    """Parked cars and those that wait, of many pictures."""
    return busy_cars(np.random.default_rng(5), PICTURES)


def at(lives: Sequence[CarLife], time: float) -> list[CarLife]:
    return [life for life in lives if life.pose(time) is not None]


def shared(one: CarLife, other: CarLife, time: float) -> float:
    """Square metres on which both cars stand."""
    first, second = one.corners(time), other.corners(time)
    assert first is not None
    assert second is not None
    found = cv2.intersectConvexConvex(np.ascontiguousarray(first), np.ascontiguousarray(second))
    return float(found[0])


def test_every_picture_has_other_cars_and_a_busy_one_some_in_its_lanes(
    busy: tuple[list[CarLife], list[CarLife]],
) -> None:
    standing, waiting = busy
    for second in range(PICTURES):
        assert at(standing, second + 0.5)
        assert 0 < len(at(waiting, second + 0.5)) <= 8
    for life in waiting:
        lanes = [abs(life.rest.y - row.lane_y) for row in ROWS]
        assert min(lanes) < LANE_WIDTH / 2


def test_a_car_that_waits_touches_no_other(busy: tuple[list[CarLife], list[CarLife]]) -> None:
    standing, waiting = busy
    for second in range(PICTURES):
        time = second + 0.5
        late = at(waiting, time)
        pairs = [*itertools.product(late, at(standing, time)), *itertools.combinations(late, 2)]
        for one, other in pairs:
            assert shared(one, other, time) < 0.06


def test_a_car_that_waits_makes_no_spot_occupied(
    busy: tuple[list[CarLife], list[CarLife]],
) -> None:
    _, waiting = busy
    world = World(float(PICTURES), tuple(waiting), ())
    for second, spot in itertools.product(range(PICTURES), SPOTS):
        assert not occupied(world, spot, second + 0.5)


def test_a_car_halfway_in_a_spot_leaves_it_undecided() -> None:
    spot = SPOTS[4]
    car = random_car(np.random.default_rng(1))
    x, y = spot.centre
    for off, told in ((0.0, True), (2.0, True), (12.0, False)):
        lane = CarLife(car, spot, Pose(x, y + spot.row.facing * off, np.pi / 2))
        assert undecided([lane], spot, 0.5) is told
        assert not undecided([lane], SPOTS[30], 0.5)
    assert not undecided([], spot, 0.5)


def test_three_in_ten_cars_of_busy_lots_are_vans_and_few_of_others(
    busy: tuple[list[CarLife], list[CarLife]],
) -> None:
    def vans(lives: Sequence[CarLife]) -> float:
        return float(np.mean([life.car == Car(DELIVERY, life.car.paint) for life in lives]))

    assert vans(busy[0]) == pytest.approx(0.3, abs=0.06)
    assert vans(parked_cars(np.random.default_rng(5), PICTURES)) == pytest.approx(0.06, abs=0.03)
