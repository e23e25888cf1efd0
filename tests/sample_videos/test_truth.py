import json
from itertools import pairwise

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sample_videos.clearance import covered_share
from sample_videos.lot import SPOTS
from sample_videos.render import SEED
from sample_videos.schedule import World, make_world
from sample_videos.truth import Changes, occupied, state_at, truth_json, truth_of


def test_the_same_seed_gives_the_same_world(truth: dict[str, Changes]) -> None:
    assert truth_of(make_world(SEED, 60.0)) == truth
    assert truth_of(make_world(SEED + 1, 5.0)) != truth_of(make_world(SEED + 2, 5.0))


def test_about_half_is_occupied_at_first_and_much_happens(truth: dict[str, Changes]) -> None:
    full = sum(changes[0][1] == "occupied" for changes in truth.values())
    assert 20 <= full <= 24
    events = [second for changes in truth.values() for second, _ in changes[1:]]
    assert len(events) >= 14
    assert min(events) > 5
    assert max(events) < 54


def test_no_car_crosses_a_spots_edge_in_the_last_six_seconds(world: World) -> None:
    for time in np.arange(54.0, 60.0, 0.5):
        for life in world.cars:
            if life.moves(float(time)):
                corners = life.corners(float(time))
                assert corners is not None
                assert covered_share(corners, life.spot) < 0.02


@given(number=st.integers(0, len(SPOTS) - 1), tick=st.integers(0, 1199))
def test_truth_says_what_the_world_shows(
    world: World, truth: dict[str, Changes], number: int, tick: int
) -> None:
    spot, time = SPOTS[number], tick * 0.05
    changes = truth[spot.id]
    shown = "occupied" if occupied(world, spot, time) else "vacant"
    near_a_change = any(abs(second - time) < 0.051 for second, _ in changes[1:])
    assert near_a_change or state_at(changes, time) == shown


def test_truth_json_is_well_formed(world: World) -> None:
    document = json.loads(truth_json(world, "north"))
    assert document["lot"] == "north"
    assert document["duration_s"] == 60.0
    assert set(document["spots"]) == {spot.id for spot in SPOTS}
    for changes in document["spots"].values():
        seconds = [second for second, _ in changes]
        states = [state for _, state in changes]
        assert seconds[0] == 0.0
        assert seconds == sorted(set(seconds))
        assert set(states) <= {"occupied", "vacant"}
        assert all(one != next_ for one, next_ in pairwise(states))


def test_cars_never_overlap(world: World) -> None:
    for time in np.arange(0.0, 60.0, 0.5):
        corners = [life.corners(float(time)) for life in world.cars]
        outlines = [np.ascontiguousarray(c) for c in corners if c is not None]
        for index, one in enumerate(outlines):
            for other in outlines[index + 1 :]:
                if np.hypot(*(one.mean(axis=0) - other.mean(axis=0))) < 5.5:
                    shared, _ = cv2.intersectConvexConvex(one, other)
                    assert shared < 0.35  # square metres: a corner at most
