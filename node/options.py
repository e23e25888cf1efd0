"""Options that commands of several rooms have: each room says what they mean to it."""

from collections.abc import Callable
from typing import TypeVar

import click

from node.finite import FiniteRange
from node.identifiers import IdType

Command = TypeVar("Command", bound=Callable[..., object])


def timeout_option(words: str) -> Callable[[Command], Command]:
    """Return the option --timeout, seconds, explained by these words."""
    return click.option(
        "--timeout",
        type=FiniteRange(min=0, min_open=True, max=600),
        default=10.0,
        show_default=True,
        show_envvar=True,
        help=words,
    )


def lots_option(words: str) -> Callable[[Command], Command]:
    """Return the option --lot, which may be given more than once, explained by these words."""
    return click.option(
        "--lot",
        type=IdType("lot"),
        multiple=True,
        show_default="every lot",
        show_envvar=True,
        help=words,
    )


def replace_option(words: str) -> Callable[[Command], Command]:
    """Return the flag --replace, without which no file is, explained by these words."""
    return click.option("--replace", is_flag=True, show_default=True, show_envvar=True, help=words)
