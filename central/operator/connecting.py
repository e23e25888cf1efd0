"""A client of the ledger for as long as a command runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from node.address import Address

if TYPE_CHECKING:
    from central.ledger.client import LedgerClient


@asynccontextmanager
async def connected(addresses: tuple[Address, ...]) -> "AsyncIterator[LedgerClient]":
    """Give a client of the ledger at these addresses and close it afterwards."""
    # Imported here: `--help` and a wrong option need no gRPC.
    from central.ledger.client import LedgerClient

    ledger = LedgerClient(addresses)
    try:
        yield ledger
    finally:
        await ledger.close()
