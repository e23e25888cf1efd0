"""A processor and its ledger as processes, and the cores that they may use."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import psutil

from benchmarks.ledger.processes import Process, bound_to_us
from central.demo.ports import free_addresses
from central.layout.document import Layout
from central.ledger.client import LedgerClient
from central.ledger.interface import LedgerError
from node.address import Address
from node.errors import OperationError

READY_S = 60.0
_AT_A_TIME = 8  # layouts
_PATCHES = r'parkledger_processor_patches_total\{score="(\w+)"\} (\d+)'


@dataclass(frozen=True)
class Served:
    """What runs; `index` is the ledger's when all layouts were applied."""

    listen: Address
    metrics: Address  # of the processor
    ledger: LedgerClient
    processor: psutil.Process
    replicas: tuple[psutil.Process, ...]
    index: int


@asynccontextmanager
async def served(
    folder: Path,
    layouts: Collection[Layout],
    *,
    replicas: int = 1,
    options: Sequence[str] = (),
) -> AsyncIterator[Served]:
    """Run replicas and a processor, with layouts applied; raises OperationError.

    options: of the processor.
    """
    *at, listen, metrics = free_addresses(replicas + 2)
    members = {f"replica-{number}": address for number, address in enumerate(at)}
    async with AsyncExitStack() as stack:
        started = []
        told = ("--listen", str(listen), "--metrics", str(metrics), *options)
        for name, arguments in _commands(folder, members, told).items():
            command = bound_to_us([sys.executable, "-m", "node", *arguments])
            process = await Process.start(command, log=folder / f"{name}.log")
            stack.push_async_callback(process.kill)
            started.append(process)
        ledger = LedgerClient(tuple(at))
        stack.push_async_callback(ledger.close)
        index = await _apply(ledger, layouts)
        for process in started:
            process.check()
        *ledgers, processor = (psutil.Process(process.pid) for process in started)
        yield Served(listen, metrics, ledger, processor, tuple(ledgers), index)


def _commands(
    folder: Path, members: dict[str, Address], options: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Return the arguments of `parkledger`, the processor's last."""
    commands: dict[str, tuple[str, ...]] = {}
    for name, address in members.items():
        peers = ",".join(f"{peer}={where}" for peer, where in members.items() if peer != name)
        commands[name] = (
            *("ledger", "--replica-id", name, "--listen", str(address)),
            *("--data", str(folder / name), "--peers", peers or f"{name}={address}"),
        )
    addresses = ",".join(str(address) for address in members.values())
    commands["processor"] = ("processor", "--ledger", addresses, *options)
    return commands


async def _apply(ledger: LedgerClient, layouts: Collection[Layout]) -> int:
    turns = asyncio.Semaphore(_AT_A_TIME)

    async def one(layout: Layout) -> int:
        async with turns:
            return (await ledger.apply(layout, timeout=READY_S)).index

    try:
        return max(await asyncio.gather(*(one(layout) for layout in layouts)))
    except LedgerError as error:
        raise OperationError(f"the ledger takes no layout: {error}") from error


@contextmanager
def apart(served: Served) -> Iterator[int]:
    """Give the processor a core of its own, which is yielded, and all others, ourselves too, the
    rest. Where there is but one core, all share it.
    """
    before = os.sched_getaffinity(0)
    own, *others = sorted(before)
    rest = set(others) or {own}
    pin(served.processor, {own})
    for replica in served.replicas:
        pin(replica, rest)
    os.sched_setaffinity(0, rest)
    try:
        yield own
    finally:
        os.sched_setaffinity(0, before)


def pin(process: psutil.Process, cores: Collection[int]) -> None:
    """Let all threads of a process, and those that they will start, run on these cores only."""
    for thread in process.threads():
        with suppress(ProcessLookupError):  # a thread that has just ended
            os.sched_setaffinity(thread.id, cores)


def patches(served: Served) -> dict[str, int]:
    """Return how many spots the processor has classified, and how many it has reused."""
    with urlopen(f"http://{served.metrics}/metrics", timeout=READY_S) as page:
        lines = page.read().decode().splitlines()
    found = (re.fullmatch(_PATCHES, line) for line in lines)
    return {one[1]: int(one[2]) for one in found if one is not None}
