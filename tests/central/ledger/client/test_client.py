"""The ledger's client, where no ledger is."""

import grpc
import pytest

from central.ledger.client import LedgerClient
from central.ledger.interface import LedgerRefused
from node.address import Address


async def test_an_address_of_something_else_is_told_as_that() -> None:
    server = grpc.aio.server()  # as of a processor: it speaks gRPC, and offers none of this
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    client = LedgerClient((Address("127.0.0.1", port),))
    try:
        with pytest.raises(
            LedgerRefused, match=r"no replica, or one too old .* check the ledger's"
        ):
            await client.get(timeout=30.0)
    finally:
        await client.close()
        await server.stop(None)
