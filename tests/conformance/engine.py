"""What a ledger has to offer for the suite to be run against it; and ours, as real processes.

Another engine: a class with these methods, named as MODULE:CLASS in the environment variable
PARKLEDGER_CONFORMANCE_ENGINE.

    PARKLEDGER_CONFORMANCE_ENGINE=mine.engine:Mine python -m pytest tests/conformance
"""

import asyncio
import importlib
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import grpc

from central.demo.cluster import Cluster
from central.demo.processes import command_line
from central.ledger.client import LedgerClient
from central.ledger.interface import Audited, Ledger, LedgerError

VARIABLE = "PARKLEDGER_CONFORMANCE_ENGINE"
PATIENCE = 60.0
"""Seconds for whatever should take one or two: machines are busy."""
MOVED = (grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.UNAVAILABLE)
"""What a replica answers that leads no more."""


class Client(Ledger, Audited, Protocol):
    """What tests ask."""


class Engine(Protocol):
    """A group of three replicas. Its fates are decided here; all else is asked of its clients."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """HOST:PORT of each replica, where it also speaks `protos/parking.proto`."""
        ...

    def start(self, directory: Path, *, keep_history_s: float | None = None) -> None:
        """Start it; it need not serve yet when this returns.

        keep_history_s: history that was committed more seconds ago is dropped, soon and by itself;
        None: all of it is kept.
        """
        ...

    def stop(self) -> None:
        """End it, whatever state it is in."""
        ...

    def client(self) -> Client:
        """Return a new client that knows all replicas; the test closes it."""
        ...

    def kill(self, address: str) -> None:
        """End one replica as a power cut would."""
        ...

    def revive(self) -> None:
        """Start every replica that does not run, on what its disk holds."""
        ...


class Processes:
    """Three replicas of `parkledger ledger` on this machine, with real disks and fsyncs."""

    def __init__(self) -> None:
        self._cluster: Cluster | None = None
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._options: list[str] = []

    @property
    def addresses(self) -> tuple[str, ...]:
        assert self._cluster is not None
        return tuple(str(address) for address in self._cluster.ledger)

    def start(self, directory: Path, *, keep_history_s: float | None = None) -> None:
        self._cluster = Cluster.plan(directory)
        # No processor vouches for the cameras here, and that is not what is tested.
        self._options = ["--camera-time-out", "600"]
        if keep_history_s is not None:
            self._options += ["--keep-history", str(keep_history_s / 86_400)]
        self.revive()

    def stop(self) -> None:
        for process in self._running.values():
            process.send_signal(signal.SIGTERM)
        for process in self._running.values():
            process.wait(PATIENCE)

    def client(self) -> Client:
        assert self._cluster is not None
        return LedgerClient(self._cluster.ledger)

    def kill(self, address: str) -> None:
        process = self._running[address]
        process.kill()
        process.wait(PATIENCE)

    def revive(self) -> None:
        assert self._cluster is not None
        for replica_id, address in self._cluster.replicas.items():
            old = self._running.get(str(address))
            if old is None or old.poll() is not None:
                arguments = [*self._cluster.replica_arguments(replica_id), *self._options]
                with (self._cluster.directory / f"{replica_id}.log").open("ab") as log:
                    self._running[str(address)] = subprocess.Popen(
                        command_line(arguments),
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                    )


def chosen() -> Engine:
    """Return the engine to be tested: ours, or what the environment names."""
    named = os.environ.get(VARIABLE)
    if not named:
        return Processes()
    module, _, attribute = named.partition(":")
    engine: Engine = getattr(importlib.import_module(module), attribute)()
    return engine


async def primary_of(engine: Engine, client: Ledger) -> str:
    """Return the primary's address, once there is one."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for address in engine.addresses:
                try:
                    if (await client.replica_status(address)).primary:
                        return address
                except LedgerError:
                    continue
            await asyncio.sleep(0.05)


async def refusal_by_primary(
    engine: Engine, client: Ledger, ask: Callable[[grpc.aio.Channel], Awaitable[object]]
) -> grpc.aio.AioRpcError:
    """Return the error that a call to the primary ends with; asked again where another leads now.

    On a machine that is busy enough replicas may elect anew at any time.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            async with grpc.aio.insecure_channel(await primary_of(engine, client)) as channel:
                try:
                    await ask(channel)
                except grpc.aio.AioRpcError as error:
                    if error.code() not in MOVED:
                        return error
                else:
                    raise AssertionError("the primary did not refuse it")


async def all_at(engine: Engine, client: Ledger, index: int) -> None:
    """Return once every replica has applied an index."""
    async with asyncio.timeout(PATIENCE):
        while True:
            applied = []
            for address in engine.addresses:
                try:
                    applied.append((await client.replica_status(address)).applied_index)
                except LedgerError:
                    break
            if len(applied) == len(engine.addresses) and min(applied) >= index:
                return
            await asyncio.sleep(0.05)
