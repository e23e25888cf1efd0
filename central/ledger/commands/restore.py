"""`parkledger restore`: click only; the work stands in restoring.py."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from central.ledger.commands.options import listen_option, replica_id_option
from node.address import Address
from node.errors import UsageError
from node.identifiers import IdType

if TYPE_CHECKING:
    from central.ledger.upkeep.restoring import Checked


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--check",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Only check FILE, all of it, and restore nothing.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    show_envvar=True,
    help="Data directory to make, a new or an empty one; not with --check.  [default: none]",
)
@replica_id_option(
    "Id of the new cluster's first replica; not with --check.  [default: none]", required=False
)
@listen_option("Where it will listen: replicas that are added later dial it there.")
@click.option(
    "--cluster",
    type=IdType("cluster"),
    show_envvar=True,
    help="Name of the new cluster.  [default: that of the old one]",
)
def restore(
    file: Path,
    check: bool,
    data: Path | None,
    replica_id: str | None,
    listen: Address,
    cluster: str | None,
) -> None:
    """Make a new cluster of a backup FILE.

    All of FILE is checked first: its digest, then every entry up to its head. Layouts, occupancy,
    history with its proofs, and which detections were applied are as they were; the cluster is a
    new one, of one replica, with an id of its own. What the old one acked after the backup is not
    in it. Make sure that no replica of the old one runs on.

    \b
      parkledger restore north.backup --check
      parkledger restore north.backup --data /var/lib/parkledger --replica-id a \\
          --listen 10.0.0.1:7001
      parkledger ledger --data /var/lib/parkledger --replica-id a --listen 10.0.0.1:7001

    Then add others on empty directories (`parkledger members --help`).
    """
    from central.ledger.upkeep import restoring
    from central.ledger.upkeep.progress import bar

    if check:
        if data is not None or replica_id is not None:
            raise UsageError("--check: restores nothing; leave --data and --replica-id out")
        with bar("checked") as progress:
            checked = restoring.check(file, progress=progress)
        click.echo("\n".join(_described(checked)))
        return
    if data is None or replica_id is None:
        missing = "--data" if data is None else "--replica-id"
        raise UsageError(f"restore: {missing} is missing; give it, or --check")
    with bar("restored") as progress:
        made = restoring.restore(
            file,
            data,
            replica_id=replica_id,
            listen=listen,
            cluster_name=cluster,
            progress=progress,
        )
    click.echo("\n".join(_described(made.checked)))
    click.echo(
        f"\nDone: replica '{replica_id}' is cluster {made.cluster_id}, alone. Start it with\n"
        f"  parkledger ledger --replica-id {replica_id} --listen {listen} --data {data}\n"
        "and then add others, on empty directories, with --join and 'parkledger members add'.\n"
        f"Heads that were noted after index {made.checked.verified.index} are the old cluster's: "
        "this one goes its own way from there."
    )


def _described(checked: "Checked") -> list[str]:
    said, verified = checked.backup.description, checked.verified
    taken = datetime.fromtimestamp(said.taken_at_us / 1e6, UTC)
    dropped = f"history up to index {verified.dropped} was dropped before it was taken"
    return [
        f"{checked.backup.path}: taken {taken:%Y-%m-%d %H:%M:%S} UTC from replica "
        f"'{said.replica_id}' of cluster {said.cluster_id}",
        f"index {verified.dropped + 1} to {verified.index} fits, {verified.changes} changes of "
        "occupancy",
        *([dropped] if verified.dropped else []),
        f"head {verified.index}:{verified.head.hex()}",
    ]
