"""Options of `parkledger camera` that say from when on its pictures are not to be trusted."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from edge.detectors import DetectorLimits
from edge.source import Source
from node.finite import FiniteRange

_DEFAULTS = DetectorLimits()
_LOST_FRAMES, _LATE_FRAMES, _FROZEN_FRAMES = 3, 2, 10


@dataclass(frozen=True)
class WatchChoice:
    """What the command line says, in seconds; None where it says nothing."""

    frozen_s: float | None = None
    exposed_s: float = _DEFAULTS.exposed_s
    blurred_s: float = _DEFAULTS.blurred_s
    late_s: float | None = None
    lost_s: float | None = None

    def limits(self, source: Source, *, fps: float) -> DetectorLimits:
        """Fill in what was not said: longer limits at low rates, and none where none make sense.

        A file cannot freeze or get lost, but it may well be a slow show of stills.
        """

        def choose(said: float | None, default: float, frames: int) -> float:
            if said is not None:
                return said
            return max(default, frames / fps) if source.live else 0.0

        return DetectorLimits(
            frozen_s=choose(self.frozen_s, _DEFAULTS.frozen_s, _FROZEN_FRAMES),
            exposed_s=self.exposed_s,
            blurred_s=self.blurred_s,
            late_s=choose(self.late_s, _DEFAULTS.late_s, _LATE_FRAMES),
            lost_s=choose(self.lost_s, _DEFAULTS.lost_s, _LOST_FRAMES),
        )


def _by_rate(default: float, frames: int) -> str:
    return f"{default:g}, or {frames} frames at --fps if longer; off for a file"


def _option(name: str, help_text: str, *, default: float | None, shown: str | bool) -> Any:
    return click.option(
        name,
        type=FiniteRange(min=0),
        default=default,
        show_default=shown,
        show_envvar=True,
        metavar="SECONDS",
        help=f"{help_text}, its spots are unknown; 0 switches this off.",
    )


_OPTIONS = (
    _option(
        "--frozen-after",
        "If the picture does not change at all, not even by noise, for so long",
        default=None,
        shown=_by_rate(_DEFAULTS.frozen_s, _FROZEN_FRAMES),
    ),
    _option(
        "--exposed-after",
        "If nine tenths of it are black, or six tenths white, for so long",
        default=_DEFAULTS.exposed_s,
        shown=True,
    ),
    _option(
        "--blurred-after",
        "If it is less than a third as sharp as this camera's usually is, for so long",
        default=_DEFAULTS.blurred_s,
        shown=True,
    ),
    _option(
        "--late-after",
        "If pictures are older than this when they come",
        default=None,
        shown=_by_rate(_DEFAULTS.late_s, _LATE_FRAMES),
    ),
    _option(
        "--lost-after",
        "If no picture comes for so long",
        default=None,
        shown=_by_rate(_DEFAULTS.lost_s, _LOST_FRAMES),
    ),
)


def watch_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options; it gets them as one argument, `watching`."""

    @functools.wraps(command)
    def with_choice(
        *,
        frozen_after: float | None,
        exposed_after: float,
        blurred_after: float,
        late_after: float | None,
        lost_after: float | None,
        **others: Any,
    ) -> Any:
        watching = WatchChoice(
            frozen_s=frozen_after,
            exposed_s=exposed_after,
            blurred_s=blurred_after,
            late_s=late_after,
            lost_s=lost_after,
        )
        return command(watching=watching, **others)

    for option in reversed(_OPTIONS):
        with_choice = option(with_choice)
    return with_choice
