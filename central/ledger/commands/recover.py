"""`parkledger recover`: the way out when a quorum of the replicas is gone for good."""

from pathlib import Path

import click

from central.ledger.commands.options import listen_option, replica_id_option
from node.address import Address
from node.errors import UsageError


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    required=True,
    show_envvar=True,
    help="Data directory of the stopped replica that survived.",
)
@replica_id_option("Its id; it keeps it.")
@listen_option("Where it will listen: replicas that are added later dial it there.")
@click.option(
    "--force-new-cluster",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Make it a cluster of its own, whoever else belonged to it. Needed, or --dry-run.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Only print where its log ends, to compare survivors.",
)
@click.option(
    "--yes",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Do not ask whether to go on.",
)
def recover(
    data: Path,
    replica_id: str,
    listen: Address,
    force_new_cluster: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Make a new cluster of one replica's data, when a majority of the others is lost for good.

    It can lose what was acked, which nothing else here can: stop all replicas, look at each
    disk that can be read, and recover only the one that reaches furthest.

    \b
      parkledger recover --data /var/lib/parkledger --replica-id b --dry-run
      parkledger recover --data /var/lib/parkledger --replica-id b --listen 10.0.0.2:7001 \\
          --force-new-cluster
      parkledger ledger --data /var/lib/parkledger --replica-id b --listen 10.0.0.2:7001

    Then add others on empty directories (`parkledger members --help`).
    """
    from central.ledger.upkeep.recovering import described, opened

    if force_new_cluster == dry_run:
        raise UsageError("recover: give either --dry-run or --force-new-cluster")
    with opened(data, replica_id) as recovery:
        click.echo("\n".join(described(recovery.survivor)))
        if dry_run:
            return
        if not yes:
            click.confirm("\nMake this replica a cluster of its own?", abort=True)
        cluster_id = recovery.force_new_cluster(listen)
    click.echo(
        f"\nDone: replica '{replica_id}' is cluster {cluster_id}, alone. Start it with\n"
        f"  parkledger ledger --replica-id {replica_id} --listen {listen} --data {data}\n"
        "and then add others, on empty directories, with --join and 'parkledger members add'."
    )
