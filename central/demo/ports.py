"""Free ports on the loopback interface."""

import random
import socket
from contextlib import ExitStack

from node.address import Address
from node.errors import OperationError

LOOPBACK = "127.0.0.1"
PORTS = range(20_000, 32_000)
"""Below what Linux gives to outgoing connections (32768 and up). A port of those may be taken as
somebody's source port while our replica is down; worse, one who dials it again and again may by
chance get it as his own source port, and then talks to himself where the replica should be."""

_ATTEMPTS = 1000


def free_addresses(count: int) -> tuple[Address, ...]:
    """Return that many loopback addresses whose ports nobody listens on now.

    All sockets are held until the last port is known. Another process may still take a port
    before ours binds it: then ours says so and exits. Raises OperationError if there are too few.
    """
    chance = random.SystemRandom()  # two demos, or two tests, begin at the same moment
    addresses: list[Address] = []
    with ExitStack() as held:
        for _ in range(_ATTEMPTS):
            if len(addresses) == count:
                return tuple(addresses)
            address = Address(host=LOOPBACK, port=chance.choice(PORTS))
            probe = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            try:
                probe.bind((address.host, address.port))
            except OSError:
                continue  # taken, by us or by somebody
            addresses.append(address)
    raise OperationError(
        f"no {count} free ports between {PORTS.start} and {PORTS.stop} on {LOOPBACK}"
    )
