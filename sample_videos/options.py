"""What both commands that render share: their refusal, and options with defaults of each."""

from collections.abc import Callable
from pathlib import Path

import click

from node.finite import FiniteRange

Decorator = Callable[[Callable[..., None]], Callable[..., None]]


class Refusal(click.ClickException):
    """One line for the user, and the exit code of a wrong option."""

    exit_code = 2


def out_option(default: str, *, clips: str) -> Decorator:
    """Return --out; `clips` says what it is for beside layout and truth."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(default),
        show_default=True,
        show_envvar=True,
        help=f"Folder for the {clips}, the layout and the truth; made where it is missing.",
    )


def seed_option(default: int, *, of: str) -> Decorator:
    """Return --seed; `of` says what hangs on it."""
    return click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=default,
        show_default=True,
        show_envvar=True,
        help=f"Which {of} there are.",
    )


def fps_option(default: float) -> Decorator:
    """Return --fps."""
    return click.option(
        "--fps",
        type=FiniteRange(min=0.1, max=60),
        default=default,
        show_default=True,
        show_envvar=True,
        help="Frames a second.",
    )


def width_option(default: int, *, note: str = "") -> Decorator:
    """Return --width; `note` follows its help."""
    return click.option(
        "--width",
        type=click.IntRange(min=64, max=3840),
        default=default,
        show_default=True,
        show_envvar=True,
        help=f"Width of the picture in pixels{note}.",
    )


def kilobits_option(default: int, *, clips: str) -> Decorator:
    """Return --kilobits of `clips`."""
    return click.option(
        "--kilobits",
        type=click.IntRange(min=50, max=50_000),
        default=default,
        show_default=True,
        show_envvar=True,
        help=f"Size of {clips}, kilobits a second.",
    )
