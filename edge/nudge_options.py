"""Options of `parkledger camera` that say when it counts as moved, and what is done about it."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from edge.nudge_judge import NudgeLimits
from node.finite import FiniteRange

_DEFAULTS = NudgeLimits()


@dataclass(frozen=True)
class NudgeChoice:
    """What the command line says."""

    limits: NudgeLimits = _DEFAULTS
    realign: bool = False


_OPTIONS = (
    click.option(
        "--nudged-beyond",
        type=FiniteRange(min=0),
        default=_DEFAULTS.shift_px,
        show_default=True,
        show_envvar=True,
        metavar="PIXELS",
        help="If the regions lie further off than so many pixels of a picture 1920 wide (measured "
        "against the layout's reference, or the first picture if it has none), their spots are "
        "unknown; 0 switches this off.",
    ),
    click.option(
        "--nudge-every",
        type=FiniteRange(min=0.1),
        default=_DEFAULTS.every_s,
        show_default=True,
        show_envvar=True,
        metavar="SECONDS",
        help="How often that is looked at; three looks in a row make a nudge.",
    ),
    click.option(
        "--realign",
        is_flag=True,
        show_default=True,
        show_envvar=True,
        help="Have the regions moved to where they lie now, as a new version of the layout, when "
        "it is certain how the camera was moved.",
    ),
)


def nudge_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options; it gets them as one argument, `nudging`."""

    @functools.wraps(command)
    def with_choice(
        *, nudged_beyond: float, nudge_every: float, realign: bool, **others: Any
    ) -> Any:
        limits = NudgeLimits(shift_px=nudged_beyond, every_s=nudge_every)
        return command(nudging=NudgeChoice(limits=limits, realign=realign), **others)

    for option in reversed(_OPTIONS):
        with_choice = option(with_choice)
    return with_choice
