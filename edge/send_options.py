"""The options of `parkledger camera` that say what is sent of a frame."""

import functools
from collections.abc import Callable
from typing import Any

import click

from edge.encoder import Send, SendSettings
from edge.gate import GateSettings
from node.errors import UsageError
from node.finite import FiniteRange


def _quality(name: str, default: int, what: str) -> Callable[[Callable[..., Any]], Any]:
    """Return the option of one JPEG quality, of `what`."""
    return click.option(
        name,
        type=click.IntRange(1, 100),
        default=default,
        show_default=True,
        show_envvar=True,
        help=f"JPEG quality of {what}.",
    )


_OPTIONS = (
    click.option(
        "--send",
        type=click.Choice([kind.value for kind in Send]),
        default=Send.AUTO.value,
        show_default=True,
        show_envvar=True,
        help="Whole frames, or strips: only the patches of the regions that changed, a tenth to a "
        "hundredth of the bytes. auto sends strips once the layout has regions for this camera.",
    ),
    click.option(
        "--private",
        is_flag=True,
        show_default=True,
        show_envvar=True,
        help="Let no whole picture leave this machine, whatever happens: strips or nothing.",
    ),
    _quality("--quality", SendSettings.quality, "whole pictures"),
    _quality(
        "--strip-quality",
        SendSettings.strip_quality,
        "strips, but for spots that the processor was not sure of",
    ),
    _quality(
        "--doubtful-quality",
        SendSettings.doubtful_quality,
        "the patches of spots that the processor was not sure of",
    ),
    click.option(
        "--max-width",
        type=click.IntRange(min=64),
        show_default="as captured",
        show_envvar=True,
        help="Shrink wider frames to this many pixels across before anything is cut or sent.",
    ),
    click.option(
        "--picture-every",
        type=FiniteRange(min=0),
        default=SendSettings.picture_s,
        show_default=True,
        show_envvar=True,
        help="Among strips, send a whole picture every so many seconds; 0: never.",
    ),
    click.option(
        "--refresh-every",
        type=FiniteRange(min=0),
        default=GateSettings.refresh_s,
        show_default=True,
        show_envvar=True,
        help="Send each patch at least every so many seconds, changed or not.",
    ),
    click.option(
        "--doubtful-every",
        type=FiniteRange(min=0),
        default=GateSettings.doubtful_s,
        show_default=True,
        show_envvar=True,
        help="Send a patch of which the processor is not sure every so many seconds.",
    ),
    click.option(
        "--change-threshold",
        type=FiniteRange(min=0, max=255),
        default=GateSettings.threshold,
        show_default=True,
        show_envvar=True,
        help="Grey levels (of 256) by which a region must look different on average to be sent "
        "again; 0 sends every region with every strip.",
    ),
)


def send_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options; it gets them as one argument, `sending`."""

    @functools.wraps(command)
    def with_settings(
        *,
        send: str,
        private: bool,
        quality: int,
        strip_quality: int,
        doubtful_quality: int,
        max_width: int | None,
        picture_every: float,
        refresh_every: float,
        doubtful_every: float,
        change_threshold: float,
        **others: Any,
    ) -> Any:
        if private and send == Send.FRAMES.value:
            raise UsageError("--private and --send frames exclude each other: drop one of them")
        sending = SendSettings(
            send=Send(send),
            private=private,
            quality=quality,
            strip_quality=strip_quality,
            doubtful_quality=doubtful_quality,
            max_width=max_width,
            picture_s=picture_every or float("inf"),
            gate=GateSettings(
                threshold=change_threshold, refresh_s=refresh_every, doubtful_s=doubtful_every
            ),
        )
        return command(sending=sending, **others)

    for option in reversed(_OPTIONS):
        with_settings = option(with_settings)
    return with_settings
