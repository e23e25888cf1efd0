"""Whole days in fast motion: `python -m sample_videos day --out DIR`, and the frames themselves."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from node.finite import FiniteRange
from sample_videos.camera import Camera, Floats
from sample_videos.day_schedule import DayPlan, make_day
from sample_videos.draw import Studio
from sample_videos.layout import LOT_ID, layout_toml
from sample_videos.lens import Lens
from sample_videos.lot import cameras
from sample_videos.options import (
    Refusal,
    fps_option,
    kilobits_option,
    out_option,
    seed_option,
    width_option,
)
from sample_videos.schedule import World
from sample_videos.surface import Bytes
from sample_videos.truth import truth_json
from sample_videos.video import ClipError, clip_writer
from sample_videos.weather import Conditions, DayWeather, Weather

LIGHT_STEP_HOURS = 0.2
"""The sun stands still for this long, as far as shadows go."""
_CAMERA_IDS = tuple(camera.id for camera in cameras())


@dataclass(frozen=True)
class DayFrame:
    """One frame: when it is, what it is like, and the picture (height, width, 3), BGR."""

    time: float
    conditions: Conditions
    picture: Bytes


class DayStudio:
    """One camera's day. Frames may be asked for in any order; the same seed gives the same ones."""

    def __init__(
        self,
        camera: Camera,
        world: World,
        plan: DayPlan,
        seed: int,
        *,
        albedo: Floats | None = None,
        weather: Weather | None = None,
    ) -> None:
        """albedo: of the bare ground in the camera's picture, as Studio takes it.

        weather: by the hour of the plan; None: a day's of this seed.
        """
        self._plan = plan
        self._weather = weather or DayWeather(seed)
        self._studio = Studio(
            camera,
            world,
            seed,
            light_at=lambda time: self.conditions(time).light,
            light_step=LIGHT_STEP_HOURS * plan.seconds / plan.hours,
            albedo=albedo,
        )
        self._lens = Lens(camera, self._studio.distance, self._studio.sensor, seed)

    def scenery_share(self, polygon: Floats) -> float:
        """As of Studio: the share of a (4, 2) polygon, normalised, behind trees and posts."""
        return self._studio.scenery_share(polygon)

    def conditions(self, time: float) -> Conditions:
        """The light and weather at a second of the clip."""
        return self._weather.at(self._plan.hour(time))

    def frame(self, index: int, time: float) -> DayFrame:
        """The picture at `time` seconds; `index` seeds what changes from frame to frame."""
        conditions = self.conditions(time)
        picture, glows = self._studio.scene(time)
        seen = self._lens.through(picture, conditions, glows, index)
        return DayFrame(time, conditions, seen)

    def frames(self, fps: float) -> Iterator[DayFrame]:
        """The whole clip."""
        for index in range(round(self._plan.seconds * fps)):
            yield self.frame(index, index / fps)


@click.command()
@out_option("build/sample_day", clips="clip")
@seed_option(7, of="cars, people and weather")
@click.option(
    "--hours",
    type=FiniteRange(min=0, min_open=True, max=24 * 366),
    default=24.0,
    show_default=True,
    show_envvar=True,
    help="How many hours of the day pass.",
)
@click.option(
    "--begin",
    type=FiniteRange(0, 24),
    default=0.0,
    show_default=True,
    show_envvar=True,
    help="The hour of the day at which the clip begins.",
)
@click.option(
    "--seconds",
    type=FiniteRange(min=60),
    default=None,
    show_default="60 for each hour",
    show_envvar=True,
    help="Length of the clip: cars move at their own pace, only the day is in fast motion.",
)
@fps_option(2.0)
@width_option(1280, note="; it is 16:9")
@kilobits_option(1500, clips="the clip")
@click.option(
    "--camera",
    "camera_id",
    type=click.Choice(_CAMERA_IDS),
    default=_CAMERA_IDS[-1],
    show_default=True,
    show_envvar=True,
    help="Which camera's clip.",
)
def day(
    out: Path,
    seed: int,
    hours: float,
    begin: float,
    seconds: float | None,
    fps: float,
    width: int,
    kilobits: int,
    camera_id: str,
) -> None:
    """Render a day of the sample lot: night, dawn, shadows, rain, fog, lamps, and its truth."""
    plan = DayPlan(seconds=seconds or max(60.0, 60.0 * hours), begin=begin, hours=hours)
    views = cameras(width, round(width * 9 / 16 / 2) * 2)
    camera = next(view for view in views if view.id == camera_id)
    world = make_day(seed, plan)
    studio = DayStudio(camera, world, plan, seed)
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{LOT_ID}.toml").write_text(layout_toml(views), encoding="utf-8")
        (out / f"{LOT_ID}.truth.json").write_text(truth_json(world, LOT_ID), encoding="utf-8")
        path = out / f"{camera.id.replace('-', '_')}.mp4"
        size = (camera.width, camera.height)
        count = round(plan.seconds * fps)
        with (
            clip_writer(path, fps, size, kilobits) as writer,
            click.progressbar(studio.frames(fps), length=count, label=path.name) as frames,
        ):
            for frame in frames:
                writer.write(frame.picture)
    except (OSError, ClipError) as error:
        raise Refusal(f"{error}; choose another folder with --out") from error
    click.echo(json.dumps({"clip": str(path), "frames": count, "hours": hours}))
