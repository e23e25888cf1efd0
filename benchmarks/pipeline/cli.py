"""`python -m benchmarks pipeline`: frames to detections, beside a network a spot and a detector."""

import asyncio
import os
import statistics
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path

import click

from benchmarks.machine import this_machine
from benchmarks.options import model_option, report_options
from benchmarks.pipeline import groups
from benchmarks.pipeline.groups import Setting
from benchmarks.pipeline.live import Load
from benchmarks.pipeline.parked import make_parked
from benchmarks.pipeline.scene import SPOTS, Scene, make_scene
from benchmarks.pipeline.stages import (
    Stage,
    bare,
    cpu_ms,
    detector,
    full_frame,
    per_spot,
    ratio,
    strip,
)
from benchmarks.report import Report, Row
from models.classifier import SpotClassifier
from node.errors import UsageError
from node.finite import FiniteRange

FRAMES_GOAL, STRIPS_GOAL = 8.0, 25.0
OVERHEAD_GOAL = 1.25

GROUPS = ("stages", "frames", "strips", "cores", "connected", "commit")
"""Names in --rows, in the order of the table."""
_PROCESSES: dict[str, Callable[[Setting], Coroutine[None, None, list[Row]]]] = {
    "strips": groups.strips,
    "cores": groups.cores,
    "connected": groups.connected,
    "commit": groups.commit,
}


@click.command()
@model_option
@click.option(
    "--detector",
    "detector_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    show_default="none",
    show_envvar=True,
    help="A whole-frame detector to measure beside, an ONNX network of float32 1x3xSxS: "
    "pip install ultralytics; yolo export model=yolo11n.yaml format=onnx imgsz=640 (random "
    "weights cost the same).",
)
@click.option(
    "--rounds",
    type=click.IntRange(3, 1000),
    default=20,
    show_default=True,
    show_envvar=True,
    help="Turns of each; medians count.",
)
@click.option(
    "--rows",
    "chosen",
    type=click.Choice(GROUPS),
    multiple=True,
    show_default="all",
    show_envvar=True,
    help="Measure these only; may be given more than once.",
)
@click.option(
    "--cameras",
    type=click.IntRange(1, 1000),
    default=groups.FRAMES_GOAL,
    show_default=True,
    show_envvar=True,
    help="Cameras that stream whole frames, one a second, to a processor on one core.",
)
@click.option(
    "--strip-cameras",
    type=click.IntRange(1, 500),
    default=groups.STRIPS_GOAL,
    show_default=True,
    show_envvar=True,
    help="Cameras that stream strips, one a second, to a processor on one core.",
)
@click.option(
    "--connected",
    type=click.IntRange(1, 500),
    default=500,
    show_default=True,
    show_envvar=True,
    help="Cameras with which the processor's memory is measured.",
)
@click.option(
    "--committing",
    type=click.IntRange(1, 500),
    default=20,
    show_default=True,
    show_envvar=True,
    help="Cameras of the row from capture to commit.",
)
@click.option(
    "--seconds",
    type=FiniteRange(1, 3600),
    default=20.0,
    show_default=True,
    show_envvar=True,
    help="How long cameras stream for each row.",
)
@report_options
def benchmark(
    model: Path,
    detector_file: Path | None,
    rounds: int,
    chosen: Sequence[str],
    cameras: int,
    strip_cameras: int,
    connected: int,
    committing: int,
    seconds: float,
) -> Report:
    """1080p frames of 100 spots: CPU time a frame, cameras on a core, memory, time to commit.

    \b
    stages: all in one thread in turns, decode included, beside usual practice
    frames, strips: cameras over gRPC to a processor on a core of its own
    cores: two cores against one
    connected: memory with many cameras
    commit: from capture to committed, with three replicas
    """
    if detector_file is not None and not detector_file.is_file():
        raise UsageError(f"--detector {detector_file}: there is no such file")
    scene = make_scene()
    setting = Setting(
        seconds=seconds,
        cameras=cameras,
        strip_cameras=strip_cameras,
        connected=connected,
        committing=committing,
    )
    classifier = SpotClassifier.load(model, threads=1)
    rows = [Row("load of the machine, before", "processes", os.getloadavg()[0])]
    for group in (name for name in GROUPS if name in (chosen or GROUPS)):
        if group == "stages":
            rows += _stages(classifier, scene, detector_file, rounds)
        elif group == "frames":
            rows += _frames(classifier, setting, rounds)
        else:
            rows += asyncio.run(_PROCESSES[group](setting))
    return Report(this_machine(), tuple(rows))


def _stages(
    classifier: SpotClassifier, scene: Scene, detector_file: Path | None, rounds: int
) -> list[Row]:
    stages: dict[str, Stage] = {
        "full": full_frame(classifier, scene),
        "bare": bare(classifier, scene),
        "strip": strip(classifier, scene),
        "malexnet": per_spot(scene),
    }
    if detector_file is not None:
        stages["detector"] = detector(scene, detector_file)
    return list(_rows(cpu_ms(stages, rounds=rounds)))


def _frames(classifier: SpotClassifier, setting: Setting, rounds: int) -> list[Row]:
    warm_ms = statistics.median(cpu_ms({"": bare(classifier, make_parked())}, rounds=rounds)[""])
    rows, paced = asyncio.run(groups.frames(setting))
    over = [_overhead(f"{one.cameras} cameras", one.load, one.bare_ms) for one in paced]
    warm = Row("the bare stages back to back, on warm caches", "CPU ms a frame", warm_ms)
    return [*over, warm, *rows]


def _overhead(cameras: str, load: Load, bare_ms: float) -> Row:
    frame_ms = groups.cpu_ms_a_frame(load)
    times = frame_ms / bare_ms if frame_ms else None
    return Row(
        f"gRPC and Python round the bare stages, {cameras}, all classified",
        "CPU ms a frame",
        frame_ms,
        peer=bare_ms,
        peer_name="bare, at the same pace",
        ratio=times,
        goal=f"<= {OVERHEAD_GOAL:g}x",
        met=times is not None and times <= OVERHEAD_GOAL,
    )


def _rows(found: dict[str, list[float]]) -> Iterator[Row]:
    full, strips = found["full"], found["strip"]
    yield _beside("full frame", full, "mAlexNet a spot", found["malexnet"], FRAMES_GOAL)
    if "detector" in found:
        yield _beside("full frame", full, "detector", found["detector"], FRAMES_GOAL)
        yield _beside("strip", strips, "detector", found["detector"], STRIPS_GOAL)
    else:
        yield Row(f"strip, {SPOTS} spots", "CPU ms a frame", statistics.median(strips))
    yield Row(
        "full frame, round the bare stages",
        "CPU ms a frame",
        statistics.median(full),
        peer=statistics.median(found["bare"]),
        peer_name="bare",
        ratio=1 / ratio(full, found["bare"]),
    )


def _beside(name: str, ours: list[float], peer: str, theirs: list[float], goal: float) -> Row:
    times = ratio(ours, theirs)
    return Row(
        f"{name}, {SPOTS} spots: times quicker",
        "CPU ms a frame",
        statistics.median(ours),
        peer=statistics.median(theirs),
        peer_name=peer,
        ratio=times,
        goal=f">= {goal:g}x",
        met=times >= goal,
    )
