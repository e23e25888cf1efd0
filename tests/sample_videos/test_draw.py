import cv2
import numpy as np
import pytest

from sample_videos.draw import FINE, Studio
from sample_videos.layout import regions
from sample_videos.light import day
from sample_videos.lot import SPOTS, cameras
from sample_videos.render import SEED
from sample_videos.schedule import World
from sample_videos.surface import Bytes
from sample_videos.truth import Changes, state_at

CAMERA = cameras(256, 144)[0]


def spot_pixels(picture: Bytes, spot: str) -> Bytes:
    """The pixels (N, 3) of a spot's region."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    corners = regions(CAMERA)[spot] * (CAMERA.width, CAMERA.height)
    cv2.fillConvexPoly(mask, np.round(corners).astype(np.int32), 1)
    return picture[mask > 0]


def test_the_same_seed_gives_the_same_bytes(world: World, studio: Studio) -> None:
    again = Studio(CAMERA, world, SEED)
    # In another order, too: a frame depends on its time alone.
    late, early = again.frame(131, 13.1), again.frame(0, 0.0)
    assert np.array_equal(studio.frame(0, 0.0), early)
    assert np.array_equal(studio.frame(131, 13.1), late)


def test_a_frame_is_a_daylight_picture(studio: Studio) -> None:
    for time in (0.0, 27.0, 59.0):
        picture = studio.frame(0, time)
        assert picture.shape == (144, 256, 3)
        assert picture.dtype == np.uint8
        assert 60 < picture.mean() < 170
        assert picture.std() > 25
        assert (picture == 255).all(axis=-1).mean() < 0.02


def test_an_arrival_shows(studio: Studio, truth: dict[str, Changes]) -> None:
    seen = regions(CAMERA)
    arrivals = [
        (spot.id, changes[1][0])
        for spot in SPOTS
        if len(changes := truth[spot.id]) > 1 and changes[1][1] == "occupied" and spot.id in seen
    ]
    assert arrivals
    for spot, second in arrivals[:3]:
        before = spot_pixels(studio.frame(0, second - 6), spot).astype(float)
        after = spot_pixels(studio.frame(0, second + 4), spot).astype(float)
        assert np.abs(after - before).mean() > 12, spot


def test_occupied_spots_are_busier_than_vacant_ones(
    studio: Studio, truth: dict[str, Changes]
) -> None:
    picture = studio.frame(0, 0.0)
    spread: dict[str, list[float]] = {"occupied": [], "vacant": []}
    for spot in regions(CAMERA):
        spread[state_at(truth[spot], 0.0)].append(float(spot_pixels(picture, spot).std()))
    assert np.median(spread["occupied"]) > 1.4 * np.median(spread["vacant"])


def test_what_moves_leaves_no_trace(studio: Studio, world: World) -> None:
    # A picture with moving cars is drawn over the resting one and then taken away again.
    first = studio.frame(5, 14.0)
    for tenth in range(141, 145):
        studio.frame(tenth, tenth / 10)
    assert any(life.moves(14.0) for life in world.cars)
    assert np.array_equal(studio.frame(5, 14.0), first)


def test_bodies_are_drawn_finer_than_the_picture() -> None:
    assert CAMERA.scaled(FINE).focal == pytest.approx(FINE * CAMERA.focal)


def test_the_day_is_low_and_warm_then_high_then_low() -> None:
    morning, noon, evening = day(0.0), day(0.45), day(1.0)
    assert morning.sun_direction[0] > 0 > evening.sun_direction[0]
    assert noon.sun_direction[2] > morning.sun_direction[2] > evening.sun_direction[2] > 0.15
    assert evening.sun[0] / evening.sun[2] > noon.sun[0] / noon.sun[2]
    for light in (morning, noon, evening):
        assert np.linalg.norm(light.sun_direction) == pytest.approx(1.0)
