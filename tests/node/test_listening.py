"""An address that cannot be listened on is said in one line, with the option that it came from."""

import socket

import pytest

from node.address import Address
from node.errors import OperationError
from node.listening import check_free


def test_a_port_in_use_is_named_with_its_option() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = rf"127\.0\.0\.1:{port}: .*; choose another one with --append-port$"
        with pytest.raises(OperationError, match=said):
            check_free(Address("127.0.0.1", port), option="--append-port")
    check_free(Address("127.0.0.1", port))
