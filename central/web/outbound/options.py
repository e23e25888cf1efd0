"""Options that all senders have, and the web service."""

import click

from node.address import ADDRESSES

ledger_option = click.option(
    "--ledger",
    type=ADDRESSES,
    default="127.0.0.1:7001",
    show_default=True,
    show_envvar=True,
    help="Replicas of the ledger, any or all of them.",
)
stale_after_option = click.option(
    "--stale-after",
    type=click.FloatRange(1, 86_400),
    default=30.0,
    show_default=True,
    show_envvar=True,
    help="Seconds without word from the ledger's quorum after which all is unknown.",
)
