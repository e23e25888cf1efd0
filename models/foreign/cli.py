"""`parkledger convert-labels`: other people's labels as frames JSON."""

import shlex
from pathlib import Path
from typing import Final

import click

from models.foreign import cnrpark, coco, pklot_xml
from models.foreign.labels import Frame, LeftOut, Reading, write_frames
from models.progress import progress_bar
from node.errors import UsageError

_FILE: Final = click.Path(path_type=Path)
_FORMATS: Final = ("pklot-xml", "coco", "cnrpark")


@click.command("convert-labels")
@click.argument("label_format", metavar="FORMAT", type=click.Choice(_FORMATS))
@click.argument("source", type=_FILE)
@click.option("-o", "--out", type=_FILE, required=True, show_envvar=True, help="JSON to write.")
@click.option(
    "--images",
    type=_FILE,
    show_default="where each format has them",
    show_envvar=True,
    help="Folder of the pictures.",
)
@click.option(
    "--boxes",
    type=_FILE,
    show_default="the folder of the pictures or the one above",
    show_envvar=True,
    help="Folder of camera1.csv and the others (cnrpark only).",
)
@click.option(
    "--occupied",
    show_default=coco.DEFAULT.occupied,
    show_envvar=True,
    help="Name of the category of occupied spots (coco only).",
)
@click.option(
    "--vacant",
    show_default=coco.DEFAULT.vacant,
    show_envvar=True,
    help="Name of the category of vacant spots (coco only).",
)
def convert_labels(
    label_format: str,
    source: Path,
    out: Path,
    images: Path | None,
    boxes: Path | None,
    occupied: str | None,
    vacant: str | None,
) -> None:
    """Turn other people's labelled pictures into the frames JSON that `evaluate` reads.

    FORMAT and SOURCE are one of:

    \b
    pklot-xml  the folder that PKLot was unpacked to, or one of its XML files
    coco       a COCO JSON file, such as Roboflow's export of PKLot
    cnrpark    CNRPark+EXT.csv of CNRPark+EXT

    Pictures are not copied: the JSON names them relative to their folder. What is left out (a
    spot without a label, a frame without its picture) is counted in what is printed.
    """
    if label_format != "cnrpark" and boxes is not None:
        raise UsageError(f"--boxes {boxes}: {label_format} has no such files, leave it out")
    if label_format != "coco" and (occupied or vacant):
        raise UsageError(f"--occupied, --vacant: {label_format} has no categories, leave them out")
    left_out = LeftOut()
    if label_format == "pklot-xml":
        reading = pklot_xml.read(source, images, left_out)
    elif label_format == "coco":
        default = coco.DEFAULT
        names = coco.Categories(occupied or default.occupied, vacant or default.vacant)
        reading = coco.read(source, images, names, left_out)
    else:
        reading = cnrpark.read(source, images, boxes, left_out)
    frames = _collect(reading)
    if not frames:
        raise UsageError(
            f"none of the {reading.total} pictures is in {reading.images}:"
            " name their folder with --images"
        )
    write_frames(out, reading, frames)
    spots = sum(len(frame.spots) for frame in frames)
    click.echo(f"{out}: {len(frames)} frames, {spots} spots")
    for reason, count in sorted(left_out.items()):
        click.echo(f"{count} {reason}")
    where = [shlex.quote(str(path)) for path in (out, reading.images)]
    click.echo(f"next: parkledger evaluate {where[0]} --images {where[1]}")


def _collect(reading: Reading) -> list[Frame]:
    """Read everything, with a progress bar on standard error."""
    with progress_bar() as progress:
        steps = progress.track(reading.frames, total=reading.total, description="frames")
        return [frame for frame in steps if frame is not None]
