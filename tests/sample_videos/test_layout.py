import math
import tomllib

import cv2
import numpy as np
import pytest

from sample_videos.camera import Camera
from sample_videos.layout import layout_toml, regions
from sample_videos.lot import SPOT_DEPTH, SPOT_WIDTH, SPOTS, Spot, cameras

CAMERAS = cameras()


@pytest.mark.parametrize("camera", CAMERAS, ids=lambda camera: camera.id)
def test_regions_are_convex_and_inside_the_picture(camera: Camera) -> None:
    found = regions(camera)
    assert len(found) >= 36
    for polygon in found.values():
        assert polygon.shape == (4, 2)
        assert polygon.min() > 0
        assert polygon.max() < 1
        assert cv2.isContourConvex(polygon)


@pytest.mark.parametrize("camera", CAMERAS, ids=lambda camera: camera.id)
def test_the_farthest_spot_is_wide_enough(camera: Camera) -> None:
    for polygon in regions(camera).values():
        pixels = polygon * (camera.width, camera.height)
        assert np.ptp(pixels[:, 0]) >= 20
        assert cv2.contourArea(pixels.astype(np.float32)) >= 400


def test_every_spot_is_seen() -> None:
    seen = set().union(*(regions(camera) for camera in CAMERAS))
    assert seen == {spot.id for spot in SPOTS}


@pytest.mark.parametrize("spot", SPOTS, ids=lambda spot: spot.id)
def test_corners_start_at_the_mouths_left(spot: Spot) -> None:
    mouth_left, mouth_right, back_right, back_left = (np.array(c) for c in spot.corners)
    inwards = (back_left - mouth_left) / SPOT_DEPTH
    to_the_right = (mouth_right - mouth_left) / SPOT_WIDTH
    # Right of "inwards" is "inwards" turned clockwise.
    assert to_the_right == pytest.approx([inwards[1], -inwards[0]])
    assert back_right - mouth_right == pytest.approx(inwards * SPOT_DEPTH)
    assert abs(mouth_left[1] - spot.row.lane_y) < abs(back_left[1] - spot.row.lane_y)


def test_the_layout_is_toml_with_every_spot_and_camera() -> None:
    layout = tomllib.loads(layout_toml(CAMERAS))
    assert layout["lot"]["id"] == "north"
    zones = {zone["id"] for zone in layout["zones"]}
    assert zones == {"row-a", "row-b", "row-c", "row-d"}
    assert len(layout["spots"]) == 40
    assert {spot["zone"] for spot in layout["spots"]} == zones
    assert [camera["id"] for camera in layout["cameras"]] == ["north-east", "north-west"]


def test_spots_lie_as_far_apart_on_the_globe_as_on_the_plan() -> None:
    layout = tomllib.loads(layout_toml(CAMERAS))
    places = {spot["id"]: (spot["latitude"], spot["longitude"]) for spot in layout["spots"]}

    def metres(one: str, other: str) -> float:
        (north, east), (north_2, east_2) = places[one], places[other]
        shrunk = math.cos(math.radians(north))
        return 111_195 * math.hypot(north_2 - north, (east_2 - east) * shrunk)

    assert metres("A01", "A10") == pytest.approx(9 * SPOT_WIDTH, abs=0.2)
    assert metres("A01", "D01") == pytest.approx(30.2, abs=0.2)
    assert places["D01"][0] > places["A01"][0], "the masts look north"
    middle = [sum(axis) / len(places) for axis in zip(*places.values(), strict=True)]
    assert middle == pytest.approx([layout["lot"]["latitude"], layout["lot"]["longitude"]])
