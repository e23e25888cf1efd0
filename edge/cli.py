"""`parkledger camera`: options -> settings -> run."""

import logging
import math
import os
import sys
from pathlib import Path

import click

from edge.camera import CameraNode, CameraSettings
from edge.encoder import SendSettings
from edge.send_options import send_options
from edge.snapshot import take_snapshot
from edge.source import Source, SourceType
from node.address import ADDRESSES, Address
from node.identifiers import IdType
from node.logs import configure, log_level_option
from node.shutdown import run_until_signalled


def _finite(_ctx: click.Context, param: click.Parameter, value: float) -> float:
    # click's ranges let not-a-number through, as it is neither below nor above anything.
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a number to work with", param=param)
    return value


@click.command()
@click.option(
    "--source",
    required=True,
    type=SourceType(),
    metavar="FILE|INDEX|rtsp://…",
    show_default=True,
    show_envvar=True,
    help="Video file, webcam index (0, 1, …) or network camera rtsp://[USER:PASSWORD@]HOST/PATH. "
    "The environment variable keeps a password out of the list of processes.",
)
@click.option(
    "--camera-id",
    type=IdType("camera"),
    metavar="ID",
    show_default=True,
    show_envvar=True,
    help="The camera's name in the applied layout.",
)
@click.option(
    "--processor",
    type=ADDRESSES,
    metavar="HOST:PORT[,…]",
    show_default=True,
    show_envvar=True,
    help="Where to stream: the first is used, the next ones if it fails.",
)
@click.option(
    "--fps",
    type=click.FloatRange(min=0, min_open=True, max=60),
    default=1.0,
    callback=_finite,
    show_default=True,
    show_envvar=True,
    help="Frames sent a second.",
)
@send_options
@click.option(
    "--loop",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Play a file again from its beginning, for ever.",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    callback=_finite,
    show_default=True,
    show_envvar=True,
    help="Play a file this many times faster than it was recorded.",
)
@click.option(
    "--snapshot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.jpg",
    show_default=True,
    show_envvar=True,
    help="Write one full-size frame to this .jpg, to draw regions on, and exit.",
)
@log_level_option
def camera(
    source: Source,
    camera_id: str | None,
    processor: tuple[Address, ...] | None,
    fps: float,
    sending: SendSettings,
    loop: bool,
    speed: float,
    snapshot: Path | None,
    log_level: str,
) -> int:
    """Run a camera node: stream the newest frames of a video source to a processor.

    A file plays at its own pace and the node exits at its end; webcams and network cameras are
    opened again for ever. While no processor answers, frames are dropped and counted.
    """
    configure(log_level, role="camera")
    if snapshot is not None:
        width, height = take_snapshot(source, snapshot)
        click.echo(f"wrote {snapshot}: {width}x{height} pixels of {source.name}")
        return 0
    if camera_id is None or processor is None:
        missing = "--camera-id" if camera_id is None else "--processor"
        raise click.UsageError(
            f"Missing option '{missing}' (only --snapshot goes without).",
            ctx=click.get_current_context(),
        )
    if source.live and (loop or speed != 1.0):
        raise click.UsageError(
            f"--loop and --speed are for files; {source.name} plays at its own pace.",
            ctx=click.get_current_context(),
        )
    return _run(
        CameraSettings(
            source=source,
            camera_id=camera_id,
            processors=processor,
            fps=fps,
            sending=sending,
            speed=speed,
            loop=loop,
        )
    )


def _run(settings: CameraSettings) -> int:
    node = CameraNode(settings)
    code = run_until_signalled(node.run)
    if node.source_is_stuck:
        # A thread that comes back from OpenCV while the interpreter is being taken down makes
        # the process abort; there is nothing left to clean up.
        logging.shutdown()
        sys.stdout.flush()
        os._exit(code)
    return code
