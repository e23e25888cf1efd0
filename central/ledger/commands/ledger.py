"""`parkledger ledger`: one replica as a process."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from central.ledger.commands.options import listen_option, replica_id_option
from node.address import REMOTE_ADDRESS, Address
from node.errors import UsageError
from node.finite import FiniteRange
from node.identifiers import IdType, check_id
from node.logs import configure, log_level_option

if TYPE_CHECKING:
    from central.raft import Configuration

LEAST_LEASE_TICKS = 5
ANY_HOST = ("0.0.0.0", "[::]")
JOIN_TIME_OUT = 10.0  # seconds that a group has to say who it is


class PeersType(click.ParamType[dict[str, Address]]):
    """ID=HOST:PORT, with commas between them."""

    name = "id=host:port[,…]"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, Address]:
        if isinstance(value, dict):
            return value
        peers: dict[str, Address] = {}
        for part in filter(None, re.split(r"[,\s]+", str(value))):
            peer, separator, address = part.partition("=")
            if not separator:
                self.fail(f"'{part}': write ID=HOST:PORT, for example b=10.0.0.2:7001", param, ctx)
            try:
                check_id("replica", peer)
                if peer in peers:
                    self.fail(f"replica '{peer}' is named twice", param, ctx)
                peers[peer] = Address.parse_remote(address)
            except UsageError as error:
                self.fail(str(error), param, ctx)
        return peers


def cluster_id_of(name: str, replica_ids: frozenset[str]) -> str:
    """Return what tells one cluster's replicas and data from another's: name and member ids."""
    members = ",".join(sorted(replica_ids))
    return f"{name}-{hashlib.sha256(members.encode()).hexdigest()[:8]}"


_HELP = """\
Run one replica of the ledger.

Start three, each on a machine of its own, with the same ids in --peers:

\b
  parkledger ledger --replica-id a --listen 10.0.0.1:7001 --data /var/lib/parkledger \\
      --peers a=10.0.0.1:7001,b=10.0.0.2:7001,c=10.0.0.3:7001

A replica is added to them later, on a machine of its own, in two steps: it starts and waits,
then an operator says, anywhere, that it belongs to them:

\b
  parkledger ledger --replica-id d --listen 10.0.0.4:7001 --data /var/lib/parkledger \\
      --join 10.0.0.1:7001
  parkledger members add d 10.0.0.4:7001 --ledger 10.0.0.1:7001

