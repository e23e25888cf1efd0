"""Options that all senders have, and the web service."""

import click

from node import address
from node.finite import FiniteRange

ledger_option = address.ledger_option("Replicas of the ledger, any or all of them.")
stale_after_option = click.option(
    "--stale-after",
    type=FiniteRange(1, 86_400),
    default=30.0,
    show_default=True,
    show_envvar=True,
    help="Seconds without word from the ledger's quorum after which all is unknown.",
)
