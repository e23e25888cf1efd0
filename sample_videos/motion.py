"""How cars and people move: paths over the ground with a time at each point."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sample_videos.car_shapes import CarShape
from sample_videos.lot import Row, Spot
from sample_videos.surface import Pose

Doubles = NDArray[np.float64]

LANE_SPEED = 6.0
MANOEUVRE_SPEED = 2.1
_COMFORT = 1.9
"""Acceleration, m/s^2."""
_FAR = 52.0
"""Cars come from and leave to this |x|, beyond both pictures."""
_RADIUS = 4.7


@dataclass(frozen=True)
class Track:
    """Poses at rising times, seconds; before the first and after the last nothing moves."""

    times: Doubles
    x: Doubles
    y: Doubles
    heading: Doubles
    """Radians, unwrapped."""

    def at(self, time: float) -> Pose:
        return Pose(
            float(np.interp(time, self.times, self.x)),
            float(np.interp(time, self.times, self.y)),
            float(np.interp(time, self.times, self.heading)),
        )

    def shifted(self, seconds: float) -> "Track":
        return Track(self.times + seconds, self.x, self.y, self.heading)

    @property
    def start(self) -> float:
        return float(self.times[0])

    @property
    def end(self) -> float:
        return float(self.times[-1])


def lane_direction(spot: Spot) -> float:
    """Lanes are one-way: AB runs west, CD runs east. +1 is east."""
    return -1.0 if spot.row.letter in "AB" else 1.0


def parked(spot: Spot, shape: CarShape, *, nose_in: bool, slip: float = 0.0) -> Pose:
    """The pose of a car that stands in a spot, `slip` metres off its middle line."""
    into = -spot.row.facing * np.pi / 2
    x, y = spot.centre
    # A short car stops with its nose near the spot's back.
    gap = spot.row.facing * (5.0 - shape.length) / 2
    y -= gap * (0.35 if nose_in else 0.2)
    return Pose(x + slip, y, float(into if nose_in else -into))


def arrive(spot: Spot, shape: CarShape, slip: float) -> Track:
    """From beyond the picture along the lane, round a quarter turn, nose first into the spot."""
    end = parked(spot, shape, nose_in=True, slip=slip)
    path = _turn_in(spot, shape, end, lane_direction(spot))
    return _timed(path, shape, reverse=False, begin_speed=LANE_SPEED, end_speed=0.0)


def depart(spot: Spot, shape: CarShape, slip: float, *, nose_in: bool) -> Track:
    """Out of the spot and away along the lane; a car that stands nose in backs out first."""
    begin = parked(spot, shape, nose_in=nose_in, slip=slip)
    way = lane_direction(spot)
    if not nose_in:
        path = _mirror(_turn_in(spot, shape, begin, -way, tail_first=True))
        return _timed(path, shape, reverse=False, begin_speed=0.0, end_speed=LANE_SPEED)
    swing = _turn_in(spot, shape, begin, way)
    keep = _distance_from_end(swing) < 5.6 + _RADIUS * np.pi / 2
    back = _timed(_mirror(swing[keep]), shape, reverse=True, begin_speed=0.0, end_speed=0.0)
    last_x, last_y = swing[keep][0]
    away = np.stack([np.linspace(last_x, way * _FAR, 400), np.full(400, last_y)], axis=1)
    drive = _timed(away, shape, reverse=False, begin_speed=0.0, end_speed=LANE_SPEED)
    drive = drive.shifted(back.end + 0.6)
    turn = np.round((back.heading[-1] - drive.heading[0]) / (2 * np.pi)) * 2 * np.pi
    return Track(
        np.concatenate([back.times, drive.times]),
        np.concatenate([back.x, drive.x]),
        np.concatenate([back.y, drive.y]),
        np.concatenate([back.heading, drive.heading + turn]),
    )


def drive_through(row: Row, shape: CarShape, *, stop_x: float, stop_s: float) -> Track:
    """Along the row's lane without parking, stopping at `stop_x` for so many seconds (0: never)."""
    way = -1.0 if row.letter in "AB" else 1.0
    lane_y = row.lane_y + row.facing * 0.9

    def straight(begin: float, end: float) -> Doubles:
        return np.stack([np.linspace(begin, end, 300), np.full(300, lane_y)], axis=1)

    axle = rear_axle(shape)
    if stop_s <= 0:
        path = straight(-way * _FAR, way * _FAR)
        return _timed(path, shape, reverse=False, begin_speed=LANE_SPEED, end_speed=LANE_SPEED)
    at = stop_x - way * axle
    to = _timed(
        straight(-way * _FAR, at), shape, reverse=False, begin_speed=LANE_SPEED, end_speed=0.0
    )
    on = _timed(
        straight(at, way * _FAR), shape, reverse=False, begin_speed=0.0, end_speed=LANE_SPEED
    ).shifted(to.end + stop_s)
    turn = np.round((to.heading[-1] - on.heading[0]) / (2 * np.pi)) * 2 * np.pi
    return Track(
        np.concatenate([to.times, on.times]),
        np.concatenate([to.x, on.x]),
        np.concatenate([to.y, on.y]),
        np.concatenate([to.heading, on.heading + turn]),
    )


