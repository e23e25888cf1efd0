"""HOST:PORT, checked once, where it enters."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import click

from node.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, order=True)
class Address:
    """Where a process listens. IPv6 hosts are written in brackets: [::1]:7001."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read HOST:PORT; raises UsageError naming the text and the form."""
        host, separator, port = text.strip().rpartition(":")
        bare_ipv6 = ":" in host and not (host.startswith("[") and host.endswith("]"))
        if not separator or not host or bare_ipv6 or not port.isdecimal() or int(port) > 65535:
            raise UsageError(
                f"address '{text}': write HOST:PORT with a port of 0 to 65535, "
                "for example 127.0.0.1:7001"
            )
        return cls(host=host, port=int(port))

    @classmethod
    def parse_remote(cls, text: str) -> Self:
        """Read HOST:PORT of somebody to connect to: nobody is at port 0. Raises UsageError."""
        address = cls.parse(text)
        if address.port == 0:
            raise UsageError(f"address '{text}': nobody can be reached at port 0")
        return address


class AddressType(click.ParamType[Address]):
    """A click parameter that is one address; `remote`: one to connect to."""

    name = "host:port"

    def __init__(self, *, remote: bool = False) -> None:
        self._parse = Address.parse_remote if remote else Address.parse

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Address:
        if isinstance(value, Address):
            return value
        try:
            return self._parse(str(value))
        except UsageError as error:
            self.fail(str(error), param, ctx)


class AddressListType(click.ParamType[tuple[Address, ...]]):
    """A click parameter that is one or more addresses to connect to, with commas between them."""

    name = "host:port[,…]"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Address, ...]:
        if isinstance(value, tuple):
            return value
        try:
            parts = [part for part in str(value).split(",") if part.strip()]
            addresses = tuple(Address.parse_remote(part) for part in parts)
        except UsageError as error:
            self.fail(str(error), param, ctx)
        if not addresses:
            self.fail("at least one HOST:PORT is needed", param, ctx)
        return addresses


ADDRESS = AddressType()
REMOTE_ADDRESS = AddressType(remote=True)
ADDRESSES = AddressListType()


def ledger_option(words: str) -> Callable[[Command], Command]:
    """Return the option --ledger, replicas to connect to, explained by these words."""
    return click.option(
        "--ledger",
        type=ADDRESSES,
        default="127.0.0.1:7001",
        show_default=True,
        show_envvar=True,
        help=words,
    )
