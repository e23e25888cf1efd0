"""Who is too close to whom, and how much of a car lies in a spot."""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos.camera import Floats
from sample_videos.car_life import CarLife
from sample_videos.lot import Spot
from sample_videos.motion import Track

Doubles = NDArray[np.float64]

_STEP = 0.2
_BETWEEN_MOVING = 2.2
_BETWEEN_PARKED = 1.55
_ROUND_MOVING = 2.3
_ROUND_PARKED = 1.2
_DISCS = np.array([-0.33, 0.0, 0.33])
"""A car is three discs along it, at these shares of its length; distances are between centres."""


def covered_share(corners: Floats, spot: Spot) -> float:
    """Share of a body's footprint (4, 2) that lies in the spot."""
    place = np.array(spot.corners, np.float32)
    body = np.ascontiguousarray(corners, np.float32)
    area, _ = cv2.intersectConvexConvex(body, place)
    return float(area) / float(cv2.contourArea(body))


def keeps_clear(life: CarLife, moving: list[CarLife], parked: list[CarLife]) -> bool:
    """True if this car's track touches no other moving car, and no parked one."""
    assert life.track is not None
    times = np.arange(life.track.start, life.track.end, _STEP)
    mine = _discs(life, times)
    for other in parked:
        if (_gaps(mine, _discs(other, times[:1])) < _BETWEEN_PARKED).any():
            return False
    for other in moving:
        assert other.track is not None
        limits = np.where(_moves(other, times), _BETWEEN_MOVING, _BETWEEN_PARKED)
        if (_gaps(mine, _discs(other, times)) < limits).any():
            return False
        # It may move while this car stands already, or still.
        theirs = np.arange(other.track.start, other.track.end, _STEP)
        if (_gaps(_discs(life, theirs), _discs(other, theirs)) < _BETWEEN_PARKED).any():
            return False
    return True


def walks_clear(track: Track, cars: Iterable[CarLife], seconds: float) -> bool:
    """True if a walker meets no car, moving or parked, while the clip runs."""
    times = np.arange(max(0.0, track.start), min(seconds, track.end), _STEP)
    x, y = np.interp(times, track.times, track.x), np.interp(times, track.times, track.y)
    place = np.stack([x, y], axis=-1)[:, None]
    for life in cars:
        limits = np.where(_moves(life, times), _ROUND_MOVING, _ROUND_PARKED)
        if (_gaps(place, _discs(life, times)) < limits).any():
            return False
    return True


def _moves(life: CarLife, times: Doubles) -> NDArray[np.bool_]:
    if life.track is None:
        return np.zeros(len(times), np.bool_)
    return np.asarray((times >= life.track.start) & (times < life.track.end), np.bool_)


def _discs(life: CarLife, times: Doubles) -> Doubles:
    """The car's disc centres at some times, (T, 3, 2); far away where it is not in the lot."""
    middle = np.empty((len(times), 2))
    middle[:] = life.rest.x, life.rest.y
    heading = np.full(len(times), life.rest.heading)
    if life.track is not None:
        on_track = _moves(life, times)
        at = times[on_track]
        middle[on_track, 0] = np.interp(at, life.track.times, life.track.x)
        middle[on_track, 1] = np.interp(at, life.track.times, life.track.y)
        heading[on_track] = np.interp(at, life.track.times, life.track.heading)
        gone = times < life.track.start if life.comes else times >= life.track.end
        middle[gone] = np.inf
    middle[(times < life.since) | (times >= life.until)] = np.inf
    along = np.stack([np.cos(heading), np.sin(heading)], axis=-1)
    reach = _DISCS * life.car.shape.length
    return np.asarray(middle[:, None] + reach[:, None] * along[:, None])


def _gaps(some: Doubles, others: Doubles) -> Doubles:
    """The least distance between two sets of centres at each time, (T,)."""
    both = np.isfinite(some).all(axis=(1, 2)) & np.isfinite(others).all(axis=(1, 2))
    there = np.atleast_1d(np.asarray(both, np.bool_))
    gaps = np.full(len(there), np.inf)
    some = np.broadcast_to(some, (len(there), *some.shape[1:]))[there]
    others = np.broadcast_to(others, (len(there), *others.shape[1:]))[there]
    between = some[:, :, None] - others[:, None]
    gaps[there] = np.sqrt((between * between).sum(axis=-1)).min(axis=(1, 2))
    return gaps
