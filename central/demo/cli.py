"""`parkledger demo`: options -> settings -> run -> what it measured."""

import asyncio
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from json import dumps
from pathlib import Path

import click

from central.demo.display import Display, LineDisplay
from central.demo.figures import MIN_AGREEMENT
from central.demo.options import FILE, fps_option, seconds_option
from central.demo.ports import free_addresses
from central.demo.run import INTERRUPTED, Outcome, new_board, run_demo
from central.demo.screen import ScreenDisplay, save_picture
from central.demo.settings import DemoSettings, own_settings, sample_settings
from node.address import ADDRESS, Address
from node.errors import OperationError, UsageError
from node.listening import check_free
from node.shutdown import run_until_signalled

PAGES = Address("127.0.0.1", 8080)


@click.command()
@seconds_option("How long the cameras run. The shipped clips last 60 s; shorter clips start over.")
@fps_option
@click.option(
    "--json",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="End with one JSON object on standard output; progress goes to standard error.",
)
@click.option(
    "--fail-over/--no-fail-over",
    default=True,
    show_default=True,
    show_envvar=True,
    help="Kill the primary half-way (SIGKILL) and bring it back.",
)
@click.option(
    "--listen",
    type=ADDRESS,
    default=None,
    show_default=f"{PAGES}, or a free port where that is taken",
    show_envvar=True,
    help="Where the pages are served while the demo runs; port 0: any free one.",
)
@click.option(
    "--web/--no-web",
    default=True,
    show_default=True,
    show_envvar=True,
    help="Serve the pages.",
)
@click.option(
    "--source",
    multiple=True,
    metavar="VIDEO",
    show_default="the shipped clips",
    show_envvar=True,
    help="Your own video, webcam index or rtsp:// address; once for each camera of --layout, "
    "in its order.",
)
@click.option(
    "--layout",
    type=FILE,
    show_default="the shipped lot",
    show_envvar=True,
    help="Layout (TOML) that goes with --source.",
)
@click.option(
    "--truth",
    type=FILE,
    show_default="none with --source",
    show_envvar=True,
    help="Truth (JSON) of the videos; without it there is no agreement to fail on.",
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    show_default="a temporary directory, removed",
    show_envvar=True,
    help="Keep the logs and the replicas' data in this directory; it must be new or empty.",
)
@click.option(
    "--picture",
    type=FILE,
    metavar="FILE.svg",
    show_default="none",
    show_envvar=True,
    help="Save the last screen as a picture.",
)
def demo(
    seconds: float,
    fps: float,
    json: bool,
    fail_over: bool,
    listen: Address | None,
    web: bool,
    source: tuple[str, ...],
    layout: Path | None,
    truth: Path | None,
    keep: Path | None,
    picture: Path | None,
) -> int:
    """Run a whole Parkledger on this machine and watch it work.

    Starts three replicas of the ledger, a processor, a web service and a camera node for each
    source, every one a process of its own, applies the layout, kills the primary half-way, and at
    the end compares the ledger with the truth. The address of the pages is printed. Needs no
    terminal: into a pipe it writes plain lines.

    Exit code 0: it ran, and at least 95 % of the spots equal the truth where there is one. 1: they
    do not, or a process died (it is named, with the end of its log). 130: stopped by Ctrl-C.
    """
    if picture is not None:
        _check_picture(picture)
    settings = _settings(source, layout, truth, seconds=seconds, fps=fps, fail_over=fail_over)
    if web:
        settings = replace(settings, web=pages_address(listen))
    board = new_board(settings)
    plain = json or not sys.stdout.isatty()
    with _directory(keep) as directory:
        _log_into(directory)
        outcome: list[Outcome] = []

        async def role(stop: asyncio.Event) -> int:
            display: Display = LineDisplay() if plain else ScreenDisplay()
            finished = await run_demo(settings, directory, display, board, stop)
            if finished is None:
                return INTERRUPTED
            outcome.append(finished)
            return finished.figures.exit_code

        code = run_until_signalled(role)
    if not outcome:
        click.echo("parkledger: interrupted, everything is stopped", err=True)
        return code
    if picture is not None:
        save_picture(board, picture)
    figures = outcome[0].figures
    click.echo(dumps(figures.as_json()) if json else "\n".join(conclusion(outcome[0])))
    if code != 0 and json:
        click.echo(f"parkledger: agreement is under {MIN_AGREEMENT:g}", err=True)
    return code


