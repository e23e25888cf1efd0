"""Replicas on one event loop, each with its own directory, disk and gRPC server."""

import asyncio
import shutil
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from central.ledger.client import LedgerClient
from central.ledger.interface import LedgerError
from central.ledger.peers.members import configuration_of
from central.ledger.records import ReplicaStatus
from central.ledger.replica.opening import ReplicaSettings
from central.ledger.services.server import serve
from central.raft import Configuration
from node.address import Address

DEADLINE = 60.0  # seconds: far beyond what anything here takes, for machines that are busy


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


@dataclass
class Running:
    """One replica that runs."""

    stop: asyncio.Event
    task: "asyncio.Task[int]"


@dataclass
class Cluster:
    """Use as `async with Cluster(tmp_path) as cluster`."""

    directory: Path
    replica_ids: Sequence[str] = ("a", "b", "c")
    camera_time_out: float = 60.0
    compare_heads_every: float = 0.5
    kept_entries: int = 10_000
    keep_history_days: float | None = None
    cluster_id: str = "test"
    lease: bool = False
    addresses: dict[str, Address] = field(default_factory=dict)
    running: dict[str, Running] = field(default_factory=dict)
    clients: list[LedgerClient] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        ports = free_ports(len(self.replica_ids))
        self.addresses = {
            replica_id: Address("127.0.0.1", port)
            for replica_id, port in zip(self.replica_ids, ports, strict=True)
        }
        for replica_id in self.replica_ids:
            self.start(replica_id)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for client in self.clients:
            await client.close()
        for replica_id in list(self.running):
            await self.stop(replica_id)

    def start(self, replica_id: str, *, newcomer: bool = False) -> None:
        """Start a replica, on what its directory holds."""
        stop = asyncio.Event()
        task = asyncio.create_task(
            serve(
                self.settings(replica_id, newcomer=newcomer),
                listen=self.addresses[replica_id],
                camera_time_out=self.camera_time_out,
                stop=stop,
                compare_heads_every=self.compare_heads_every,
                keep_history_days=self.keep_history_days,
            )
        )
        self.running[replica_id] = Running(stop, task)

    def settings(self, replica_id: str, *, newcomer: bool = False) -> ReplicaSettings:
        """Return what a replica is told."""
        founders = {founder: self.addresses[founder] for founder in self.replica_ids}
        return ReplicaSettings(
            replica_id=replica_id,
            first=Configuration() if newcomer else configuration_of(founders),
            cluster_id=self.cluster_id,
            directory=self.directory / replica_id,
            tick=0.01,
            election_ticks=20,
            heartbeat_ticks=4,
            kept_entries=self.kept_entries,
            lease=self.lease,
        )

    async def stop(self, replica_id: str) -> None:
        """Stop a replica."""
        running = self.running.pop(replica_id)
        running.stop.set()
        assert await asyncio.wait_for(running.task, DEADLINE) == 0

    def newcomer(self, replica_id: str) -> str:
        """Start a replica that waits to be added; returns its address."""
        self.addresses[replica_id] = Address("127.0.0.1", free_ports(1)[0])
        self.start(replica_id, newcomer=True)
        return str(self.addresses[replica_id])

    def wipe(self, replica_id: str) -> None:
        """Lose a stopped replica's disk."""
        shutil.rmtree(self.directory / replica_id)

    async def status(self, replica_id: str) -> ReplicaStatus:
        """Return what a replica says of itself, once it answers."""
        client = self.client(replica_id)
        async with asyncio.timeout(DEADLINE):
            while True:
                try:
                    return await client.replica_status(str(self.addresses[replica_id]))
                except LedgerError:
                    await asyncio.sleep(0.01)

    async def applied(self, replica_id: str, index: int) -> None:
        """Return once a replica has applied that index."""
        async with asyncio.timeout(DEADLINE):
            while True:
                if (await self.status(replica_id)).applied_index >= index:
                    return
                await asyncio.sleep(0.01)

    async def said(self, logs: pytest.LogCaptureFixture, line: str) -> None:
        """Return once a replica has logged a line with that in it."""
        async with asyncio.timeout(DEADLINE):
            while True:
                if line in logs.text:
                    return
                await asyncio.sleep(0.01)

    def client(self, *replica_ids: str) -> LedgerClient:
        """Return a client that is told of these replicas (all, if none is named)."""
        names = replica_ids or self.replica_ids
        client = LedgerClient([self.addresses[name] for name in names])
        self.clients.append(client)
        return client

    async def primary(self) -> str:
        """Return the primary's id, once there is one."""
        client = self.client()
        async with asyncio.timeout(DEADLINE):
            while True:
                for replica_id in self.running:
                    try:
                        status = await client.replica_status(str(self.addresses[replica_id]))
                    except LedgerError:
                        continue
                    if status.primary:
                        return replica_id
                await asyncio.sleep(0.01)

    async def backup(self) -> str:
        """Return the id of a replica that is not the primary."""
        primary = await self.primary()
        return next(replica_id for replica_id in self.running if replica_id != primary)
