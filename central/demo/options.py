"""Options of `parkledger demo` that its benchmark has too."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from node.finite import FiniteRange

Command = TypeVar("Command", bound=Callable[..., object])

FILE = click.Path(dir_okay=False, path_type=Path)

fps_option = click.option(
    "--fps",
    type=FiniteRange(min=0, min_open=True, max=60),
    default=2.0,
    show_default=True,
    show_envvar=True,
    help="Frames a second that each camera sends.",
)


def seconds_option(words: str) -> Callable[[Command], Command]:
    """Return the option --seconds, how long the cameras run, explained by these words."""
    return click.option(
        "--seconds",
        type=FiniteRange(min=8, max=86_400),
        default=45.0,
        show_default=True,
        show_envvar=True,
        help=words,
    )