def conclusion(outcome: Outcome) -> Iterator[str]:
    """Yield what a person should take home from a run."""
    figures = outcome.figures
    cameras = "1 camera" if figures.cameras == 1 else f"{figures.cameras} cameras"
    yield (
        f"{figures.frames} frames of {cameras}, "
        f"{figures.detections_committed} changes committed to {figures.replicas} replicas"
    )
    if outcome.agreement is not None and figures.agreement is not None:
        right = outcome.agreement.compared - len(outcome.agreement.differing)
        differing = ", ".join(outcome.agreement.differing[:12])
        yield (
            f"agreement with the truth: {figures.agreement:.1%} ({right} of "
            f"{outcome.agreement.compared} spots; at least {MIN_AGREEMENT:.0%} is asked)"
            + (f"; differing: {differing}" if differing else "")
        )
    latency = figures.latency
    if latency.p50_ms is not None:
        yield f"capture to commit: p50 {latency.p50_ms:.0f} ms, p99 {latency.p99_ms:.0f} ms"
    if figures.fail_over_ms is not None:
        yield f"fail-over, SIGKILL to the next acked commit: {figures.fail_over_ms:.0f} ms"
    yield f"unknown at the end: {figures.unknown_share:.1%} of {figures.spots} spots"


def pages_address(listen: Address | None) -> Address:
    """Return where the pages are served: as asked, or the usual place, or any that is free."""
    if listen is None:
        try:
            check_free(PAGES)
        except OperationError:
            return free_addresses(1)[0]
        return PAGES
    if listen.port == 0:
        return Address(listen.host, free_addresses(1)[0].port)
    check_free(listen)
    return listen


def _settings(
    sources: tuple[str, ...],
    layout_file: Path | None,
    truth_file: Path | None,
    *,
    seconds: float,
    fps: float,
    fail_over: bool,
) -> DemoSettings:
    if not sources:
        for option, value in (("--layout", layout_file), ("--truth", truth_file)):
            if value is not None:
                raise UsageError(f"{option} {value}: goes with --source; give your video too")
        return sample_settings(seconds=seconds, fps=fps, fail_over=fail_over)
    if layout_file is None:
        raise UsageError(
            f"--source {sources[0]}: needs --layout FILE, which says where its spots are; "
            "'parkledger preview' helps to draw one"
        )
    return own_settings(
        sources, layout_file, truth_file, seconds=seconds, fps=fps, fail_over=fail_over
    )


def _check_picture(file: Path) -> None:
    # Now, not when the demo is over.
    if file.suffix != ".svg" or not os.access(file.parent, os.W_OK):
        raise UsageError(
            f"--picture {file}: give a file, ending in .svg, in a directory that can be written to"
        )


@contextmanager
def _directory(keep: Path | None) -> Iterator[Path]:
    """Give the directory to run in; a temporary one is removed whatever happens."""
    if keep is None:
        directory = Path(tempfile.mkdtemp(prefix="parkledger-demo-"))
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
        full = any(keep.iterdir())
    except OSError as error:
        raise UsageError(f"--keep {keep}: {error.strerror}; choose another directory") from None
    if full:
        # A replica would take up another run's log, and apply its layout beside ours.
        raise UsageError(f"--keep {keep}: is not empty; choose a new directory")
    if not os.access(keep, os.W_OK):
        raise UsageError(f"--keep {keep}: cannot be written to; choose another directory")
    yield keep.resolve()


def _log_into(directory: Path) -> None:
    # Beside the children's logs: on standard error it would run through the screen.
    handler = logging.FileHandler(directory / "demo.log")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s demo %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