def walk(points: list[tuple[float, float]], speed: float) -> Track:
    """On foot along straight legs."""
    line = np.array(points, float)
    legs = np.diff(line, axis=0)
    lengths = np.hypot(legs[:, 0], legs[:, 1])
    times = np.concatenate([[0.0], np.cumsum(lengths)]) / speed
    dense = np.linspace(0, times[-1], max(2, int(times[-1] * 10)))
    heading = np.unwrap(np.arctan2(legs[:, 1], legs[:, 0]))
    at = np.clip(np.searchsorted(times, dense, side="right") - 1, 0, len(legs) - 1)
    smooth = np.convolve(np.pad(heading[at], 4, mode="edge"), np.ones(9) / 9, mode="valid")
    return Track(
        dense, np.interp(dense, times, line[:, 0]), np.interp(dense, times, line[:, 1]), smooth
    )


def _turn_in(
    spot: Spot, shape: CarShape, end: Pose, way: float, *, tail_first: bool = False
) -> Doubles:
    """The rear axle's path (N, 2) from far along the lane into its place in the spot."""
    axle = rear_axle(shape) * (-1.0 if tail_first else 1.0)
    direction = -spot.row.facing
    stop = end.y - direction * axle
    # The lane's far half, and a little more for the swing.
    lane_y = spot.row.lane_y + spot.row.facing * 0.9
    turned = lane_y + direction * _RADIUS
    if (stop - turned) * direction < 0.05:
        turned = stop - direction * 0.05
    radius = abs(turned - lane_y)
    angle = np.linspace(0, np.pi / 2, 80)
    bend_x = end.x - way * radius * (1 - np.sin(angle))
    bend_y = lane_y + direction * radius * (1 - np.cos(angle))
    lane_x = np.linspace(-way * _FAR, end.x - way * radius, 400, endpoint=False)
    lane = np.stack([lane_x, np.full(400, lane_y)], axis=1)
    straight = np.stack([np.full(30, end.x), np.linspace(turned, stop, 31)[1:]], axis=1)
    return np.concatenate([lane, np.stack([bend_x, bend_y], axis=1), straight])


def rear_axle(shape: CarShape) -> float:
    """How far the rear axle lies behind the car's middle."""
    return -shape.axles[1]


def _mirror(path: Doubles) -> Doubles:
    return path[::-1]


def _distance_from_end(path: Doubles) -> Doubles:
    steps = np.hypot(*np.diff(path, axis=0).T)
    return np.asarray(np.concatenate([np.cumsum(steps[::-1])[::-1], [0.0]]))


def _timed(
    path: Doubles, shape: CarShape, *, reverse: bool, begin_speed: float, end_speed: float
) -> Track:
    """Drive a rear axle's path: slow in bends, gently up and down; time 0 at its start."""
    steps = np.hypot(*np.diff(path, axis=0).T)
    length = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0, length[-1], max(40, int(length[-1] / 0.05)))
    x, y = np.interp(at, length, path[:, 0]), np.interp(at, length, path[:, 1])
    gap = at[1] - at[0]
    course = np.unwrap(np.arctan2(np.gradient(y), np.gradient(x)))
    # Steering wheels turn at a finite rate: headings are a mean over half a metre.
    window = max(1, int(0.7 / gap)) | 1
    course = np.convolve(
        np.pad(course, window // 2, mode="edge"), np.ones(window) / window, "valid"
    )
    bend = np.abs(np.gradient(course, at))
    limit = np.where(bend > 0.03, MANOEUVRE_SPEED, LANE_SPEED)
    limit = np.minimum(limit, 1.4) if reverse else limit
    limit = np.minimum(limit, np.sqrt(begin_speed**2 + 2 * _COMFORT * at + 0.02))
    limit = np.minimum(limit, np.sqrt(end_speed**2 + 2 * _COMFORT * (at[-1] - at) + 0.02))
    limit = np.sqrt(_gentle(limit**2, 2 * _COMFORT * gap))
    times = np.concatenate([[0.0], np.cumsum(2 * gap / (limit[1:] + limit[:-1]))])
    heading = course + (np.pi if reverse else 0.0)
    ahead = rear_axle(shape)
    return Track(times, x + ahead * np.cos(heading), y + ahead * np.sin(heading), heading)


def _gentle(squares: Doubles, change: float) -> Doubles:
    """The greatest curve below `squares` that rises and falls at most `change` a step."""
    out = squares.copy()
    for index in range(1, len(out)):
        out[index] = min(out[index], out[index - 1] + change)
    for index in range(len(out) - 2, -1, -1):
        out[index] = min(out[index], out[index + 1] + change)
    return out
