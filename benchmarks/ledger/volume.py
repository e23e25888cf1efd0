"""Many records on disk: starting again, catching up, disk and memory."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.ledger.clusters import MEMBERS, Cluster
from benchmarks.ledger.load import in_all
from benchmarks.ledger.ratios import Goal, beside
from benchmarks.ledger.setting import Setting
from benchmarks.ledger.stores import Store
from benchmarks.report import Row

WRITERS = 256
CHUNK = 1 << 20
MB = 1e6


@dataclass(frozen=True)
class Figures:
    """What one store came to."""

    catch_up_s: float
    restart_s: float
    disk_mb: float
    memory_mb: float


async def measure(setting: Setting) -> list[Row]:
    """Return the four rows."""
    ours: list[Figures] = []
    theirs: list[Figures] = []
    for number in range(setting.rounds):
        name = f"volume-{number}"
        setting.tell(f"{setting.entries} entries, ours, round {number + 1}")
        async with setting.ours(name) as ledger:
            ours.append(await figures(ledger, setting.entries))
        setting.tell(f"{setting.entries} entries, etcd, round {number + 1}")
        async with setting.theirs(name) as etcd:
            if etcd is not None:
                theirs.append(await figures(etcd, setting.entries))
    return [
        beside(
            f"{setting.entries:,} entries: {what}",
            unit,
            [value(one) for one in ours],
            [value(one) for one in theirs],
            peer="etcd",
            goal=Goal(at_most=most),
        )
        for what, unit, value, most in _ROWS
    ]


_ROWS: tuple[tuple[str, str, Callable[[Figures], float], float], ...] = (
    ("restart of a replica", "s", lambda one: one.restart_s, 1.0),
    ("catch-up of one that missed them", "s", lambda one: one.catch_up_s, 1.5),
    ("disk of the primary", "MB", lambda one: one.disk_mb, 1.2),
    ("memory of the primary", "MB", lambda one: one.memory_mb, 0.8),
)


async def figures(cluster: Cluster, entries: int) -> Figures:
    """Write that many records while one member is away, then bring it back twice."""
    primary = await cluster.primary()
    absent = next(member for member in MEMBERS if member != primary)
    await cluster.kill(absent)
    store: Store = await cluster.store()
    await in_all(store.append, workers=WRITERS, count=entries)
    await store.close()
    primary = await cluster.primary()
    status = await cluster.found(primary)
    assert status is not None, "it has just said that it leads"

    async def back() -> float:
        started = time.monotonic()
        await cluster.start(absent)
        return await cluster.reached(absent, index=status.applied_index) - started

    disk, memory = disk_mb(cluster.data(primary)), memory_mb(cluster.pid(primary))
    catch_up_s = await back()
    await cluster.kill(absent)
    return Figures(catch_up_s=catch_up_s, restart_s=await back(), disk_mb=disk, memory_mb=memory)


def disk_mb(directory: Path) -> float:
    """Return what a data directory holds, megabytes, without what is only set aside.

    etcd reserves 64 MB at a time: the zeros at the end of a file are not counted, for either.
    """
    return sum(_written(path) for path in directory.rglob("*") if path.is_file()) / MB


def _written(path: Path) -> int:
    end = path.stat().st_size
    with path.open("rb") as file:
        while end > 0:
            begin = max(0, end - CHUNK)
            file.seek(begin)
            kept = file.read(end - begin).rstrip(b"\0")
            if kept:
                return begin + len(kept)
            end = begin
    return 0


def memory_mb(pid: int) -> float:
    """Return a process's resident set, megabytes."""
    resident: int = psutil.Process(pid).memory_info().rss
    return resident / MB
