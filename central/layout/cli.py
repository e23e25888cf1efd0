"""The commands `convert` and `preview`. What each needs is imported when it runs."""

from pathlib import Path

import click

from node.errors import UsageError
from node.finite import FiniteRange
from node.identifiers import IdType
from node.options import replace_option

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("frames", type=FILE)
@click.option("--lot", type=IdType("lot"), required=True, show_envvar=True, help="The lot's id.")
@click.option(
    "--camera-id",
    type=IdType("camera"),
    required=True,
    show_envvar=True,
    help="Id of the camera that the pictures are of, unique in the ledger.",
)
@click.option("--name", default="", show_default=True, show_envvar=True, help="The lot's name.")
@click.option(
    "--camera",
    show_envvar=True,
    help="Take only the pictures whose 'camera' in the JSON is this.  [default: all]",
)
@click.option(
    "--images",
    type=FILE,
    show_envvar=True,
    help="Folder that picture names are relative to.  [default: the JSON's own or the one above]",
)
@click.option(
    "--out-layout", type=FILE, required=True, show_envvar=True, help="Layout TOML to write."
)
@click.option(
    "--out-video",
    type=FILE,
    show_default="none",
    show_envvar=True,
    help="Video of the pictures to write: .mp4 or .avi.",
)
@click.option(
    "--out-truth",
    type=FILE,
    show_default="none",
    show_envvar=True,
    help="Truth JSON to write.",
)
@click.option(
    "--fps",
    type=FiniteRange(min=0, min_open=True, max=240),
    default=1.0,
    show_default=True,
    show_envvar=True,
    help="Frames a second of the video.",
)
@click.option(
    "--seconds-per-frame",
    type=FiniteRange(min=0, min_open=True, max=86_400),
    default=1.0,
    show_default=True,
    show_envvar=True,
    help="Seconds of the video for which each picture is shown.",
)
@replace_option("Replace files that are there already.")
def convert(
    frames: Path,
    lot: str,
    camera_id: str,
    name: str,
    camera: str | None,
    images: Path | None,
    out_layout: Path,
    out_video: Path | None,
    out_truth: Path | None,
    fps: float,
    seconds_per_frame: float,
    replace: bool,
) -> None:
    """Turn a FRAMES JSON of labelled pictures into a layout, a slow video and its truth.

    FRAMES is {"images": [{"image", "width", "height", "camera"?, "datetime"?, "spots": [{"id",
    "polygon" in pixels, "occupied"?}]}]}, or a video's list of polygons: {"width", "height",
    "spots": [{"id", "polygon"}]}. Pictures go by datetime where all have one, else in the file's
    order.

    The layout holds every spot of any picture; a number as id becomes s<number>. A polygon that
    is no convex quadrilateral becomes the smallest rotated rectangle round it. The truth holds
    the spots that are labelled in the first picture; where a later picture lacks a label, the
    spot's last one stands on. Both are counted in what is printed.
    """
    from central.layout.conversion import Conversion, run

    conversion = Conversion(
        frames=frames,
        lot_id=lot,
        lot_name=name,
        camera_id=camera_id,
        camera=camera,
        images=images,
        out_layout=out_layout,
        out_video=out_video,
        out_truth=out_truth,
        fps=fps,
        seconds_per_picture=seconds_per_frame,
        replace=replace,
    )
    for line in run(conversion):
        click.echo(line)


@click.command()
@click.argument("picture", type=FILE)
@click.option(
    "--layout", type=FILE, show_envvar=True, help="Layout TOML.  [default: draw a grid instead]"
)
@click.option(
    "--camera-id",
    type=IdType("camera"),
    show_envvar=True,
    help="Whose regions to draw.  [default: the layout's only camera]",
)
@click.option(
    "--classify",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Colour regions by what the shipped model says: red x occupied, green o vacant, "
    "yellow ? unknown, each with its confidence.",
)
@click.option("-o", "--out", type=FILE, required=True, show_envvar=True, help="Picture to write.")
def preview(
    picture: Path, layout: Path | None, camera_id: str | None, classify: bool, out: Path
) -> None:
    """Draw a layout's regions and masks over a PICTURE (or the first frame of a video).

    Without --layout, draw a grid from which to read coordinates for one: a line every 0.1 of
    the picture's width and height, a tick every 0.01.
    """
    from central.layout.preview import Preview, draw

    if classify and layout is None:
        raise UsageError("--classify: needs the regions of a --layout")
    draw(Preview(picture=picture, layout=layout, camera_id=camera_id, out=out), classify=classify)
    click.echo(f"wrote {out}")
