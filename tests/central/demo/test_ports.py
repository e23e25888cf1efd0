"""Free ports."""

import socket

from central.demo.ports import free_addresses


def test_they_differ_and_can_be_bound() -> None:
    addresses = free_addresses(20)
    assert len({address.port for address in addresses}) == 20
    for address in addresses:
        with socket.socket() as probe:
            probe.bind((address.host, address.port))
