"""Options that several of the operator's commands have."""

import click

from node import address
from node.identifiers import IdType
from node.options import timeout_option

ledger_option = address.ledger_option(
    "Replicas to ask, one or more; the primary is found through any of them."
)
answer_timeout_option = timeout_option("Seconds to wait for each answer.")
spots_option = click.option(
    "--spot",
    type=IdType("spot"),
    multiple=True,
    show_default="every spot",
    show_envvar=True,
    help="This spot only; may be given more than once.",
)
json_lines_option = click.option(
    "--json",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Print one JSON object a line; its times are microseconds since 1970 UTC.",
)
