"""`python -m benchmarks web`: listeners and readers on one web service before real replicas."""

import asyncio
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import psutil

from benchmarks.machine import this_machine
from benchmarks.options import report_options
from benchmarks.report import Report, Row
from benchmarks.web.cameras import LOT, Cameras, layout
from central.demo.cluster import WEB, Cluster, wait_listening
from central.demo.ports import free_addresses
from central.demo.processes import Supervisor
from central.ledger.client import LedgerClient
from node.address import Address
from node.errors import OperationError
from node.finite import FiniteRange

START_S = 60.0
P99_GOAL_MS = 100.0
GROWTH_GOAL = 1.25
PATHS = (f"/api/v1/lots/{LOT}", f"/api/v1/lots/{LOT}/spots")


@dataclass(frozen=True)
class Load:
    """What is asked of the service."""

    listeners: int
    rate: float
    seconds: float
    cameras: int
    changes: float

    @property
    def asked(self) -> int:
        """How many requests."""
        return round(self.rate * self.seconds)


@dataclass(frozen=True)
class Measured:
    """What was found."""

    heard: dict[str, Any]
    served: dict[str, Any]
    changes: int
    cpu_s: float  # of the web service while the requests were made
    memory_first: float  # MB, when the load had begun
    memory_last: float


@click.command()
@click.option(
    "--listeners",
    type=click.IntRange(1, 10_000),
    default=1000,
    show_default=True,
    show_envvar=True,
    help="Live listeners.",
)
@click.option(
    "--rate",
    type=FiniteRange(1, 10_000),
    default=500.0,
    show_default=True,
    show_envvar=True,
    help="Requests of current occupancy a second.",
)
@click.option(
    "--seconds",
    type=FiniteRange(2, 3600),
    default=20.0,
    show_default=True,
    show_envvar=True,
    help="How long.",
)
@click.option(
    "--cameras",
    type=click.IntRange(1, 100),
    default=20,
    show_default=True,
    show_envvar=True,
    help="Cameras, of twenty spots each, whose spots change meanwhile.",
)
@click.option(
    "--changes",
    type=FiniteRange(0.1, 1000),
    default=4.0,
    show_default=True,
    show_envvar=True,
    help="Changes a second of all cameras together.",
)
@report_options
def benchmark(listeners: int, rate: float, seconds: float, cameras: int, changes: float) -> Report:
    """Measure one web service: listeners who hear every change, and readers beside them.

    Three replicas, the service, the listeners and the readers are processes of this machine, so
    they take each other's time: what is measured is more than the service's own share.
    """
    machine = this_machine()
    load = Load(listeners, rate, seconds, cameras, changes)
    with tempfile.TemporaryDirectory(prefix="parkledger-bench-") as directory:
        measured = asyncio.run(measure(load, Path(directory)))
    return Report(machine=machine, rows=rows(load, measured))


async def measure(load: Load, directory: Path) -> Measured:
    """Start everything, load it, and stop it."""
    cluster = Cluster.plan(directory)
    (listen,) = free_addresses(1)
    supervisor = Supervisor(directory)
    ledger = LedgerClient(cluster.ledger)
    try:
        for replica_id in cluster.replicas:
            arguments = cluster.replica_arguments(replica_id)
            # No processor vouches for the cameras here.
            await supervisor.start(replica_id, [*arguments, "--camera-time-out", "86400"])
        await ledger.apply(layout(load.cameras), timeout=START_S)
        web = cluster.web_arguments(listen)
        await supervisor.start(WEB, [*web, "--max-listeners", str(load.listeners)])
        await wait_listening(WEB, listen, timeout=START_S)
        return await _loaded(load, ledger, listen)
    finally:
        await ledger.close()
        await supervisor.stop(list(supervisor.children), grace=5.0)


async def _loaded(load: Load, ledger: LedgerClient, listen: Address) -> Measured:
    service = _service(listen)
    listeners = await _start("listeners", listen.host, listen.port, load.listeners)
    assert listeners.stdout is not None
    if await listeners.stdout.readline() != b"ready\n":
        raise OperationError("the listeners could not connect: see what the service says")
    stop = asyncio.Event()
    cameras = Cameras(ledger, cameras=load.cameras, changes_a_second=load.changes)
    changing = asyncio.create_task(cameras.run(stop))
    memory_first = service.memory_info().rss / 1e6
    busy = sum(service.cpu_times()[:2])
    readers = await _start("requests", listen.host, listen.port, load.rate, load.seconds, *PATHS)
    served = await _result(readers)
    cpu_s = sum(service.cpu_times()[:2]) - busy
    memory_last = service.memory_info().rss / 1e6
    stop.set()
    await changing
    heard = await _result(listeners, told=cameras.changes)
    return Measured(heard, served, cameras.changes, cpu_s, memory_first, memory_last)


def _service(listen: Address) -> psutil.Process:
    for child in psutil.Process().children(recursive=True):
        if "web" in child.cmdline() and str(listen) in child.cmdline():
            return child
    raise OperationError(f"no process of ours serves {listen}")


async def _start(module: str, *arguments: object) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"benchmarks.web.{module}"),
        *(str(argument) for argument in arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )


async def _result(process: asyncio.subprocess.Process, *, told: object = "") -> dict[str, Any]:
    output, _ = await process.communicate(f"{told}".encode())
    if process.returncode != 0:
        raise OperationError(f"a load process ended with exit code {process.returncode}")
    found = json.loads(output)
    assert isinstance(found, dict)
    return found


def rows(load: Load, measured: Measured) -> tuple[Row, ...]:
    """Return the figures."""
    heard, served = measured.heard, measured.served
    latencies, delays = served["latencies_ms"], heard["delays_ms"]
    missed = measured.changes - heard["fewest_changes"]
    p99 = percentile(latencies, 0.99)
    each_ms = 1000 * measured.cpu_s / load.asked
    return (
        Row(
            "requests answered",
            "1/s",
            len(latencies) / served["seconds"],
            goal=f">= {0.99 * load.rate:g}",
            met=len(latencies) / served["seconds"] >= 0.99 * load.rate,
        ),
        Row("latency from when it was due, p50", "ms", percentile(latencies, 0.5)),
        Row(
            "latency from when it was due, p99",
            "ms",
            p99,
            goal=f"< {P99_GOAL_MS:g}",
            met=p99 is not None and p99 < P99_GOAL_MS,
        ),
        Row("live listeners", "", heard["connected"]),
        Row("changes committed meanwhile", "", measured.changes),
        Row(
            "changes missed by the listener that heard fewest",
            "",
            missed,
            goal="0, and no connection lost",
            met=missed == 0 and heard["lost"] == 0 and heard["resyncs"] == 0,
        ),
        Row("commit to listener, p50", "ms", percentile(delays, 0.5)),
        Row("commit to listener, p99", "ms", percentile(delays, 0.99)),
        Row("CPU of the service", "cores", measured.cpu_s / served["seconds"]),
        Row("CPU of the service a request, listeners included", "ms", each_ms),
        Row("memory of the service, listeners connected", "MB", measured.memory_first),
        Row(
            "memory of the service at the end",
            "MB",
            measured.memory_last,
            goal=f"<= {GROWTH_GOAL:g} x the one before",
            met=measured.memory_last <= GROWTH_GOAL * measured.memory_first,
        ),
    )


def percentile(values: list[float], share: float) -> float | None:
    """Return the value below which that share of sorted values lies; None without any."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else None
