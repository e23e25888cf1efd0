"""`parkledger ledger`: one replica as a process."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import click

from node.address import ADDRESS, Address
from node.errors import UsageError
from node.identifiers import IdType, check_id
from node.logs import configure, log_level_option


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
                peers[peer] = Address.parse(address)
            except UsageError as error:
                self.fail(str(error), param, ctx)
        return peers


def cluster_id_of(name: str, replica_ids: frozenset[str]) -> str:
    """Return what tells one cluster's replicas and data from another's: name and member ids."""
    members = ",".join(sorted(replica_ids))
    return f"{name}-{hashlib.sha256(members.encode()).hexdigest()[:8]}"


@click.command()
@click.option(
    "--replica-id",
    type=IdType("replica"),
    required=True,
    show_envvar=True,
    help="This replica's id, the same at every start.",
)
@click.option(
    "--listen",
    type=ADDRESS,
    default="127.0.0.1:7001",
    show_default=True,
    show_envvar=True,
    help="Where clients and peers reach this replica. Other replicas must be able to dial it.",
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
    help="The other replicas, ID=HOST:PORT with commas between; three in all survive the loss of "
    "one. Naming this replica too is allowed.  [default: none, a cluster of one]",
)
@click.option(
    "--cluster",
    type=IdType("cluster"),
    default="parkledger",
    show_default=True,
    show_envvar=True,
    help="Name of the cluster: replicas of differently named clusters refuse each other.",
)
@click.option(
    "--tick-ms",
    type=click.IntRange(5, 1000),
    default=20,
    show_default=True,
    show_envvar=True,
    help="Unit of the two times below, milliseconds.",
)
@click.option(
    "--heartbeat-ticks",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    show_envvar=True,
    help="A primary speaks to each backup at least this often, ticks.",
)
@click.option(
    "--election-ticks",
    type=click.IntRange(2, 1000),
    default=15,
    show_default=True,
    show_envvar=True,
    help="A backup that hears nothing for this long to twice as long stands for election, ticks.",
)
@click.option(
    "--camera-time-out",
    type=click.FloatRange(min=1),
    default=15.0,
    show_default=True,
    show_envvar=True,
    help="A camera that no processor vouches for this long is lost: its spots become unknown, s.",
)
@log_level_option
def ledger(
    replica_id: str,
    listen: Address,
    data: Path,
    peers: Mapping[str, Address],
    cluster: str,
    tick_ms: int,
    heartbeat_ticks: int,
    election_ticks: int,
    camera_time_out: float,
    log_level: str,
) -> int:
    """Run one replica of the ledger.

    Start three, each on a machine of its own, with the same ids in --peers:

    \b
      parkledger ledger --replica-id a --listen 10.0.0.1:7001 --data /var/lib/parkledger \\
          --peers a=10.0.0.1:7001,b=10.0.0.2:7001,c=10.0.0.3:7001
    """
    from central.ledger.members import configuration_of
    from central.ledger.opening import ReplicaSettings
    from central.ledger.server import serve
    from node.shutdown import run_until_signalled

    configure(log_level, role=f"ledger[{replica_id}]")
    if heartbeat_ticks >= election_ticks:
        raise UsageError(
            f"--heartbeat-ticks {heartbeat_ticks} must be below --election-ticks "
            f"{election_ticks}: give at least three times as many election ticks"
        )
    if replica_id in peers and peers[replica_id].port != listen.port:
        raise UsageError(
            f"--peers says that replica '{replica_id}' is at {peers[replica_id]}, --listen says "
            f"{listen}: give the same port"
        )
    # What others are told to dial is what --peers says of us, where it says anything.
    addresses = {replica_id: listen, **peers}
    settings = ReplicaSettings(
        replica_id=replica_id,
        first=configuration_of(addresses),
        cluster_id=cluster_id_of(cluster, frozenset(addresses)),
        directory=data,
        tick=tick_ms / 1000,
        election_ticks=election_ticks,
        heartbeat_ticks=heartbeat_ticks,
    )
    return run_until_signalled(
        lambda stop: serve(
            settings,
            listen=listen,
            camera_time_out=camera_time_out,
            stop=stop,
        )
    )
