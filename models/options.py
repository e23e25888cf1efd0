"""Options that the makers of models share."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., object])

data_option = click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    show_envvar=True,
    help="Folder with the labelled data (frames/ and patches/).",
)
workers_option = click.option(
    "--workers",
    default=2,
    type=click.IntRange(min=1),
    show_envvar=True,
    help="Processes that make samples.",
)


def work_option(words: str) -> Callable[[Command], Command]:
    """Return the option --work, the folder of what is made on the way, explained by these words."""
    return click.option(
        "--work",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path(".training"),
        show_envvar=True,
        help=words,
    )


def seed_option(seed: int) -> Callable[[Command], Command]:
    """Return the option --seed."""
    return click.option(
        "--seed", default=seed, show_envvar=True, help="Fixes weights, pool and batches."
    )


def steps_option(steps: int, words: str) -> Callable[[Command], Command]:
    """Return the option --steps, so many if it is not given, explained by these words."""
    return click.option(
        "--steps", default=steps, type=click.IntRange(min=1), show_envvar=True, help=words
    )
