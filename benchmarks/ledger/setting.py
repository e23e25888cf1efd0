"""What a run is told, and what it takes from the machine: etcd, and a disk that really syncs."""

import os
import shutil
import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.etcd.cluster import EtcdCluster
from benchmarks.ledger.clusters import Cluster, TimeOuts
from benchmarks.ledger.ours import LedgerCluster
from node.errors import UsageError

IN_MEMORY = ("tmpfs", "ramfs")
SYNCS = 200


@dataclass(frozen=True)
class Setting:
    """directory: on the disk that is measured. etcd: its program, None if there is none."""

    directory: Path
    etcd: str | None
    rounds: int
    seconds: float
    cameras: int
    camera_rate: float
    kills: int
    entries: int
    tell: Callable[[str], None]

    def ours(
        self, name: str, *, time_outs: TimeOuts | None = None, lease: bool = False
    ) -> AbstractAsyncContextManager[Cluster]:
        """Run three replicas, with data of their own."""
        directory = self.directory / name
        return _running(LedgerCluster.plan(directory, time_outs=time_outs, lease=lease))

    def theirs(
        self, name: str, *, time_outs: TimeOuts | None = None
    ) -> AbstractAsyncContextManager[Cluster | None]:
        """Run three members of etcd, if it is there."""
        if self.etcd is None:
            return _nothing()
        directory = self.directory / f"{name}-etcd"
        return _running(EtcdCluster.plan(self.etcd, directory, time_outs=time_outs))


@asynccontextmanager
async def _running(cluster: Cluster) -> AsyncIterator[Cluster]:
    try:
        await cluster.begin()
        yield cluster
    finally:
        await cluster.stop()
        shutil.rmtree(cluster.directory, ignore_errors=True)


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield None


def check_disk(directory: Path) -> None:
    """Raise UsageError if the directory lies in memory, where an fsync costs nothing."""
    kind = _filesystem(directory.resolve())
    if kind in IN_MEMORY:
        raise UsageError(
            f"--directory {directory}: it is a {kind}, where fsync costs nothing; choose one on "
            "the disk that is to be measured"
        )


def _filesystem(directory: Path) -> str:
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    places = [line.split()[1:3] for line in mounts]
    around = [(len(place), kind) for place, kind in places if directory.is_relative_to(place)]
    return max(around)[1] if around else ""


def sync_us(directory: Path) -> float:
    """Return the median microseconds of appending 4 KiB to a file and fdatasync."""
    file = directory / "sync"
    page = bytes(4096)
    taken: list[float] = []
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        for _ in range(SYNCS):
            started = time.perf_counter()
            os.write(descriptor, page)
            os.fdatasync(descriptor)
            taken.append(time.perf_counter() - started)
    finally:
        os.close(descriptor)
        file.unlink()
    return statistics.median(taken) * 1e6
