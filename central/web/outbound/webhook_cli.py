"""`parkledger webhook`: options to settings, then tell."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import click

from central.web.outbound.follower import following
from central.web.outbound.options import ledger_option, stale_after_option
from central.web.outbound.webhook_sender import Receiver, Sender
from central.web.secrets import secret_of
from node import logs
from node.address import Address
from node.errors import UsageError
from node.finite import FiniteRange
from node.options import lots_option
from node.shutdown import run_until_signalled


@click.command()
@click.option(
    "--url",
    required=True,
    show_default=True,
    show_envvar=True,
    help="Where changes are posted to: http:// or https://.",
)
@click.option(
    "--secret",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    show_default=True,
    show_envvar=True,
    help="File whose first line signs what is posted; the receiver knows it, too.",
)
@ledger_option
@lots_option("This lot only; may be given more than once.")
@click.option(
    "--every",
    type=FiniteRange(0, 86_400),
    default=1.0,
    show_default=True,
    show_envvar=True,
    help="Least seconds between two messages.",
)
@stale_after_option
@logs.log_level_option
def webhook(
    url: str,
    secret: Path,
    ledger: tuple[Address, ...],
    lot: tuple[str, ...],
    every: float,
    stale_after: float,
    log_level: str,
) -> int:
    """Post a lot's counts to another system whenever they change.

    Signed as standardwebhooks.com describes: header webhook-signature is v1, and the base64 of
    HMAC-SHA-256 over webhook-id, webhook-timestamp and body, with dots between. What is not
    answered with 2xx is sent again, at growing distances, as the lot stands then.
    """
    logs.configure(log_level, role="webhook")
    receiver = Receiver(checked(url), secret_of("--secret", secret, at_least=16), frozenset(lot))

    async def role(stop: asyncio.Event) -> int:
        async with following(ledger, stale_after_s=stale_after) as follower:
            await Sender(receiver, every_s=every).run(follower, stop)
        return 0

    return run_until_signalled(role)


def checked(url: str) -> str:
    """Return the URL; raises UsageError if nothing can be posted there."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and url.isascii()
        fine = fine and url.isprintable() and " " not in url and parts.port != 0
    except ValueError:
        fine = False
    if not fine:
        raise UsageError(f"--url '{url[:80]}': write http://HOST/… or https://HOST/…")
    return url
