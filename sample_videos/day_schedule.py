"""A whole day of the lot in fast motion: cars come, stay and go by the hour, with all their vices.

Some stand across a line, some are vans or motorcycles, some drive through and stop in the lane.
Seeded. Built of `schedule`'s lives: a car that comes and later goes is two of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from sample_videos.car_life import CarLife
from sample_videos.car_shapes import SHAPES, CarShape
from sample_videos.cars import Car
from sample_videos.clearance import keeps_clear, walks_clear
from sample_videos.lot import ROWS, SPOTS, Spot
from sample_videos.motion import Track, arrive, depart, drive_through, parked, walk
from sample_videos.motorcycle import MOTORCYCLE
from sample_videos.schedule import Walker, World, random_car, random_person, random_route
from sample_videos.surface import Pose

_BUSY_HOURS = (0.0, 6.0, 9.0, 12.0, 14.0, 17.0, 20.0, 24.0)
_BUSY_SHARES = (0.15, 0.2, 0.8, 0.7, 0.85, 0.6, 0.35, 0.15)
"""Share of the spots that are taken, by hour."""
_QUIET = 8.0
"""Seconds at both ends in which no car begins or ends to move."""
_TRIES = 40
_SHORTEST_STAY = 25.0
_LONG_SLIP = (0.45, 0.75)
"""Metres off the middle of a car that stands across a line."""

DELIVERY = replace(
    SHAPES["van"],
    length=5.6,
    width=2.0,
    height=2.45,
    belt=1.3,
    deck=1.3,
    roof_rear_x=-2.6,
    tail_x=-2.75,
)


@dataclass(frozen=True)
class DayPlan:
    """How much happens. `hours` of the day pass in `seconds` of the clip, beginning at `begin`."""

    seconds: float
    begin: float = 0.0
    hours: float = 24.0
    manoeuvres_a_minute: float = 3.0
    drives_a_minute: float = 0.5
    walks_a_minute: float = 2.0

    def hour(self, time: float) -> float:
        """The hour of the day at a second of the clip."""
        return self.begin + self.hours * time / self.seconds


@dataclass
class _Parked:
    life: CarLife  # as it stands: resting, or come and resting
    since: float  # when it stood still


def make_day(seed: int, plan: DayPlan) -> World:
    """The same seed and plan give the same world."""
    rng = np.random.default_rng((seed, 86400))
    staying = _first_cars(rng, plan)
    done: list[CarLife] = []
    moving: list[CarLife] = []
    for when, kind in _agenda(rng, plan):
        moving = [life for life in moving if life.track is not None and life.track.end > when - 60]
        standing = [car.life for car in staying.values()]
        if kind == "drive":
            life = _drive(rng, when, moving, standing)
            if life is not None:
                moving.append(life)
                done.append(life)
            continue
        wanted = float(np.interp(plan.hour(when) % 24, _BUSY_HOURS, _BUSY_SHARES))
        noise = float(rng.normal(0, 0.12))
        if len(staying) / len(SPOTS) + noise < wanted:
            came = _come(rng, when, staying, moving)
            if came is not None:
                moving.append(came)
                assert came.track is not None
                staying[came.spot.id] = _Parked(came, came.track.end)
        else:
            gone = _go(rng, when, staying, moving)
            if gone is not None:
                before, leaving = gone
                done += [before, leaving]
                moving.append(leaving)
    done += [car.life for car in staying.values()]
    return World(plan.seconds, tuple(done), tuple(_walkers(rng, plan, done)))


def _agenda(rng: np.random.Generator, plan: DayPlan) -> Iterator[tuple[float, str]]:
    span = max(0.0, plan.seconds - 2 * _QUIET - 25)
    counts = {
        "manoeuvre": round(plan.manoeuvres_a_minute * span / 60),
        "drive": round(plan.drives_a_minute * span / 60),
    }
    times = [
        (_QUIET + 12 + span * (number + float(rng.uniform(0.2, 0.8))) / count, kind)
        for kind, count in counts.items()
        for number in range(count)
    ]
    yield from sorted(times)


def _first_cars(rng: np.random.Generator, plan: DayPlan) -> dict[str, _Parked]:
    share = float(np.interp(plan.begin % 24, _BUSY_HOURS, _BUSY_SHARES))
    order = rng.permutation(len(SPOTS))[: round(share * len(SPOTS))]
    found = {}
    for index in order:
        spot, car = SPOTS[int(index)], _car(rng)
        nose_in = bool(rng.random() < 0.72)
        rest = parked(spot, car.shape, nose_in=nose_in, slip=float(rng.normal(0, 0.1)))
        found[spot.id] = _Parked(CarLife(car, spot, rest), -_SHORTEST_STAY)
    return found


def _car(rng: np.random.Generator) -> Car:
    chance = float(rng.random())
    if chance < 0.04:
        return Car(MOTORCYCLE, random_car(rng).paint)
    if chance < 0.12:
        return Car(DELIVERY, (0.72, 0.72, 0.70) if rng.random() < 0.6 else random_car(rng).paint)
    return random_car(rng)


def _slip(rng: np.random.Generator, shape: CarShape) -> float:
    if shape.length < 2.5 or rng.random() > 0.07:
        return float(rng.normal(0, 0.1))
    return float(rng.uniform(*_LONG_SLIP) * rng.choice([-1, 1]))


def _come(
    rng: np.random.Generator,
    when: float,
    staying: dict[str, _Parked],
    moving: list[CarLife],
) -> CarLife | None:
    free = [spot for spot in SPOTS if spot.id not in staying and _spot_free(spot, moving, when)]
    for _ in range(_TRIES if free else 0):
        spot = free[int(rng.integers(len(free)))]
        car = _car(rng)
        track = arrive(spot, car.shape, _slip(rng, car.shape))
        track = track.shifted(when - track.end)
        life = CarLife(car, spot, track.at(track.end), track, comes=True)
        if keeps_clear(life, moving, [car.life for car in staying.values()]):
            return life
    return None


def _spot_free(spot: Spot, moving: list[CarLife], when: float) -> bool:
    """Whether nobody has only just left it, or is on the way to it."""
    return all(
        life.spot is not spot or life.track is None or life.track.end < when - 40 for life in moving
    )


def _go(
    rng: np.random.Generator,
    when: float,
    staying: dict[str, _Parked],
    moving: list[CarLife],
) -> tuple[CarLife, CarLife] | None:
    """Let one car leave: its life up to then, and its leaving."""
    ready = sorted(s for s, car in staying.items() if car.since + _SHORTEST_STAY < when)
    for _ in range(_TRIES if ready else 0):
        spot_id = ready[int(rng.integers(len(ready)))]
        life = staying[spot_id].life
        nose_in = bool(np.sin(life.rest.heading) * life.spot.row.facing < 0)
        slip = life.rest.x - life.spot.x
        track = depart(life.spot, life.car.shape, slip, nose_in=nose_in).shifted(when)
        leaving = CarLife(life.car, life.spot, track.at(track.start), track, since=track.start)
        others = [car.life for other, car in staying.items() if other != spot_id]
        if keeps_clear(leaving, moving, others):
            del staying[spot_id]
            return replace(life, until=track.start), leaving
    return None


def _drive(
    rng: np.random.Generator, when: float, moving: list[CarLife], standing: list[CarLife]
) -> CarLife | None:
    """One that does not park: it drives through, mostly stopping in the lane for a while."""
    for _ in range(_TRIES):
        row = ROWS[int(rng.choice([0, 2]))]
        car = _car(rng)
        stop_s = float(rng.uniform(6, 40)) if rng.random() < 0.7 else 0.0
        track = drive_through(row, car.shape, stop_x=float(rng.uniform(-11, 11)), stop_s=stop_s)
        track = track.shifted(when - 8)
        spot = next(spot for spot in SPOTS if spot.row is row)
        life = CarLife(car, spot, Pose(1e4, 1e4, 0.0), track, since=track.start, until=track.end)
        if keeps_clear(life, moving, standing):
            return life
    return None


def _walkers(rng: np.random.Generator, plan: DayPlan, cars: list[CarLife]) -> Iterator[Walker]:
    count = round(plan.walks_a_minute * plan.seconds / 60)
    for number in range(count):
        for _ in range(_TRIES):
            begin = plan.seconds * number / count + float(rng.uniform(-5, 5))
            track = random_walk(rng, begin)
            near = [life for life in cars if _about(life, track)]
            if walks_clear(track, near, plan.seconds):
                yield Walker(random_person(rng), track)
                break


def random_walk(rng: np.random.Generator, begin: float) -> Track:
    """Someone on the way to or from a car, at walking pace."""
    return walk(random_route(rng), float(rng.uniform(1.1, 1.55))).shifted(begin)


def _about(life: CarLife, track: Track) -> bool:
    """Whether the car is in the lot while somebody walks."""
    begin, end = life.since, life.until
    if life.track is not None and life.comes:
        begin = max(begin, life.track.start)
    if life.track is not None and not life.comes:
        end = min(end, life.track.end)
    return begin < track.end and end > track.start
