"""Renders the sample lot: `python -m sample_videos.render --out DIR`."""

from pathlib import Path

import click

from node.finite import FiniteRange
from sample_videos.camera import Camera
from sample_videos.draw import Studio
from sample_videos.layout import LOT_ID, layout_toml
from sample_videos.lot import cameras
from sample_videos.options import (
    Refusal,
    fps_option,
    kilobits_option,
    out_option,
    seed_option,
    width_option,
)
from sample_videos.schedule import World, make_world
from sample_videos.truth import truth_json
from sample_videos.video import ClipError, clip_writer

SEED = 7
_CAMERA_IDS = tuple(camera.id for camera in cameras())


@click.command(context_settings={"auto_envvar_prefix": "PARKLEDGER"})
@out_option("build/sample_videos", clips="clips")
@seed_option(SEED, of="cars, people and stains")
@click.option(
    "--seconds",
    type=FiniteRange(min=0.1, max=600),
    default=60.0,
    show_default=True,
    show_envvar=True,
    help="Length of the clip and of its day.",
)
@fps_option(10.0)
@width_option(1280)
@click.option(
    "--height",
    type=click.IntRange(min=64, max=2160),
    default=720,
    show_default=True,
    show_envvar=True,
    help="Height of the picture in pixels.",
)
@kilobits_option(560, clips="each clip")
@click.option(
    "--camera",
    "only",
    type=click.Choice(_CAMERA_IDS),
    default=None,
    show_default="both",
    show_envvar=True,
    help="Render this camera's clip only.",
)
def main(
    out: Path,
    seed: int,
    seconds: float,
    fps: float,
    width: int,
    height: int,
    kilobits: int,
    only: str | None,
) -> None:
    """Render the clips of the sample lot, with its layout and its ground truth."""
    views = cameras(width, height)
    world = make_world(seed, seconds)
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{LOT_ID}.toml").write_text(layout_toml(views), encoding="utf-8")
        (out / f"{LOT_ID}.truth.json").write_text(truth_json(world, LOT_ID), encoding="utf-8")
        for camera in views:
            if only is None or camera.id == only:
                render_clip(camera, world, seed, fps, kilobits, out)
    except (OSError, ClipError) as error:
        raise Refusal(f"{error}; choose another folder with --out") from error


def render_clip(
    camera: Camera, world: World, seed: int, fps: float, kilobits: int, out: Path
) -> Path:
    """Draw one camera's clip into the folder `out`; returns the file."""
    path = out / f"{camera.id.replace('-', '_')}.mp4"
    count = round(world.seconds * fps)
    click.echo(f"{path}: preparing the scene", err=True)
    studio = Studio(camera, world, seed)
    size = (camera.width, camera.height)
    with (
        clip_writer(path, fps, size, kilobits) as writer,
        click.progressbar(range(count), label=path.name, show_pos=True) as frames,
    ):
        for index in frames:
            writer.write(studio.frame(index, index / fps))
    return path


if __name__ == "__main__":
    main()
