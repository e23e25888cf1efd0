"""The rows of `--rows` that need processes: cameras on a core, two cores, memory, commits."""

import asyncio
import os
import statistics
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.pipeline.ceiling import ceiling
from benchmarks.pipeline.changing import make_changing
from benchmarks.pipeline.live import Fleet, Load, camera_id
from benchmarks.pipeline.paced import paced_ms
from benchmarks.pipeline.parked import make_parked
from benchmarks.pipeline.scene import layout_of
from benchmarks.pipeline.served import Served, apart, pin, served
from benchmarks.pipeline.sources import ALWAYS, Encoded, Frames, Recording, Strips, now_us
from benchmarks.report import Row
from central.ledger.records import Occupancy
from edge.gate import GateSettings

TAIL_GOAL_MS = 250.0
FRAMES_GOAL, STRIPS_GOAL = 100, 400
CORES_GOAL = 1.8
COMMIT_GOAL_MS, COMMIT_TAIL_GOAL_MS = 60.0, 250.0
RESIDENT_GOAL_MB = 2000.0
_WARM_S = 8.0  # the first frame of a camera costs more than later ones
_FULL_WARM = 1.5  # times the seconds counted: a core that is 90 % busy works off slowly what all
# their first frames left
_EVERY = (
    7  # frames for which a camera of the row `commit` sees the same: longer than evidence takes
)
_ROUNDS = 3  # of one core, two cores
_SATURATING = 6  # cameras that send as fast as they are answered
_SLOW = 0.1  # frames a second of those that are merely connected


@dataclass(frozen=True)
class Setting:
    """What all rows are measured with."""

    seconds: float
    cameras: int  # that send whole frames, one a second
    strip_cameras: int  # that send strips, one a second
    connected: int  # cameras of the row about memory
    committing: int  # cameras of the row about commits


@dataclass(frozen=True)
class Reuse:
    """Whether a processor classifies only what changed, and how the table says so."""

    words: str
    options: tuple[str, ...]  # of the processor


REUSES = (
    Reuse("what changed classified", ()),
    Reuse("all classified", ("--change-threshold", "0")),
)


@asynccontextmanager
async def _running(
    cameras: int, options: Sequence[str] = (), *, workers: int = 1
) -> AsyncIterator[Served]:
    layouts = [layout_of(make_parked(), camera_id(number)) for number in range(cameras)]
    told = ("--workers", str(workers), *options)
    with tempfile.TemporaryDirectory(prefix="parkledger-pipeline-") as folder:
        async with served(Path(folder), layouts, options=told) as running:
            yield running


def _whole(cameras: int) -> list[Frames]:
    return [Frames(make_parked().jpegs, number) for number in range(cameras)]


@dataclass(frozen=True)
class Paced:
    """Whole frames of so many cameras: what a processor that classifies all of them took, and what
    the bare stages take at the same pace on the same core, CPU milliseconds a frame."""

    cameras: int
    load: Load
    bare_ms: float


