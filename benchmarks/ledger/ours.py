"""Three replicas of the ledger as processes."""

from collections.abc import Mapping
from pathlib import Path

import grpc

from benchmarks.ledger.clusters import MEMBERS, Cluster, MemberStatus, TimeOuts
from benchmarks.ledger.records import layout
from benchmarks.ledger.stores import LedgerStore, Store
from central.demo.ports import free_addresses
from central.demo.processes import command_line
from central.ledger.client import LedgerClient
from central.ledger.wire.channels import channel_options, parking_stub
from node.address import Address
from protos import parking_pb2

NAME = "ledger"
TICKS_A_HEARTBEAT = 1


class LedgerCluster(Cluster):
    """`parkledger ledger`, three times."""

    name = NAME

    def __init__(
        self,
        directory: Path,
        addresses: Mapping[str, Address],
        time_outs: TimeOuts | None,
        *,
        lease: bool,
    ) -> None:
        """`time_outs` None: the program's defaults. lease: reads by lease."""
        super().__init__(directory, addresses)
        self._time_outs = time_outs
        self._lease = lease

    @classmethod
    def plan(
        cls, directory: Path, *, time_outs: TimeOuts | None = None, lease: bool = False
    ) -> "LedgerCluster":
        """Choose ports; starts nothing."""
        addresses = dict(zip(MEMBERS, free_addresses(len(MEMBERS)), strict=True))
        return cls(directory, addresses, time_outs, lease=lease)

    def command(self, member: str) -> list[str]:
        """Return the command line that runs a replica."""
        arguments = [
            "ledger",
            *("--replica-id", member),
            *("--listen", str(self.addresses[member])),
            *("--data", str(self.data(member))),
            *("--peers", ",".join(f"{peer}={at}" for peer, at in self.addresses.items())),
            *("--camera-time-out", "86400"),  # no processor vouches for the cameras here
            "--lease" if self._lease else "--no-lease",
        ]
        if self._time_outs is not None:
            ticks = self._time_outs.election_ms // self._time_outs.heartbeat_ms
            arguments += ["--tick-ms", str(self._time_outs.heartbeat_ms)]
            arguments += ["--heartbeat-ticks", str(TICKS_A_HEARTBEAT)]
            arguments += ["--election-ticks", str(ticks)]
        return command_line(arguments)

    async def status(self, member: str, *, timeout: float) -> MemberStatus:
        """Ask a replica."""
        async with grpc.aio.insecure_channel(
            str(self.addresses[member]), options=channel_options()
        ) as channel:
            found = await parking_stub(channel).GetReplicaStatus(
                parking_pb2.GetReplicaStatusRequest(), timeout=timeout
            )
        return MemberStatus(
            leads=found.role == parking_pb2.REPLICA_ROLE_PRIMARY,
            has_leader=bool(found.primary_id),
            applied_index=found.applied_index,
        )

    async def prepare(self) -> None:
        """Apply the layout that the records belong to."""
        client = LedgerClient(tuple(self.addresses.values()))
        try:
            await client.apply(layout(), timeout=30.0)
        finally:
            await client.close()

    async def store(self) -> Store:
        """Return a client that knows all replicas."""
        return LedgerStore(tuple(self.addresses.values()))

    async def first_commit(self, store: Store) -> None:
        """Append once: the ledger's client looks for the new primary by itself."""
        await store.append(0)
