"""Whether an address can be listened on, said in the operating system's words.

gRPC's own error does not say why, and writes lines of its own to standard error.
"""

import socket

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
            f"cannot listen on {listen}: {error.strerror}; choose another one with {option}"
        ) from error
