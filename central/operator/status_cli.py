"""`parkledger status`: all that one screen can say of a cluster.

A file of its own, for it needs rich: a machine that is installed without extras runs all else that
an operator types.
"""

import asyncio
import time
from json import dumps

import click
from rich.console import Console

from central.operator.connecting import connected
from central.operator.options import ledger_option
from central.operator.overview import Overview, look
from central.operator.overview_json import overview_object
from central.operator.overview_tables import overview_tables
from node.address import Address
from node.errors import OperationError
from node.finite import FiniteRange


@click.command()
@ledger_option
@click.option(
    "--timeout",
    type=FiniteRange(min=0, min_open=True, max=60),
    default=2.0,
    show_default=True,
    show_envvar=True,
    help="Seconds to wait for each answer.",
)
@click.option(
    "--json",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Print one JSON object instead of tables.",
)
def status(ledger: tuple[Address, ...], timeout: float, json: bool) -> int:
    """Show free, occupied and unknown spots of each lot, the replicas and the nodes.

    Exit code 0 if the lots are known up to the moment of asking; 1 if only an older view of one
    replica could be had, or nothing: then it prints what it knows and what it cannot tell.
    """

    async def ask() -> Overview:
        async with connected(ledger) as client:
            return await look(client, [str(address) for address in ledger], timeout=timeout)

    overview = asyncio.run(ask())
    if json:
        click.echo(dumps(overview_object(overview)))
    elif overview.state is None and all(answer.status is None for answer in overview.replicas):
        raise OperationError(overview.state_fault)
    else:
        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = max(console.width, 160)  # a pipe has no width to wrap at
        console.print(overview_tables(overview, now_us=time.time_ns() // 1000))
    return 0 if overview.state is not None and not overview.state_fault else 1
