"""`parkledger members` and `parkledger transfer`: click only."""

import asyncio
from json import dumps

import click

from central.operator import members as group
from central.operator.connecting import connected
from central.operator.options import ledger_option
from node.address import REMOTE_ADDRESS, Address
from node.finite import FiniteRange
from node.identifiers import IdType

timeout_option = click.option(
    "--timeout",
    type=FiniteRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    show_envvar=True,
    help="Seconds to wait.",
)


wait_option = click.option(
    "--timeout",
    type=FiniteRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    show_envvar=True,
    help="Seconds to wait until it votes; it goes on catching up afterwards.",
)


@click.group()
def members() -> None:
    """List, add, promote or remove the replicas of a ledger, one at a time, while it serves.

    \b
    A fourth replica, and then away with the first:
      parkledger ledger --replica-id d --listen 10.0.0.4:7001 --data /var/lib/parkledger \\
          --join 10.0.0.1:7001                           # on the new machine; it waits
      parkledger members add d 10.0.0.4:7001 --ledger 10.0.0.1:7001
      parkledger members remove a --ledger 10.0.0.4:7001,10.0.0.2:7001
    """


@members.command("list")
@ledger_option
@timeout_option
@click.option(
    "--json",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Print one JSON object instead of a table.",
)
def list_members(ledger: tuple[Address, ...], timeout: float, json: bool) -> None:
    """Show who belongs to the ledger: learner or voter, and how much of the log each one holds.

    \b
      parkledger members list --ledger 10.0.0.1:7001
    """

    async def ask() -> None:
        async with connected(ledger) as client:
            found = await client.members(timeout=timeout)
        if json:
            click.echo(dumps(group.members_object(found)))
        else:
            click.echo("\n".join(group.member_lines(found)))

    asyncio.run(ask())


@members.command()
@click.argument("replica_id", metavar="ID", type=IdType("replica"))
@click.argument("address", metavar="HOST:PORT", type=REMOTE_ADDRESS)
@ledger_option
@wait_option
@click.option(
    "--learner",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="It stays a learner: it holds everything and answers reads and watches, but never counts, "
    "however slow or far away it is.",
)
def add(
    replica_id: str,
    address: Address,
    ledger: tuple[Address, ...],
    timeout: float,
    learner: bool,
) -> None:
    """Take replica ID, which runs at HOST:PORT, into the ledger, and wait until it votes.

    Start it first, with `parkledger ledger --join`. It is a learner until it holds nearly
    everything: till then it is not counted, and holds up nothing. All other members must reach it
    at HOST:PORT. A member's id with another HOST:PORT moves it there.

    \b
      parkledger members add d 10.0.0.4:7001 --ledger 10.0.0.1:7001
    """

    async def send() -> None:
        async with connected(ledger) as client:
            async for line in group.add(
                client, replica_id, str(address), stays_learner=learner, timeout=timeout
            ):
                click.echo(line)

    asyncio.run(send())


@members.command()
@click.argument("replica_id", metavar="ID", type=IdType("replica"))
@ledger_option
@wait_option
def promote(replica_id: str, ledger: tuple[Address, ...], timeout: float) -> None:
    """Let learner ID vote that was added with --learner, and wait until it does.

    It becomes a voter by itself, once it keeps up: until then it holds up nothing.

    \b
      parkledger members promote d --ledger 10.0.0.1:7001
    """

    async def send() -> None:
        async with connected(ledger) as client:
            async for line in group.promote(client, replica_id, timeout=timeout):
                click.echo(line)

    asyncio.run(send())


@members.command()
@click.argument("replica_id", metavar="ID", type=IdType("replica"))
@ledger_option
@timeout_option
def remove(replica_id: str, ledger: tuple[Address, ...], timeout: float) -> None:
    """Let replica ID go, dead or alive, the primary too.

    Refused if those that stay could commit nothing. A replica that has lost its disk is to be
    removed like this, too, before another one takes its place.

    \b
      parkledger members remove c --ledger 10.0.0.1:7001,10.0.0.2:7001
    """

    async def send() -> None:
        async with connected(ledger) as client:
            click.echo(await group.remove(client, replica_id, timeout=timeout))

    asyncio.run(send())


@click.command()
@ledger_option
@timeout_option
@click.option(
    "--to",
    type=IdType("replica"),
    show_envvar=True,
    help="Replica that is to be the primary.  [default: the voter that holds most]",
)
def transfer(ledger: tuple[Address, ...], timeout: float, to: str | None) -> None:
    """Make another replica the primary, for instance before its machine is serviced.

    Clients notice a pause of a round trip or two. A primary that is stopped hands over by itself.

    \b
      parkledger transfer --to b --ledger 10.0.0.1:7001
    """

    async def send() -> None:
        async with connected(ledger) as client:
            click.echo(await group.transfer(client, to or "", timeout=timeout))

    asyncio.run(send())
