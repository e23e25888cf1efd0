"""Whether an address can be listened on, said in the operating system's words.

gRPC's own error does not say why, and writes lines of its own to standard error.
"""

import asyncio
import os
import socket
from collections.abc import Callable

from node.address import Address
from node.errors import OperationError


def check_free(listen: Address, *, option: str = "--listen") -> None:
    """Raise OperationError, which names the option that said it, if it cannot be bound now."""
    host = listen.host.strip("[]")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise OperationError(
            f"cannot listen on {listen}: {_reason(error)}; choose another one with {option}"
        ) from error


async def take_connections(
    connection: Callable[[], asyncio.BaseProtocol], listen: Address, *, what: str, option: str
) -> asyncio.Server:
    """Return a server of TCP connections; port 0 is any that is free.

    what: the connections are for, `option` chose their port; both are for who reads the error.
    Raises OperationError.
    """
    loop = asyncio.get_running_loop()
    try:
        return await loop.create_server(connection, listen.host.strip("[]"), listen.port)
    except OSError as error:
        raise OperationError(
            f"cannot take {what} on {listen}: {_reason(error)}; choose another port with {option}"
        ) from error


def _reason(error: OSError) -> str:
    """Return the system's words: an event loop puts the address before them once more."""
    if isinstance(error, socket.gaierror) or error.errno is None:
        return error.strerror or str(error)
    return os.strerror(error.errno)
