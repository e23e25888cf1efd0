"""The ground truth of a world: each spot's state over the clip's seconds."""

import json

import numpy as np

from sample_videos.car_life import CarLife
from sample_videos.clearance import covered_share
from sample_videos.lot import SPOTS, Spot
from sample_videos.schedule import World

OCCUPIED_FROM = 0.5
"""A spot is occupied while at least this share of one car's footprint lies in it."""
_STEP = 0.05

Changes = list[tuple[float, str]]


def truth_of(world: World) -> dict[str, Changes]:
    """For each spot the seconds from which it is "occupied" or "vacant", first at 0.0."""
    return {spot.id: _changes(world, spot) for spot in SPOTS}


def truth_json(world: World, lot: str) -> str:
    spots = {
        spot: [[second, state] for second, state in changes]
        for spot, changes in truth_of(world).items()
    }
    lines = ",\n".join(f'    "{spot}": {json.dumps(changes)}' for spot, changes in spots.items())
    head = f'  "lot": {json.dumps(lot)},\n  "duration_s": {world.seconds}'
    return f'{{\n{head},\n  "spots": {{\n{lines}\n  }}\n}}\n'


def state_at(changes: Changes, second: float) -> str:
    """The state that holds at a second of the clip."""
    return [state for begin, state in changes if begin <= second][-1]


def occupied(world: World, spot: Spot, time: float) -> bool:
    """Whether half a car or more stands in the spot at this time."""
    return _holds([life for life in world.cars if life.spot is spot], spot, time)


def _holds(lives: list[CarLife], spot: Spot, time: float) -> bool:
    outlines = (life.corners(time) for life in lives)
    return any(
        outline is not None and covered_share(outline, spot) >= OCCUPIED_FROM
        for outline in outlines
    )


def _changes(world: World, spot: Spot) -> Changes:
    lives = [life for life in world.cars if life.spot is spot]
    found: Changes = []
    for now in _instants(world, lives):
        state = "occupied" if _holds(lives, spot, now) else "vacant"
        if not found or found[-1][1] != state:
            found.append((round(now, 2), state))
    return found


def _instants(world: World, lives: list[CarLife]) -> list[float]:
    """The first, and those at which something moves or has just come to rest, a step apart.

    Nothing changes while all that belongs to the spot stands still.
    """
    steps = {0}
    last = int(np.ceil(world.seconds / _STEP)) - 1
    for track in (life.track for life in lives if life.track is not None):
        begin, end = np.floor(track.start / _STEP), np.ceil(track.end / _STEP) + 1
        steps |= set(range(max(0, int(begin)), min(last, int(end)) + 1))
    return [float(step * _STEP) for step in sorted(steps)]
