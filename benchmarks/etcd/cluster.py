"""Three members of etcd as processes."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import grpc

from benchmarks.etcd import rpc_pb2
from benchmarks.etcd.stores import EtcdUnary, kv_stub, maintenance_stub
from benchmarks.ledger.clusters import MEMBERS, Cluster, MemberStatus, TimeOuts
from benchmarks.ledger.processes import bound_to_us
from benchmarks.ledger.stores import Store
from central.demo.ports import free_addresses
from node.address import Address

NAME = "etcd"
ATTEMPT_EVERY_S = 0.01
ATTEMPT_TIME_OUT_S = 1.0


class EtcdCluster(Cluster):
    """`etcd`, three times, without TLS, otherwise as it comes."""

    name = NAME

    def __init__(
        self,
        program: str,
        directory: Path,
        addresses: Mapping[str, Address],
        peers: Mapping[str, Address],
        time_outs: TimeOuts | None,
    ) -> None:
        """`time_outs` None: etcd's defaults."""
        super().__init__(directory, addresses)
        self._program = program
        self._peers = dict(peers)
        self._time_outs = time_outs

    @classmethod
    def plan(
        cls, program: str, directory: Path, *, time_outs: TimeOuts | None = None
    ) -> "EtcdCluster":
        """Choose ports; starts nothing."""
        ports = free_addresses(2 * len(MEMBERS))
        addresses = dict(zip(MEMBERS, ports[: len(MEMBERS)], strict=True))
        peers = dict(zip(MEMBERS, ports[len(MEMBERS) :], strict=True))
        return cls(program, directory, addresses, peers, time_outs)

    def command(self, member: str) -> list[str]:
        """Return the command line that runs a member."""
        client, peer = f"http://{self.addresses[member]}", f"http://{self._peers[member]}"
        everyone = ",".join(f"{name}=http://{at}" for name, at in self._peers.items())
        arguments = [
            self._program,
            *("--name", member),
            *("--data-dir", str(self.data(member))),
            *("--listen-client-urls", client),
            *("--advertise-client-urls", client),
            *("--listen-peer-urls", peer),
            *("--initial-advertise-peer-urls", peer),
            *("--initial-cluster", everyone),
            *("--initial-cluster-state", "new"),
            *("--log-level", "error"),
            *("--logger", "zap"),
        ]
        if self._time_outs is not None:
            arguments += ["--heartbeat-interval", str(self._time_outs.heartbeat_ms)]
            arguments += ["--election-timeout", str(self._time_outs.election_ms)]
        return bound_to_us(arguments)

    async def status(self, member: str, *, timeout: float) -> MemberStatus:
        """Ask a member."""
        async with grpc.aio.insecure_channel(str(self.addresses[member])) as channel:
            found = await maintenance_stub(channel).Status(rpc_pb2.StatusRequest(), timeout=timeout)
        return MemberStatus(
            leads=found.leader != 0 and found.leader == found.header.member_id,
            has_leader=found.leader != 0,
            applied_index=found.raft_applied_index,
        )

    async def prepare(self) -> None:
        """Nothing: any key may be written."""

    async def store(self) -> Store:
        """Return a client of the leader: what another member is sent it has to forward."""
        return EtcdUnary(self.addresses[await self.primary()])

    async def first_commit(self, store: Store) -> None:
        """Put at the two others in turn, a hundred times a second, until one of them has done it.

        No client does as well; so that what is measured is etcd.
        """
        del store  # its member may be the one that is gone
        alive = [self.addresses[member] for member in self._processes]
        channels = [grpc.aio.insecure_channel(str(address)) for address in alive]
        attempts: set[asyncio.Task[bool]] = set()
        try:
            for number in range(10**6):
                channel = channels[number % len(channels)]
                attempts.add(asyncio.create_task(_attempt(channel, number)))
                done, attempts = await asyncio.wait(
                    attempts, timeout=ATTEMPT_EVERY_S, return_when=asyncio.FIRST_COMPLETED
                )
                if any(task.result() for task in done):
                    return
        finally:
            for task in attempts:
                task.cancel()
            await asyncio.gather(*attempts, return_exceptions=True)
            await asyncio.gather(*(channel.close() for channel in channels))


async def _attempt(channel: grpc.aio.Channel, number: int) -> bool:
    try:
        await kv_stub(channel).Put(
            rpc_pb2.PutRequest(key=b"after", value=str(number).encode()),
            timeout=ATTEMPT_TIME_OUT_S,
        )
    except grpc.aio.AioRpcError:
        return False
    return True
