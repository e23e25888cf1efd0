"""What happens in the lot: who is parked, who comes, who goes, who walks. Seeded."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sample_videos.car_life import CarLife
from sample_videos.car_shapes import KIND_SHARES, PAINTS, SHAPES
from sample_videos.cars import Car
from sample_videos.clearance import covered_share, keeps_clear, walks_clear
from sample_videos.lot import EDGE_Y, HALF_WIDTH, ROWS, SPOTS, Spot
from sample_videos.motion import Track, arrive, depart, parked, walk
from sample_videos.people import Person
from sample_videos.surface import Pose

OCCUPIED_SHARE = 0.55
_CHANGES_A_SECOND = 17 / 60
_QUIET_BEGIN, _QUIET_END = 5.0, 6.5
"""Seconds at both ends of a clip in which no car enters or leaves a spot."""
_TRIES = 400


@dataclass(frozen=True)
class Walker:
    person: Person
    track: Track


@dataclass(frozen=True)
class World:
    """All that happens in `seconds` of the lot's life."""

    seconds: float
    cars: tuple[CarLife, ...]
    walkers: tuple[Walker, ...]


def make_world(seed: int, seconds: float) -> World:
    """The same seed and length give the same world."""
    rng = np.random.default_rng(seed)
    order = [SPOTS[index] for index in rng.permutation(len(SPOTS))]
    full = round(OCCUPIED_SHARE * len(SPOTS))
    staying = {spot.id: _stay(rng, spot) for spot in order[:full]}
    vacant = {spot.id: spot for spot in order[full:]}
    moving: list[CarLife] = []
    changes = int(_CHANGES_A_SECOND * seconds) if seconds > 25 else 0
    last = seconds - _QUIET_END
    for number, when in enumerate(np.linspace(_QUIET_BEGIN + 2.5, last - 2.5, changes)):
        comes = number % 2 == 0
        for life in _candidates(rng, staying, vacant, float(when), comes=comes):
            others = [car for car in staying.values() if car.spot is not life.spot]
            if _in_time(life, last) and keeps_clear(life, moving, others):
                moving.append(life)
                vacant.pop(life.spot.id, None)
                staying.pop(life.spot.id, None)
                break
    cars = (*staying.values(), *moving)
    return World(seconds, cars, tuple(_walkers(rng, seconds, cars)))


def random_car(rng: np.random.Generator) -> Car:
    kinds = list(KIND_SHARES)
    shares = np.array([KIND_SHARES[kind] for kind in kinds])
    kind = kinds[int(rng.choice(len(kinds), p=shares / shares.sum()))]
    weights = np.array([share for share, _ in PAINTS])
    paint = PAINTS[int(rng.choice(len(PAINTS), p=weights / weights.sum()))][1]
    tint = np.clip(np.array(paint) * rng.uniform(0.88, 1.1, 3), 0.01, 0.8)
    return Car(SHAPES[kind], (float(tint[0]), float(tint[1]), float(tint[2])))


def _stay(rng: np.random.Generator, spot: Spot) -> CarLife:
    car = random_car(rng)
    slip = float(rng.normal(0, 0.09))
    rest = parked(spot, car.shape, nose_in=bool(rng.random() < 0.72), slip=slip)
    turn = float(rng.normal(0, 0.012))
    return CarLife(car, spot, Pose(rest.x, rest.y, rest.heading + turn))


def _candidates(
    rng: np.random.Generator,
    staying: dict[str, CarLife],
    vacant: dict[str, Spot],
    when: float,
    *,
    comes: bool,
) -> Iterator[CarLife]:
    """Changes whose spot turns over about `when`, in random order."""
    for _ in range(_TRIES):
        at = when + float(rng.uniform(-2.0, 2.0))
        if comes:
            spot = vacant[str(rng.choice(sorted(vacant)))]
            car, slip = random_car(rng), float(rng.normal(0, 0.07))
            track = arrive(spot, car.shape, slip)
            track = track.shifted(at - (track.end - 1.6))
            rest = track.at(track.end)
            yield CarLife(car, spot, rest, track, comes=True)
            continue
        life = staying[str(rng.choice(sorted(staying)))]
        nose_in = bool(np.sin(life.rest.heading) * life.spot.row.facing < 0)
        slip = life.rest.x - life.spot.x
        track = depart(life.spot, life.car.shape, slip, nose_in=nose_in).shifted(at - 1.8)
        yield CarLife(life.car, life.spot, track.at(track.start), track)


def _in_time(life: CarLife, last: float) -> bool:
    """The spot's state changes, and the body clears its edge, well inside the clip."""
    assert life.track is not None
    if life.comes:
        return life.track.end <= last and life.track.end >= _QUIET_BEGIN + 3
    if life.track.start < _QUIET_BEGIN:
        return False
    corners = life.corners(last)
    return corners is None or covered_share(corners, life.spot) < 0.01


def _walkers(
    rng: np.random.Generator, seconds: float, cars: tuple[CarLife, ...]
) -> Iterator[Walker]:
    """People on routes and at times at which no car comes near them."""
    wanted = max(2, round(seconds / 9))
    for number in range(wanted):
        for _ in range(_TRIES):
            begin = seconds * (number - 0.6) / wanted + float(rng.uniform(-3, 3))
            track = walk(random_route(rng), float(rng.uniform(1.2, 1.55))).shifted(begin)
            if walks_clear(track, cars, seconds):
                yield Walker(random_person(rng), track)
                break


def random_route(rng: np.random.Generator) -> list[tuple[float, float]]:
    side = float(rng.choice([-1.0, 1.0]))
    edge = side * (HALF_WIDTH + 2.2)
    if rng.random() < 0.25:
        y = EDGE_Y + 5.4 + float(rng.uniform(-0.4, 0.4))
        return [(-30.0 * side, y), (30.0 * side, y)]
    row = ROWS[int(rng.integers(len(ROWS)))]
    mouth = row.mouth_y + row.facing * float(rng.uniform(0.5, 1.0))
    begin = (side * float(rng.uniform(-9, 8)), mouth)
    route = [begin, (edge, mouth), (edge + side * 1.5, EDGE_Y + 5.4)]
    return route if rng.random() < 0.5 else route[::-1]


def random_person(rng: np.random.Generator) -> Person:
    def cloth(low: float, high: float) -> tuple[float, float, float]:
        base = rng.uniform(low, high)
        red, green, blue = (float(base * rng.uniform(0.5, 1.3)) for _ in range(3))
        return red, green, blue

    hair = float(rng.uniform(0.01, 0.12))
    return Person(
        float(rng.uniform(1.58, 1.88)),
        cloth(0.04, 0.5),
        cloth(0.02, 0.12),
        (hair, hair * 0.75, hair * 0.5),
    )
