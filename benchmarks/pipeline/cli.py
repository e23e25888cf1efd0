"""`python -m benchmarks pipeline`: frames to detections, beside a network a spot and a detector."""

import asyncio
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import click

from benchmarks.machine import this_machine
from benchmarks.options import report_options
from benchmarks.pipeline.live import Load, run_load
from benchmarks.pipeline.scene import SPOTS, make_scene
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
from central.demo.ports import free_addresses
from models import SHIPPED_MODEL
from models.classifier import SpotClassifier
from node.errors import UsageError

FRAMES_GOAL, STRIPS_GOAL = 8.0, 25.0
OVERHEAD_GOAL = 1.25
TAIL_GOAL_MS = 250.0


@click.command()
@click.option(
    "--model",
    type=click.Path(dir_okay=False, path_type=Path),
    default=SHIPPED_MODEL,
    show_default="the shipped one",
    show_envvar=True,
    help="The classifier.",
)
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
    "--cameras",
    type=click.IntRange(0, 1000),
    default=0,
    show_default=True,
    show_envvar=True,
    help="Also let so many cameras stream whole frames, one a second, to a processor of its own.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(5, 3600),
    default=20.0,
    show_default=True,
    show_envvar=True,
    help="How long they stream.",
)
@report_options
def benchmark(
    model: Path, detector_file: Path | None, rounds: int, cameras: int, seconds: float
) -> Report:
    """CPU time a 1080p frame of 100 spots, decode included, all in one thread in turns."""
    if detector_file is not None and not detector_file.is_file():
        raise UsageError(f"--detector {detector_file}: there is no such file")
    classifier = SpotClassifier.load(model, threads=1)
    scene = make_scene()
    stages: dict[str, Stage] = {
        "full": full_frame(classifier, scene),
        "bare": bare(classifier, scene),
        "strip": strip(classifier, scene),
        "malexnet": per_spot(scene),
    }
    if detector_file is not None:
        stages["detector"] = detector(scene, detector_file)
    found = cpu_ms(stages, rounds=rounds)
    rows = [*_rows(found)]
    if cameras:
        with tempfile.TemporaryDirectory(prefix="parkledger-pipeline-") as folder:
            ports = cast("tuple[int, int]", tuple(one.port for one in free_addresses(2)))
            load = asyncio.run(
                run_load(
                    Path(folder), ports, scene.jpegs, cameras=cameras, rate=1.0, seconds=seconds
                )
            )
        rows += _live_rows(load, cameras, statistics.median(found["bare"]))
    return Report(this_machine(), tuple(rows))


def _live_rows(load: Load, cameras: int, bare_ms: float) -> Iterator[Row]:
    frame_ms = load.cpu_s * 1e3 / load.classified if load.classified else None
    times = frame_ms / bare_ms if frame_ms else None
    yield Row(
        "gRPC and Python round the bare stages",
        "CPU ms a frame",
        frame_ms,
        peer=bare_ms,
        peer_name="bare",
        ratio=times,
        goal=f"<= {OVERHEAD_GOAL:g}x",
        met=times is not None and times <= OVERHEAD_GOAL,
    )
    slowest = sorted(load.seconds)
    p99 = slowest[int(0.99 * len(slowest))] * 1e3 if slowest else None
    yield Row(
        f"{cameras} cameras at 1 frame/s: sent to answered, p99",
        "ms",
        p99,
        goal=f"< {TAIL_GOAL_MS:g} ms, none lost",
        met=p99 is not None and p99 < TAIL_GOAL_MS and load.lost == 0,
    )
    yield Row(f"{cameras} cameras at 1 frame/s: frames lost", "frames", float(load.lost))


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