async def frames(setting: Setting) -> tuple[list[Row], list[Paced]]:
    """Whole frames to a processor on a core of its own; also what its work alone takes.

    That of half the cameras, too. A core that is half idle takes longer, for what it has in its
    caches is gone when it wakes; one that has too much to do also receives what it sheds.
    """
    rows: list[Row] = []
    paced: list[Paced] = []
    for reuse in REUSES:
        everything = bool(reuse.options)
        halves = (max(1, setting.cameras // 2),) if everything else ()
        async with _running(setting.cameras, reuse.options) as running:
            with apart(running) as core:
                for count in (*halves, setting.cameras):
                    async with Fleet(running, _whole(count), rate=1.0) as fleet:
                        await fleet.wait(_FULL_WARM * setting.seconds)
                        load = await fleet.count(setting.seconds)
                    if everything:
                        paced.append(Paced(count, load, 0.0))
        rows += on_a_core(load, setting.cameras, f"full frames, {reuse.words}", FRAMES_GOAL)
    for number, one in enumerate(paced):  # now that nothing else is on the core
        bare_ms = await asyncio.to_thread(
            paced_ms, one.cameras, seconds=setting.seconds / 2, core=core
        )
        paced[number] = replace(one, bare_ms=bare_ms)
    return rows, paced


async def strips(setting: Setting) -> list[Row]:
    """Strips of all regions, then those that the change gate leaves of them."""
    rows: list[Row] = []
    for name, gate, reuse in (
        *(("gate off", ALWAYS, reuse) for reuse in REUSES),
        ("gated", GateSettings(), REUSES[0]),
    ):
        recording = Recording(make_parked(), gate)
        sources = [Strips(recording, number) for number in range(setting.strip_cameras)]
        async with _running(setting.strip_cameras, reuse.options) as running:
            with apart(running):
                async with Fleet(running, sources, rate=1.0, cuts_strips=True) as fleet:
                    await fleet.wait(_FULL_WARM * setting.seconds)
                    load = await fleet.count(setting.seconds)
        what = f"strips of {recording.regions_a_strip:.0f} regions ({name}), {reuse.words}"
        rows += on_a_core(load, setting.strip_cameras, what, STRIPS_GOAL)
    return rows


def on_a_core(load: Load, cameras: int, what: str, goal: int) -> list[Row]:
    """Return the rows of cameras that sent to one core."""
    name = f"{cameras} cameras at 1/s, {what}, one core"
    tail = percentile_ms(load.seconds, 0.99)
    met = cameras >= goal and load.lost == 0 and tail is not None and tail < TAIL_GOAL_MS
    wanted = f">= {goal} cameras, < {TAIL_GOAL_MS:g} ms, none lost"
    return [
        Row(f"{name}: sent to answered, p99", "ms", tail, goal=wanted, met=met),
        Row(f"{name}: refused, by overload too", "frames", float(load.refused)),
        Row(f"{name}: not sent, no credit", "frames", float(load.dropped)),
        Row(f"{name}: evenness over cameras (Jain's index)", "", load.evenness),
        Row(f"{name}: CPU of the processor", "ms a frame", cpu_ms_a_frame(load)),
        Row(f"{name}: of that outside its worker", "ms a frame", outside_ms_a_frame(load)),
        Row(f"{name}: spots classified", "of 100", patches_a_frame(load)),
        Row(f"{name}: sent late by this benchmark, p99", "ms", percentile_ms(load.late, 0.99)),
    ]


async def cores(setting: Setting) -> list[Row]:
    """Whole frames as fast as they are answered, on one core and on two, in turns.

    With one core the cameras are played on the other; with two they take a share of both, which
    they would not where they belong. So what counts is what the processor does with a second of
    the cores that are left to it.
    """
    here = sorted(os.sched_getaffinity(0))
    if len(here) < 2:
        return [Row("two cores against one", "frames a second", None)]
    rows: list[Row] = []
    for reuse in REUSES:
        rows += await _two_cores(setting, reuse, here)
    return [
        *rows,
        Row(
            "two cores against one: the bare stages alone, in two processes",
            "x",
            await asyncio.to_thread(ceiling, here[:2], seconds=setting.seconds / 2),
        ),
    ]


async def _two_cores(setting: Setting, reuse: Reuse, here: Sequence[int]) -> list[Row]:
    found: dict[int, list[float]] = {1: [], 2: []}
    shares: list[float] = []  # of both cores, for the processor
    async with (
        _running(_SATURATING, reuse.options, workers=2) as running,
        Fleet(running, _whole(_SATURATING), rate=None) as fleet,
    ):
        await fleet.wait(_WARM_S / 2)
        for _ in range(_ROUNDS):
            for count in found:
                pin(running.processor, here[:count])
                await fleet.wait(0.5)
                load = await fleet.count(max(1.0, setting.seconds / 2 / _ROUNDS))
                found[count].append(load.classified / load.wall_s)
                if count == 2:
                    shares.append(1.0 - load.elsewhere_s / (2 * load.wall_s))
    one, both = statistics.median(found[1]), statistics.median(found[2])
    # A machine that is too busy classifies nothing within a turn.
    plain = [b / a if a else 0.0 for a, b in zip(found[1], found[2], strict=True)]
    times = statistics.median(one / share for one, share in zip(plain, shares, strict=True))
    name = f"two cores against one, full frames, {reuse.words}, --workers 2"
    unit = "frames a second"
    return [
        Row(
            f"{name}: with what the played cameras take of both cores counted as free",
            unit,
            both / statistics.median(shares),
            peer=one,
            peer_name="one core",
            ratio=times,
            goal=f">= {CORES_GOAL:g}x",
            met=times >= CORES_GOAL,
        ),
        Row(
            f"{name}: as it came",
            unit,
            both,
            peer=one,
            peer_name="one core",
            ratio=statistics.median(plain),
        ),
        Row(
            f"{name}: share of both that the cameras and the replica left",
            "%",
            100 * statistics.median(shares),
        ),
    ]


async def connected(setting: Setting) -> list[Row]:
    """Memory with many cameras that send whole frames slowly."""
    count = setting.connected
    async with _running(count) as running:
        sources = _whole(count)
        before = running.processor.memory_info().rss
        async with Fleet(running, sources, rate=_SLOW) as fleet:
            first = await fleet.count(setting.seconds / 2)
            last = await fleet.count(setting.seconds / 2)
    name = f"{count} cameras connected, a full frame each {1 / _SLOW:g} s"
    megabytes = last.resident / 1e6
    goal = f"<= {RESIDENT_GOAL_MB:g} MB"
    return [
        Row(f"{name}: memory", "MB", megabytes, goal=goal, met=megabytes <= RESIDENT_GOAL_MB),
        Row(f"{name}: memory before any connected", "MB", before / 1e6),
        Row(f"{name}: memory half-way", "MB", first.resident / 1e6),
        Row(f"{name}: frames classified", "frames", float(first.classified + last.classified)),
        Row(f"{name}: frames lost", "frames", float(first.lost + last.lost)),
    ]


async def commit(setting: Setting) -> list[Row]:
    """From the capture of the frame that decided to the arrival of its commit at a watch."""
    changing = make_changing()
    count = setting.committing
    layouts = [changing.layout(camera_id(number)) for number in range(count)]
    took: list[float] = []
    with tempfile.TemporaryDirectory(prefix="parkledger-pipeline-") as folder:
        async with served(Path(folder), layouts, replicas=3) as running:
            sources = [Encoded(changing.pictures, n, every=_EVERY) for n in range(count)]
            async with Fleet(running, sources, rate=1.0, cuts_strips=True) as fleet:
                await fleet.wait(_WARM_S)
                watching = asyncio.create_task(_watch(running, now_us(), took))
                try:
                    load = await fleet.count(setting.seconds)
                finally:
                    watching.cancel()
                    await asyncio.gather(watching, return_exceptions=True)
    name = f"{count} cameras at 1/s, three replicas: capture to committed"
    median, tail = percentile_ms(took, 0.5), percentile_ms(took, 0.99)
    return [
        _below(f"{name}, p50", median, COMMIT_GOAL_MS),
        _below(f"{name}, p99", tail, COMMIT_TAIL_GOAL_MS),
        Row(f"{name}: changes", "changes", float(len(took))),
        Row(f"{name}: frames lost", "frames", float(load.lost)),
    ]


async def _watch(running: Served, since_us: int, took: list[float]) -> None:
    """Note each change that a frame of a later capture decided; seconds. Until cancelled."""
    async for event in running.ledger.watch(running.index):
        arrived_us = now_us()
        took += [
            (arrived_us - change.captured_at_us) / 1e6
            for change in event.changes
            if change.occupancy is not Occupancy.UNKNOWN and change.captured_at_us >= since_us
        ]


def _below(name: str, ms: float | None, limit: float) -> Row:
    return Row(name, "ms", ms, goal=f"<= {limit:g} ms", met=ms is not None and ms <= limit)


def percentile_ms(seconds: Sequence[float], share: float) -> float | None:
    """Return the value that `share` of them do not exceed, in milliseconds; None of none."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1e3 if ordered else None


def cpu_ms_a_frame(load: Load) -> float | None:
    """Return the processor's CPU time a classified frame; None of none."""
    return load.cpu_s * 1e3 / load.classified if load.classified else None


def patches_a_frame(load: Load) -> float | None:
    """Return how many spots were classified for a frame; None of none."""
    return load.patches / load.classified if load.classified else None


def outside_ms_a_frame(load: Load) -> float | None:
    """Return what of that its one worker did not take: gRPC, the event loop; None of none."""
    return load.outside_s * 1e3 / load.classified if load.classified else None
