"""`parkledger mqtt`: options to settings, then publish."""

import asyncio
import re
from pathlib import Path

import click

from central.web.outbound.follower import following
from central.web.outbound.mqtt_messages import Topics
from central.web.outbound.mqtt_publisher import Broker, Publisher
from central.web.outbound.options import ledger_option, stale_after_option
from central.web.secrets import secret_of
from node import logs
from node.address import REMOTE_ADDRESS, Address
from node.errors import UsageError
from node.finite import FiniteRange
from node.identifiers import IdType
from node.shutdown import run_until_signalled

_PREFIX = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")


@click.command()
@click.option(
    "--broker",
    type=REMOTE_ADDRESS,
    default="127.0.0.1:1883",
    show_default=True,
    show_envvar=True,
    help="The MQTT broker.",
)
@ledger_option
@click.option(
    "--client-id",
    type=IdType("client"),
    default="parkledger",
    show_default=True,
    show_envvar=True,
    help="Our name at the broker; no two clients may share one.",
)
@click.option(
    "--username",
    default="",
    show_default="none",
    show_envvar=True,
    help="Who we are to the broker.",
)
@click.option(
    "--password",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    show_default="none",
    show_envvar=True,
    help="File whose first line is the password that goes with --username.",
)
@click.option(
    "--tls",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Encrypt, and check the broker's certificate.",
)
@click.option(
    "--prefix",
    default="parkledger",
    show_default=True,
    show_envvar=True,
    help="Topic under which states are published.",
)
@click.option(
    "--discovery",
    default="homeassistant",
    show_default=True,
    show_envvar=True,
    help="Home Assistant's discovery prefix; empty: no discovery.",
)
@click.option(
    "--repeat",
    type=FiniteRange(1, 86_400),
    default=60.0,
    show_default=True,
    show_envvar=True,
    help="Seconds after which states are said again; thrice that without any makes them void.",
)
@stale_after_option
@logs.log_level_option
def mqtt(
    broker: Address,
    ledger: tuple[Address, ...],
    client_id: str,
    username: str,
    password: Path | None,
    tls: bool,
    prefix: str,
    discovery: str,
    repeat: float,
    stale_after: float,
    log_level: str,
) -> int:
    """Publish lots and spots to an MQTT broker, where Home Assistant finds them by itself.

    Messages are retained, so that who subscribes later knows the present. What is stale, or seen
    by a camera with something the matter, is published as unknown.
    """
    logs.configure(log_level, role="mqtt")
    for option, value in (("--prefix", prefix), ("--discovery", discovery or "x")):
        if not _PREFIX.fullmatch(value):
            raise UsageError(f"{option} '{value[:60]}': use letters, digits, '_', '-' and '/'")
    if password is not None and not username:
        raise UsageError(f"--password {password}: goes with --username; give that too")
    who = Broker(broker, client_id, username, secret_of("--password", password), tls)
    topics = Topics(prefix, discovery, expire_after_s=round(3 * repeat))

    async def role(stop: asyncio.Event) -> int:
        async with following(ledger, stale_after_s=stale_after) as follower:
            await Publisher(who, topics, repeat_s=repeat).run(follower, stop)
        return 0

    return run_until_signalled(role)
