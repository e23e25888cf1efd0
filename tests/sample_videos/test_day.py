"""Whole days: their light and weather, who comes and goes, and what lies before the lens."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from sample_videos.__main__ import group
from sample_videos.day import DayStudio
from sample_videos.day_schedule import DELIVERY, DayPlan, make_day
from sample_videos.headlights import LAMP_WHITE, Glow, beam
from sample_videos.lens import Lens
from sample_videos.lot import SPOTS, cameras
from sample_videos.motorcycle import MOTORCYCLE
from sample_videos.schedule import World
from sample_videos.sensor import Sensor
from sample_videos.surface import Pose
from sample_videos.truth import occupied, truth_of
from sample_videos.weather import Conditions, DayWeather, sky_at

PLAN = DayPlan(seconds=480.0)
SEED = 3


@pytest.fixture(scope="module")
def world() -> World:
    return make_day(SEED, PLAN)


@pytest.fixture(scope="module")
def day_studio(world: World) -> DayStudio:
    return DayStudio(cameras(192, 108)[1], world, PLAN, SEED)


@pytest.fixture(scope="module")
def lens() -> Lens:
    camera = cameras(192, 108)[1]
    return Lens(camera, camera.ground()[2], Sensor(192, 108, SEED), SEED)


def test_lamps_are_on_at_night_and_the_sun_shines_by_day() -> None:
    midnight, noon = sky_at(0.0, 0.1), sky_at(12.0, 0.1)
    assert midnight.lamps == 1.0
    assert max(midnight.sun) == 0.0
    assert noon.lamps == 0.0
    assert min(noon.sun) > 1.0
    assert max(sky_at(12.0, 1.0).sun) < 0.2 * max(noon.sun)
    assert midnight.exposure > 5 * noon.exposure


def test_a_day_has_all_weathers_and_every_day_others() -> None:
    hours = [float(hour) for hour in np.arange(0, 24, 0.25)]
    day = [DayWeather(SEED).at(hour) for hour in hours]
    for kind in ("fog", "rain", "shake", "dirt", "leaves"):
        assert max(getattr(one, kind) for one in day) > 0.01, kind
        assert min(getattr(one, kind) for one in day) < 0.01, kind
    assert max(one.light.wet for one in day) > 0.5
    assert max(one.gain for one in day) > 3 * min(one.gain for one in day)
    assert day == [DayWeather(SEED).at(hour) for hour in hours]
    assert day != [DayWeather(SEED + 1).at(hour) for hour in hours]
    assert DayWeather(SEED).at(26.0).rain == DayWeather(SEED).at(2.0).rain


def test_a_day_is_busy_and_the_same_for_the_same_seed(world: World) -> None:
    truth = truth_of(world)
    assert sum(len(states) - 1 for states in truth.values()) >= 10
    assert truth == truth_of(make_day(SEED, PLAN))
    assert truth != truth_of(make_day(SEED + 1, PLAN))
    # Over some days there is everything that parks badly, or is hardly a car.
    shapes = {life.car.shape.kind for seed in range(4) for life in make_day(seed, PLAN).cars}
    assert MOTORCYCLE.kind in shapes
    lengths = {life.car.shape.length for seed in range(4) for life in make_day(seed, PLAN).cars}
    assert DELIVERY.length in lengths


def test_no_two_cars_stand_in_one_spot(world: World) -> None:
    for time in np.arange(0.0, PLAN.seconds, 7.0):
        taken = [
            life.spot.id
            for life in world.cars
            if (pose := life.pose(float(time))) is not None
            and abs(pose.x - life.spot.centre[0]) < 1.3
            and abs(pose.y - life.spot.centre[1]) < 2.5
        ]
        assert len(taken) == len(set(taken))


def test_truth_agrees_with_what_stands_there(world: World) -> None:
    truth = truth_of(world)
    for spot in SPOTS[::3]:
        for time in np.arange(0.0, PLAN.seconds, 11.0):
            state = [state for begin, state in truth[spot.id] if begin <= time + 1e-9][-1]
            assert (state == "occupied") is occupied(world, spot, float(time)), (spot.id, time)


def test_frames_are_seeded_and_night_differs_from_noon(day_studio: DayStudio) -> None:
    night, noon = day_studio.frame(60, 60.0), day_studio.frame(240, 240.0)
    assert np.array_equal(day_studio.frame(60, 60.0).picture, night.picture)
    assert night.picture.mean() < 0.7 * noon.picture.mean()
    assert night.conditions.gain > noon.conditions.gain


def test_a_beam_lights_what_is_ahead() -> None:
    x = np.array([6.0, -6.0, 6.0], np.float32)
    y = np.array([0.0, 0.0, 5.0], np.float32)
    ahead, behind, beside = beam(x, y, Pose(0.0, 0.0, 0.0), 4.0)
    assert ahead > 0.1
    assert behind == 0.0
    assert beside < 0.01 * ahead


def _quiet(**changes: float) -> Conditions:
    values = {"fog": 0.0, "rain": 0.0, "shake": 0.0, "dirt": 0.0, "leaves": 0.0, **changes}
    return Conditions(hour=12.0, light=sky_at(12.0, 0.1), gain=1.0, quality=80, **values)


@pytest.mark.parametrize(
    "trouble", [{"fog": 0.05}, {"rain": 1.0}, {"shake": 8.0}, {"dirt": 1.0}, {"leaves": 3.0}]
)
def test_each_trouble_is_seen(lens: Lens, trouble: dict[str, float]) -> None:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 255, (108, 192, 3), dtype=np.uint8)
    clear = lens.through(picture, _quiet(), [], 4).astype(int)
    seen = lens.through(picture, _quiet(**trouble), [], 4).astype(int)
    assert np.abs(seen - clear).max() > 30
    assert np.array_equal(seen, lens.through(picture, _quiet(**trouble), [], 4))


def test_a_lamp_glares(lens: Lens) -> None:
    dark = np.zeros((108, 192, 3), np.uint8)
    seen = lens.through(dark, _quiet(), [Glow(100.0, 50.0, 2.0, 1.0, LAMP_WHITE)], 4)
    assert seen[50, 100].min() > 100
    assert seen[10, 10].max() < 30


def test_the_command_renders_any_length(tmp_path: Path) -> None:
    arguments = ["day", "--out", str(tmp_path), "--width", "128", "--fps", "0.1"]
    result = CliRunner().invoke(group, [*arguments, "--hours", "2", "--begin", "5"])
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "north.truth.json").read_text())["duration_s"] == 120.0
    video = cv2.VideoCapture(str(tmp_path / "north_west.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 12
    video.release()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    out = str(tmp_path / "file" / "deeper")
    result = CliRunner().invoke(group, ["day", "--out", out, "--hours", "1", "--width", "64"])
    assert result.exit_code == 2
    assert "--out" in result.output
