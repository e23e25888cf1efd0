"""Options that several of the ledger's commands take, each with words of its own."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from node.address import ADDRESS
from node.identifiers import IdType

Command = TypeVar("Command", bound=Callable[..., Any])


def listen_option(words: str) -> Callable[[Command], Command]:
    """Return the option --listen, explained by these words."""
    return click.option(
        "--listen",
        type=ADDRESS,
        default="127.0.0.1:7001",
        show_default=True,
        show_envvar=True,
        help=words,
    )


def replica_id_option(words: str, *, required: bool = True) -> Callable[[Command], Command]:
    """Return the option --replica-id, explained by these words."""
    return click.option(
        "--replica-id", type=IdType("replica"), required=required, show_envvar=True, help=words
    )
