"""Three members of one store as processes, whichever store it is."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import grpc

from benchmarks.ledger.processes import Process
from benchmarks.ledger.stores import Store
from node.address import Address
from node.errors import OperationError

MEMBERS = ("a", "b", "c")
READY_S = 60.0
POLL_S = 0.01


@dataclass(frozen=True)
class TimeOuts:
    """Milliseconds; a backup stands after one to two election time-outs, in both stores."""

    heartbeat_ms: int
    election_ms: int


@dataclass(frozen=True)
class MemberStatus:
    """What a member says of itself."""

    leads: bool
    has_leader: bool
    applied_index: int


class Cluster(ABC):
    """Start it, use `store`, and `stop` it whatever happened."""

    name: str

    def __init__(self, directory: Path, addresses: Mapping[str, Address]) -> None:
        self.directory = directory
        self.addresses = dict(addresses)
        self._processes: dict[str, Process] = {}

    @abstractmethod
    def command(self, member: str) -> list[str]:
        """Return the command line that runs a member."""

    @abstractmethod
    async def status(self, member: str, *, timeout: float) -> MemberStatus:
        """Ask a member, over a connection of its own. Raises grpc.aio.AioRpcError."""

    @abstractmethod
    async def prepare(self) -> None:
        """Do what has to be done once before anything is written."""

    @abstractmethod
    async def store(self) -> Store:
        """Return a client that writes and reads as a user of the store would."""

    @abstractmethod
    async def first_commit(self, store: Store) -> None:
        """Commit something although the primary is gone: return as soon as anything is."""

    def data(self, member: str) -> Path:
        """Return a member's data directory."""
        return self.directory / member

    def pid(self, member: str) -> int:
        """Return a member's process id."""
        return self._processes[member].pid

    async def start(self, *members: str) -> None:
        """Start members on the data that they have."""
        for member in members:
            log = self.directory / f"{self.name}-{member}.log"
            self._processes[member] = await Process.start(self.command(member), log=log)

    async def begin(self) -> None:
        """Start all members for the first time and return once they serve."""
        self.directory.mkdir(parents=True)
        await self.start(*MEMBERS)
        await self.primary()
        await self.prepare()

    async def kill(self, member: str) -> None:
        """SIGKILL; returns when the process is gone."""
        await self._processes.pop(member).kill()

    async def stop(self) -> None:
        """End whatever runs."""
        for process in self._processes.values():
            await process.kill()

    async def primary(self) -> str:
        """Return who leads, once there is one."""
        async with _ready_within(self.name):
            while True:
                for member in MEMBERS:
                    found = await self.found(member)
                    if found is not None and found.leads:
                        return member
                for process in self._processes.values():
                    process.check()
                await asyncio.sleep(POLL_S)

    async def found(self, member: str) -> MemberStatus | None:
        """Return a member's status, None while it does not answer."""
        address = self.addresses[member]
        try:  # a channel to a port where nobody listens yet would wait before it tries again
            _, writer = await asyncio.open_connection(address.host, address.port)
        except OSError:
            return None
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        try:
            return await self.status(member, timeout=1.0)
        except grpc.aio.AioRpcError:
            return None

    async def reached(self, member: str, *, index: int) -> float:
        """Return the monotonic second at which a member is known to have applied an index."""
        return await self._until(
            member, lambda status: status.has_leader and status.applied_index >= index
        )

    async def _until(self, member: str, there: Callable[[MemberStatus], bool]) -> float:
        async with _ready_within(f"{self.name}-{member}"):
            while True:
                status = await self.found(member)
                if status is not None and there(status):
                    return time.monotonic()
                self._processes[member].check()
                await asyncio.sleep(POLL_S)


@asynccontextmanager
async def _ready_within(name: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(READY_S):
            yield
    except TimeoutError:
        raise OperationError(
            f"{name} is not ready after {READY_S:g} s: see whether the machine is busy"
        ) from None
