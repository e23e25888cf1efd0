"""`parkledger backup`: click only; the work stands in backing_up.py."""

import json as to_json
from pathlib import Path

import click

from node.address import Address, ledger_option
from node.options import replace_option, timeout_option
from node.shutdown import run_unless_signalled


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@ledger_option("Replicas to ask, one or more; the others are found through them.")
@replace_option("Replace FILE if it is there; until the new one is whole the old one stays.")
@click.option(
    "--stale-ok",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Copy the furthest replica of --ledger that answers though no majority does: what was "
    "acked last may be missing.",
)
@timeout_option(
    "Seconds that the ledger has to say how far it is; the copy then takes what it takes."
)
@click.option(
    "--json",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Print one JSON object, and no progress.",
)
def backup(
    file: Path,
    ledger: tuple[Address, ...],
    replace: bool,
    stale_ok: bool,
    timeout: float,
    json: bool,
) -> None:
    """Copy a running ledger into FILE, of one instant, while it serves.

    FILE holds all that was acked before: layouts, occupancy, the whole history and what proves it,
    and which detections were applied. A replica that is not the primary makes the copy, if one is
    far enough. FILE.part becomes FILE once all of it is on disk and has arrived as it was sent.

    \b
      parkledger backup north-2026-11-22.backup --ledger 10.0.0.1:7001,10.0.0.2:7001
      parkledger restore north-2026-11-22.backup --check
    """
    from central.ledger.client import LedgerClient
    from central.ledger.upkeep.backing_up import back_up
    from central.ledger.upkeep.progress import bar

    async def run() -> int:
        client = LedgerClient(ledger)
        try:
            with bar("copied", hidden=json) as progress:
                made = await back_up(
                    client,
                    [str(address) for address in ledger],
                    file,
                    stale_ok=stale_ok,
                    replace=replace,
                    timeout=timeout,
                    progress=progress,
                )
        finally:
            await client.close()
        said = made.description
        if json:
            described = {
                "file": str(file),
                "cluster_id": said.cluster_id,
                "replica_id": said.replica_id,
                "index": said.index,
                "head": said.head.hex(),
                "bytes": said.size,
                "sha256": made.sha256.hex(),
                "taken_at_us": said.taken_at_us,
            }
            click.echo(to_json.dumps(described))
            return 0
        click.echo(
            f"{file}: cluster {said.cluster_id} up to index {said.index}, copied by replica "
            f"'{said.replica_id}', {said.size / 1e6:.1f} MB\nhead {said.index}:{said.head.hex()}"
        )
        return 0

    if run_unless_signalled(run) is None:
        raise click.Abort