It does not add itself, so that one that was removed stays so when its machine restarts, and
so that the address is given that all others dial. Later starts need neither --peers nor
--join; giving them again changes nothing.
"""


@click.command(help=_HELP)
@replica_id_option("This replica's id, the same at every start.")
@listen_option(
    "Where clients and peers reach this replica. Other replicas must be able to dial it."
)
@click.option(
    "--peer-port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="any that is free",
    show_envvar=True,
    help="Port, of the same host as --listen, where other replicas connect; they ask for it. Give "
    "one where a firewall has to let it through.",
)
@click.option(
    "--append-port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="any that is free",
    show_envvar=True,
    help="Port, of the same host as --listen, where clients go on with appends that they began at "
    "--listen, for less work at both ends. Give one where a firewall has to let it through; "
    "without, they stay at --listen.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("parkledger-data"),
    show_default=True,
    show_envvar=True,
    help="Directory of this replica's log and state; made if missing, never shared.",
)
@click.option(
    "--peers",
    type=PeersType(),
    default="",
    show_envvar=True,
    help="The other replicas of a new cluster, ID=HOST:PORT with commas between; three in all "
    "survive the loss of one. Naming this replica too is allowed. Counts at the first start: then "
    "the log says who belongs to it.  [default: none, a cluster of one]",
)
@click.option(
    "--join",
    type=REMOTE_ADDRESS,
    show_envvar=True,
    help="HOST:PORT of any replica of a running cluster that this one is to be added to. Counts at "
    "the first start.  [default: none, a new cluster]",
)
@click.option(
    "--cluster",
    type=IdType("cluster"),
    show_envvar=True,
    help="Name of the cluster: replicas of differently named clusters refuse each other. Later "
    "starts check it if it is given.  [default: parkledger]",
)
@click.option(
    "--tick-ms",
    type=click.IntRange(5, 1000),
    default=10,
    show_default=True,
    show_envvar=True,
    help="Unit of the two times below, milliseconds.",
)
@click.option(
    "--heartbeat-ticks",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    show_envvar=True,
    help="A primary speaks to each backup at least this often, ticks.",
)
@click.option(
    "--election-ticks",
    type=click.IntRange(2, 1000),
    default=22,
    show_default=True,
    show_envvar=True,
    help="A backup that hears nothing for this long to twice as long stands for election, ticks.",
)
@click.option(
    "--lease/--no-lease",
    default=False,
    show_default=True,
    show_envvar=True,
    help="The primary answers reads alone for most of an election time-out after a quorum has "
    "answered it, instead of asking anew for each. Right as long as no replica's clock runs a "
    "tenth faster than another's. The same for all replicas.",
)
@click.option(
    "--camera-time-out",
    type=FiniteRange(min=1),
    default=15.0,
    show_default=True,
    show_envvar=True,
    help="A camera that no processor vouches for this long is lost: its spots become unknown, s.",
)
@click.option(
    "--keep-history",
    type=FiniteRange(min=0, min_open=True, max=36_500),
    metavar="DAYS",
    show_default="all of it",
    show_envvar=True,
    help="Drop history that was committed longer ago, for good. What the primary was started with "
    "counts, so give the same to every replica.",
)
@log_level_option
def ledger(
    replica_id: str,
    listen: Address,
    peer_port: int,
    append_port: int,
    data: Path,
    peers: Mapping[str, Address],
    join: Address | None,
    cluster: str | None,
    tick_ms: int,
    heartbeat_ticks: int,
    election_ticks: int,
    lease: bool,
    camera_time_out: float,
    keep_history: float | None,
    log_level: str,
) -> int:
    """Run one replica; what a person reads is _HELP."""
    from central.ledger.replica.opening import ReplicaSettings
    from central.ledger.services.server import serve
    from node.shutdown import run_until_signalled

    configure(log_level, role=f"ledger[{replica_id}]")
    _check_ports(listen, peer_port, append_port)
    _check_together(replica_id, listen, peers, join, heartbeat_ticks, election_ticks, lease=lease)
    first, cluster_id = _group(replica_id, listen, data, peers, join, cluster)
    settings = ReplicaSettings(
        replica_id=replica_id,
        first=first,
        cluster_id=cluster_id,
        cluster_name=cluster,
        directory=data,
        tick=tick_ms / 1000,
        election_ticks=election_ticks,
        heartbeat_ticks=heartbeat_ticks,
        lease=lease,
    )
    return run_until_signalled(
        lambda stop: serve(
            settings,
            listen=listen,
            peer_port=peer_port,
            append_port=append_port,
            camera_time_out=camera_time_out,
            keep_history_days=keep_history,
            stop=stop,
        ),
        uvloop=True,
    )


def _check_ports(listen: Address, peer_port: int, append_port: int) -> None:
    """Raise UsageError for ports that cannot be."""
    if listen.port == 0:
        raise UsageError(f"--listen {listen}: others must know the port; give one from 1 to 65535")
    for option, port in (("--peer-port", peer_port), ("--append-port", append_port)):
        if port == listen.port:
            raise UsageError(
                f"{option} {port} is the port of --listen {listen}: each needs its own, give "
                "another"
            )
    if append_port and append_port == peer_port:
        raise UsageError(
            f"--append-port {append_port} is --peer-port, too: each needs its own, give another"
        )


def _check_together(
    replica_id: str,
    listen: Address,
    peers: Mapping[str, Address],
    join: Address | None,
    heartbeat_ticks: int,
    election_ticks: int,
    *,
    lease: bool,
) -> None:
    """Raise UsageError for options that contradict each other."""
    if heartbeat_ticks >= election_ticks:
        raise UsageError(
            f"--heartbeat-ticks {heartbeat_ticks} must be below --election-ticks "
            f"{election_ticks}: give at least three times as many election ticks"
        )
    if lease and election_ticks < LEAST_LEASE_TICKS:
        raise UsageError(
            f"--lease with --election-ticks {election_ticks} leaves no time for a lease: give at "
            f"least {LEAST_LEASE_TICKS}, and smaller ones with --tick-ms"
        )
    if replica_id in peers and peers[replica_id].port != listen.port:
        raise UsageError(
            f"--peers says that replica '{replica_id}' is at {peers[replica_id]}, --listen says "
            f"{listen}: give the same port"
        )
    if peers and join:
        raise UsageError(
            f"--join {join} and --peers: a replica begins a new cluster or joins one; give one of "
            "them"
        )


def _check_can_be_dialled(replica_id: str, address: Address) -> None:
    if address.host in ANY_HOST:
        raise UsageError(
            f"--listen {address}: others could not find this replica there; give its own address, "
            f"or say it beside --listen: --peers {replica_id}=HOST:{address.port}"
        )


def _group(
    replica_id: str,
    listen: Address,
    data: Path,
    peers: Mapping[str, Address],
    join: Address | None,
    cluster: str | None,
) -> "tuple[Configuration, str]":
    """Return the first configuration and the id of the group that the replica begins or joins."""
    from central.ledger.peers.identity import holds_replica
    from central.ledger.peers.members import configuration_of
    from central.raft import Configuration

    if join is None:
        # What others are told to dial is what --peers says of us, where it says anything.
        addresses = {replica_id: listen, **peers}
        if not holds_replica(data):
            _check_can_be_dialled(replica_id, addresses[replica_id])
        cluster_id = cluster_id_of(cluster or "parkledger", frozenset(addresses))
        return configuration_of(addresses), cluster_id
    if holds_replica(data):  # it knows its group, or waits to be added to it
        return Configuration(), ""

    import asyncio

    from central.ledger.client.joining import cluster_to_join

    cluster_id = asyncio.run(cluster_to_join(replica_id, join, timeout=JOIN_TIME_OUT))
    return Configuration(), cluster_id
