"""`parkledger camera`: options -> settings -> run."""

import gc
import logging
import os
import sys
from pathlib import Path

import click

from edge.camera import CameraNode, CameraSettings
from edge.encoder import SendSettings
from edge.key_frames import check_installed
from edge.memory import return_large_buffers
from edge.nudge_options import NudgeChoice, nudge_options
from edge.reference import MAX_LOOKS
from edge.send_options import send_options
from edge.snapshot import take_snapshot
from edge.source import Source, SourceKind, SourceType
from edge.spread import ranked
from edge.take_reference import masks_of as read_masks
from edge.take_reference import take_reference
from edge.watch_options import WatchChoice, watch_options
from node.address import ADDRESSES, Address
from node.finite import FiniteRange
from node.identifiers import IdType
from node.logs import configure, log_level_option
from node.shutdown import run_until_signalled

_FPS = 1.0
_STILLS_FPS = 1 / 60


@click.command()
@click.option(
    "--source",
    required=True,
    type=SourceType(),
    metavar="FILE|FOLDER|INDEX|rtsp://…|http://…",
    show_default=True,
    show_envvar=True,
    help="Video file, webcam index (0, 1, …), network camera rtsp://[USER:PASSWORD@]HOST/PATH or "
    "http://… (a stream of JPEGs), or a folder (or quoted pattern) of stills, of which the newest "
    "counts. The environment variable keeps a password out of the list of processes.",
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
    help="Where to stream: the first is used, the next ones while it fails.",
)
@click.option(
    "--spread",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Choose the order of --processor by the camera's name instead, so that many cameras with "
    "the same list share them evenly.",
)
@click.option(
    "--fps",
    type=FiniteRange(min=0, min_open=True, max=60),
    default=None,
    show_default="1; of stills 1 a minute",
    show_envvar=True,
    help="Frames sent a second.",
)
@click.option(
    "--key-frames",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Decode nothing but the key frames of a video stream: a fraction of the work. Where they "
    "come more rarely than --fps says, so do the frames sent. Needs the extra 'av'.",
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
    type=FiniteRange(min=0, min_open=True),
    default=1.0,
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
@click.option(
    "--reference",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.ref",
    show_default=True,
    show_envvar=True,
    help="Write what the view looks like now to this file, for the layout to name (reference = "
    '"FILE.ref"), and exit; once more, at night say, adds a look to it.',
)
@click.option(
    "--masks-of",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="LAYOUT.toml",
    show_default="none",
    show_envvar=True,
    help="With --reference and --camera-id: blacken what that layout masks.",
)
@watch_options
@nudge_options
@log_level_option
def camera(
    source: Source,
    camera_id: str | None,
    processor: tuple[Address, ...] | None,
    spread: bool,
    fps: float | None,
    key_frames: bool,
    watching: WatchChoice,
    sending: SendSettings,
    loop: bool,
    speed: float,
    nudging: NudgeChoice,
    snapshot: Path | None,
    reference: Path | None,
    masks_of: Path | None,
    log_level: str,
) -> int:
    """Run a camera node: stream the newest frames of a video source to a processor.

    A file plays at its own pace and the node exits at its end; all other sources are opened again
    for ever. While no processor answers, frames are dropped and counted. What is wrong with the
    pictures (lost, late, frozen, black, white, blurred) is told, and their spots are unknown.
    """
    configure(log_level, role="camera")
    if snapshot is not None:
        _write_snapshot(source, snapshot)
        return 0
    if reference is not None:
        _write_reference(source, reference, masks_of, camera_id)
        return 0
    if camera_id is None or processor is None:
        missing = "--camera-id" if camera_id is None else "--processor"
        raise _misused(f"Missing option '{missing}' (only --snapshot and --reference go without).")
    _check_playing(source, paced=loop or speed != 1.0, key_frames=key_frames)
    rate = fps or (_STILLS_FPS if source.kind is SourceKind.STILLS else _FPS)
    return _run(
        CameraSettings(
            source=source,
            camera_id=camera_id,
            processors=ranked(camera_id, processor) if spread else processor,
            fps=rate,
            key_frames=key_frames,
            detectors=watching.limits(source, fps=rate),
            nudges=nudging.limits,
            realign=nudging.realign,
            sending=sending,
            speed=speed,
            loop=loop,
        )
    )


def _misused(why: str) -> click.UsageError:
    return click.UsageError(why, ctx=click.get_current_context())


def _write_snapshot(source: Source, path: Path) -> None:
    width, height = take_snapshot(source, path)
    click.echo(f"wrote {path}: {width}x{height} pixels of {source.name}")


def _write_reference(
    source: Source, path: Path, layout: Path | None, camera_id: str | None
) -> None:
    if layout is not None and camera_id is None:
        raise _misused("Missing option '--camera-id' (whose masks --masks-of means).")
    masks = read_masks(layout, camera_id) if layout is not None and camera_id is not None else ()
    looks = take_reference(source, path, masks=masks)
    click.echo(
        f"wrote {path}: {looks} of at most {MAX_LOOKS} looks at {source.name}; "
        f'put reference = "{path.name}" into the camera\'s table of the layout beside it'
    )


def _check_playing(source: Source, *, paced: bool, key_frames: bool) -> None:
    """Raise click.UsageError for what does not go with the source, UsageError without PyAV."""
    if source.live and paced:
        raise _misused(f"--loop and --speed are for files; {source.name} plays at its own pace.")
    if not key_frames:
        return
    if source.kind not in (SourceKind.RTSP, SourceKind.FILE):
        raise _misused(
            f"--key-frames is for RTSP and files; every picture of {source.name} is a whole one."
        )
    check_installed()


def _run(settings: CameraSettings) -> int:
    return_large_buffers()
    # What was loaded stays: to look through it now and then would hold all threads for 50 ms.
    gc.collect()
    gc.freeze()
    node = CameraNode(settings)
    code = run_until_signalled(node.run)
    if node.source_is_stuck:
        # A thread that comes back from OpenCV while the interpreter is being taken down makes
        # the process abort; there is nothing left to clean up.
        logging.shutdown()
        sys.stdout.flush()
        os._exit(code)
    return code
