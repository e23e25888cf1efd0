"""The main job, by running `parkledger demo --json` and looking at its processes from outside."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import psutil

from benchmarks.cpu_by_role import Sample, sample, usage
from benchmarks.machine import this_machine
from benchmarks.options import report_options
from benchmarks.real_lots import Lot, real_lots
from benchmarks.report import Report, Row
from central.demo.options import FILE, fps_option, seconds_option
from node.errors import OperationError

FAIL_OVER_GOAL_MS = 2000
AGREEMENT_GOAL = 0.95
SETTLE_S = 3.0
SAMPLE_S = 0.25


@click.command()
@seconds_option("How long the cameras run.")
@fps_option
@click.option(
    "--source",
    multiple=True,
    metavar="VIDEO",
    show_default="the shipped clips",
    show_envvar=True,
    help="As in 'parkledger demo'.",
)
@click.option(
    "--layout", type=FILE, show_default="none", show_envvar=True, help="As in 'parkledger demo'."
)
@click.option(
    "--truth", type=FILE, show_default="none", show_envvar=True, help="As in 'parkledger demo'."
)
@click.option(
    "--real",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    show_default="none",
    show_envvar=True,
    help="Folder with real pictures (videos/ and frames/): a drone's video and CNR-EXT's camera 3 "
    "are shown after that, four and a half minutes more.",
)
@report_options
def benchmark(
    seconds: float,
    fps: float,
    source: tuple[str, ...],
    layout: Path | None,
    truth: Path | None,
    real: Path | None,
) -> Report:
    """Measure the main job end to end: camera nodes, processor and three replicas, one machine."""
    arguments: list[str] = []
    for video in source:
        arguments += ["--source", video]
    for option, file in (("--layout", layout), ("--truth", truth)):
        if file is not None:
            arguments += [option, str(file)]
    with TemporaryDirectory(prefix="parkledger-demo-") as folder:
        lots = [Lot("", seconds, tuple(arguments))]
        if real is not None:
            lots += real_lots(real, Path(folder))
        found = [row for lot in lots for row in _measured(lot, fps=fps)]
    return Report(machine=this_machine(), rows=tuple(found))


def _measured(lot: Lot, *, fps: float) -> Iterator[Row]:
    figures, cpu = run_demo(lot, fps=fps)
    for row in rows(figures, cpu, seconds=lot.seconds):
        yield replace(row, name=f"{lot.name}: {row.name}" if lot.name else row.name)


def run_demo(lot: Lot, *, fps: float) -> tuple[dict[str, object], dict[str, float]]:
    """Run a demo; return its JSON object and the CPU seconds a second of each role."""
    how = ("--no-web", "--seconds", f"{lot.seconds:g}", "--fps", f"{fps:g}")
    demo = subprocess.Popen(
        [sys.executable, "-m", "node", "demo", "--json", *how, *lot.arguments],
        stdout=subprocess.PIPE,
        text=True,
    )
    parent = psutil.Process(demo.pid)
    samples: list[Sample] = []
    try:
        while True:
            try:
                output, _ = demo.communicate(timeout=SAMPLE_S)
                break
            except subprocess.TimeoutExpired:
                samples.append(sample(parent))
    except BaseException:
        demo.terminate()  # it stops its own children
        demo.wait()
        raise
    lines = output.splitlines()
    if not lines:  # it has said why on standard error
        raise OperationError(f"the demo ended with exit code {demo.returncode} and no figures")
    figures = json.loads(lines[-1])
    assert isinstance(figures, dict), "the demo's last line is one object"
    return figures, usage(_running(samples), settle_s=SETTLE_S)


def _running(samples: list[Sample]) -> list[Sample]:
    # From the moment that the cameras are gone the demo only winds up.
    last = max((i for i, s in enumerate(samples) if "cameras" in s.present), default=-1)
    return samples[: last + 1]


def rows(figures: dict[str, object], cpu: dict[str, float], *, seconds: float) -> tuple[Row, ...]:
    """Return the rows of a demo that ran for `seconds`."""
    frames = _number(figures["frames"]) or 0.0
    rate = frames / seconds
    latency = figures["latency_ms"]
    assert isinstance(latency, dict), "as the issue states the object"
    by_role = tuple(
        Row(f"CPU a frame, {role}", "ms", used / rate * 1000)
        for role, used in sorted(cpu.items())
        if rate
    )
    return (
        Row("frames classified", "frames/s", rate),
        *by_role,
        Row("CPU in all", "cores", sum(cpu.values()) if cpu else None),
        Row("capture to commit, p50", "ms", _number(latency["p50"])),
        Row("capture to commit, p99", "ms", _number(latency["p99"])),
        _fail_over(_number(figures["fail_over_ms"])),
        _agreement(_number(figures["agreement"])),
        Row("unknown at the end", "of 1", _number(figures["unknown_share"])),
    )


def _fail_over(ms: float | None) -> Row:
    name = "fail-over, SIGKILL to commit"
    if ms is None:
        return Row(name, "ms", None)
    return Row(name, "ms", ms, goal=f"< {FAIL_OVER_GOAL_MS} ms", met=ms < FAIL_OVER_GOAL_MS)


def _agreement(share: float | None) -> Row:
    name = "agreement with the truth"
    if share is None:
        return Row(name, "of 1", None)
    return Row(name, "of 1", share, goal=f">= {AGREEMENT_GOAL}", met=share >= AGREEMENT_GOAL)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
