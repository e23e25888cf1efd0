"""An address that cannot be listened on is said in one line, with the option that it came from."""

import asyncio
import errno
import os
import socket

import pytest

from node.address import Address
from node.errors import OperationError
from node.listening import check_free, take_connections


def test_a_port_in_use_is_named_with_its_option() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = rf"127\.0\.0\.1:{port}: .*; choose another one with --append-port$"
        with pytest.raises(OperationError, match=said):
            check_free(Address("127.0.0.1", port), option="--append-port")
    check_free(Address("127.0.0.1", port))


async def test_connections_that_cannot_be_taken_are_said_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OperationError) as refused:
            await take_connections(
                asyncio.Protocol, Address("127.0.0.1", port), what="guests", option="--guest-port"
            )
    assert str(refused.value) == (
        f"cannot take guests on 127.0.0.1:{port}: {os.strerror(errno.EADDRINUSE)}; "
        "choose another port with --guest-port"
    )


async def test_a_host_that_is_not_there_is_said_in_the_systems_words() -> None:
    with pytest.raises(
        OperationError, match=r"cannot take guests on no\.such\.host\.invalid:0: \w"
    ):
        await take_connections(
            asyncio.Protocol,
            Address("no.such.host.invalid", 0),
            what="guests",
            option="--guest-port",
        )
