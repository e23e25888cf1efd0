"""`parkledger web`: options to settings, then serve."""

import re
from pathlib import Path

import click

from central.web.outbound.options import ledger_option
from central.web.secrets import secret_of
from central.web.serving import serve
from central.web.settings import WebSettings
from node import logs
from node.address import ADDRESS, ADDRESSES, Address
from node.errors import UsageError
from node.finite import FiniteRange
from node.shutdown import run_until_signalled

MIN_TOKEN = 16


@click.command()
@click.option(
    "--listen",
    type=ADDRESS,
    default="127.0.0.1:8080",
    show_default=True,
    show_envvar=True,
    help="Where browsers and other systems connect to; 0.0.0.0 as the host admits other machines.",
)
@ledger_option
@click.option(
    "--token",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    show_default="nobody may write",
    show_envvar=True,
    help="File whose first line is the token that writers must show (Authorization: Bearer …).",
)
@click.option(
    "--stale-after",
    type=FiniteRange(1, 86_400),
    default=30.0,
    show_default=True,
    show_envvar=True,
    help="Seconds without word from the ledger's quorum after which answers count as stale.",
)
@click.option(
    "--max-listeners",
    type=click.IntRange(1, 100_000),
    default=2000,
    show_default=True,
    show_envvar=True,
    help="Live listeners at a time; more are told to try later.",
)
@click.option(
    "--allow-origin",
    multiple=True,
    metavar="ORIGIN",
    show_default="none",
    show_envvar=True,
    help="Let pages of this other site read the API: https://www.example.org, or * for all; may be "
    "given more than once.",
)
@click.option(
    "--processor",
    type=ADDRESSES,
    default=None,
    show_default="no pictures",
    show_envvar=True,
    help="Processors started with --pictures, whose cameras' last pictures are shown to readers.",
)
@click.option(
    "--labels",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    show_default="no audit",
    show_envvar=True,
    help="File that keeps what people saw on samples (the audit page); no picture is kept in it.",
)
@logs.log_level_option
def web(
    listen: Address,
    ledger: tuple[Address, ...],
    token: Path | None,
    stale_after: float,
    max_listeners: int,
    allow_origin: tuple[str, ...],
    processor: tuple[Address, ...] | None,
    labels: Path | None,
    log_level: str,
) -> int:
    """Serve the API, live events and pages over HTTP.

    Reads of the present are answered from a view that one watch of the ledger keeps, so that any
    number of readers costs the ledger nothing. Without --token nobody can write.
    """
    logs.configure(log_level, role="web")
    settings = WebSettings(
        listen=listen,
        ledger=ledger,
        token=read_token(token),
        stale_after_s=stale_after,
        max_listeners=max_listeners,
        allow_origins=tuple(_origin(text) for text in allow_origin),
        processors=processor or (),
        labels=labels,
    )
    return run_until_signalled(lambda stop: serve(settings, stop))


_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+")


def _origin(text: str) -> str:
    if text != "*" and not _ORIGIN.fullmatch(text):
        raise UsageError(
            f"--allow-origin '{text[:80]}': write what a browser calls the site, such as "
            "https://www.example.org, without a path"
        )
    return text


def read_token(file: Path | None) -> str:
    """Return the token of a file, empty without one; raises UsageError."""
    token = secret_of("--token", file, at_least=MIN_TOKEN)
    if file is None:
        return ""
    if len(token) < MIN_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            f"--token {file}: its first line must be a token of at least {MIN_TOKEN} printable "
            "ASCII characters without spaces, such as 'openssl rand -hex 16' gives"
        )
    return token
