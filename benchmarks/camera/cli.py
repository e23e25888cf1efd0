"""`python -m benchmarks camera`: its options and its rows."""

import asyncio
import tempfile
from pathlib import Path

import click

from benchmarks.camera.clip import KEY_EVERY, make_clip
from benchmarks.camera.lag import Lag, Spread
from benchmarks.camera.load import Load, can_read_key_frames, measure_load
from benchmarks.camera.truth import Truth, measure_truth, read_days
from benchmarks.machine import this_machine
from benchmarks.options import report_options
from benchmarks.report import Report, Row
from benchmarks.strips import strips_rows
from node.finite import FiniteRange

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
PEER = "VideoCapture.read()"
CAMERA_GOAL, KEY_FRAMES_GOAL = 0.8, 0.25
MEMORY_GOAL_MB, LAG_GOAL_MS = 120.0, 100.0


def load_rows(load: Load) -> list[Row]:
    """What it costs to send one frame a second of 25, and how old that frame is when it arrives."""
    ratio = load.camera / load.read_all
    rows = [
        Row(
            "CPU of a 25 fps 1080p source sent at 1 fps",
            "cores",
            load.camera,
            peer=load.read_all,
            peer_name=PEER,
            ratio=ratio,
            goal=f"at most {CAMERA_GOAL}x",
            met=ratio <= CAMERA_GOAL,
        )
    ]
    if load.key_frames is not None:
        ratio = load.key_frames / load.read_all
        rows.append(
            Row(
                f"the same, key frames only, one every {KEY_EVERY} frames",
                "cores",
                load.key_frames,
                peer=load.read_all,
                peer_name=PEER,
                ratio=ratio,
                goal=f"at most {KEY_FRAMES_GOAL}x",
                met=ratio <= KEY_FRAMES_GOAL,
            )
        )
    rows += [
        Row(
            "resident memory at 1080p",
            "MB",
            load.resident_mb,
            goal=f"under {MEMORY_GOAL_MB:g}",
            met=load.resident_mb < MEMORY_GOAL_MB,
        ),
    ]
    return rows


def lag_rows(kind: str, lag: Lag) -> list[Row]:
    """How old frames are when they are sent and when they arrive, and where they grow old."""
    goal = f"under {LAG_GOAL_MS:g}"
    sent, arrived = lag.sent.worst, lag.arrived.worst
    rows = [
        Row(
            _spread(f"capture to send, {kind}, worst of {lag.frames}", lag.sent),
            "ms",
            sent,
            goal=goal,
            met=sent < LAG_GOAL_MS,
        ),
        Row(
            _spread(f"capture to arrival, {kind}, worst", lag.arrived),
            "ms",
            arrived,
            goal=goal,
            met=arrived < LAG_GOAL_MS,
        ),
    ]
    for stage, spread in lag.stages.items():
        here = f"; {lag.worst_frame[stage]:.1f} of the worst frame"
        rows.append(Row(_spread(f"{stage}, {kind}, worst", spread, here), "ms", spread.worst))
    return rows


def _spread(what: str, spread: Spread, more: str = "") -> str:
    return f"{what} (p50 {spread.p50:.1f}, p99 {spread.p99:.1f}{more})"


def truth_rows(truth: Truth) -> list[Row]:
    """Whether what is wrong is found, and whether what is right is left alone."""
    rows = []
    for name, tally in truth.faults.items():
        found, ended = tally.found / tally.injected, tally.ended / tally.injected
        rows.append(
            Row(
                f"{name}, {tally.injected} put upon real frames: found within its time, and over "
                f"by itself ({ended:.0%})",
                "%",
                100.0 * found,
                goal="100",
                met=found == ended == 1.0,
            )
        )
    days = f"{truth.camera_days} real camera-days, {truth.frames} frames"
    for what, alarms in (("alarms", truth.false_alarms), ("nudges", truth.false_nudges)):
        rows.append(Row(f"false {what} on {days}", "", float(alarms), goal="none", met=alarms == 0))
    return rows


@click.command()
@click.option(
    "--clip",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    show_default="made of a sample clip, with ffmpeg",
    show_envvar=True,
    help="A 25 fps 1080p video to play.",
)
@click.option(
    "--seconds",
    type=FiniteRange(min=5),
    default=30.0,
    show_default=True,
    show_envvar=True,
    help="How long to measure CPU, memory and lag; 600 for the worst lag in ten minutes.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DATA,
    show_default="../shared/data beside the repository",
    show_envvar=True,
    help="Folder of real frames; without it there are no rows of conditions and strips.",
)
@click.option(
    "--strips-step",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    show_envvar=True,
    help="Compare strips with whole frames on every n-th real frame; see 'benchmarks strips'.",
)
@report_options
def benchmark(clip: Path | None, seconds: float, data: Path, strips_step: int) -> Report:
    """Measure a camera node: CPU, memory, lag, whether it tells the truth of its pictures, and
    what strips save."""
    with tempfile.TemporaryDirectory() as directory:
        played = clip or make_clip(Path(directory) / "clip.mp4")
        load = asyncio.run(measure_load(played, seconds=seconds, key_frames=can_read_key_frames()))
    rows = [
        *load_rows(load),
        *lag_rows("frames", load.frames_lag),
        *lag_rows("strips of 100 regions", load.strips_lag),
    ]
    if (data / "frames" / "cnrext.json").is_file():
        rows += truth_rows(measure_truth(read_days(data)))
        rows += strips_rows(data, strips_step)
    else:
        click.echo(f"no real frames in {data}: their rows are left out", err=True)
    return Report(this_machine(), tuple(rows))
