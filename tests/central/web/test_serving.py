"""Starting to serve."""

import socket

import pytest
import uvicorn
from fastapi import FastAPI

from central.web.serving import _Server
from node.errors import OperationError


async def test_a_port_that_was_taken_after_it_was_found_free_is_told_in_one_line() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        config = uvicorn.Config(FastAPI(), port=port, lifespan="off", log_config=None)
        with pytest.raises(OperationError, match=f"127.0.0.1:{port}: somebody else listens there"):
            await _Server(config, lambda url: None).serve()
