"""Logs: one line an event on standard error, `key=value` after the message, UTC."""

import logging
import sys
import time

import click

LEVELS = ("debug", "info", "warning", "error")


def configure(level: str, *, role: str) -> None:
    """Send records of `level` and above to standard error, marked with the process's role."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter(
        f"%(asctime)s.%(msecs)03dZ %(levelname)-7s {role} %(message)s", datefmt="%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


log_level_option = click.option(
    "--log-level",
    type=click.Choice(LEVELS),
    default="info",
    show_default=True,
    show_envvar=True,
    help="Least severe level that is logged to standard error.",
)
