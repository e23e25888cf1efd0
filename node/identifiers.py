"""Identifiers of lots, spots, cameras and replicas, and of one run of a process."""

import os
import re

import click

from node.errors import UsageError

ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_id(kind: str, value: str) -> str:
    """Return `value` if it can name a `kind`; raise UsageError if not.

    Identifiers appear in file names, URLs, MQTT topics and metric labels later on, so
    the alphabet is the one that all of those take unescaped.
    """
    if not ID_PATTERN.fullmatch(value):
        raise UsageError(
            f"{kind} id '{value[:80]}': use 1 to 64 letters (a to z, A to Z), digits, '.', "
            "'_' or '-', beginning with a letter or digit"
        )
    return value


class IdType(click.ParamType[str]):
    """A click parameter that is an identifier of the given kind."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.name = f"{kind} id"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        try:
            return check_id(self.kind, str(value))
        except UsageError as error:
            self.fail(str(error), param, ctx)


def new_boot_id() -> str:
    """Return a fresh name for one run of a process: 64 random bits as 16 hex digits."""
    return os.urandom(8).hex()
