"""What a benchmark does to a store, and the ledger as one."""

import asyncio
import time
from collections.abc import Sequence
from typing import Protocol

from benchmarks.ledger.records import LOT, Batches, spot_name
from central.ledger.client import LedgerClient
from node.address import Address
from node.errors import OperationError
from node.identifiers import new_boot_id


class Store(Protocol):
    """A client of three members."""

    async def append(self, writer: int) -> None:
        """Commit that writer's next record durably on a quorum."""

    async def read(self, reader: int) -> None:
        """Read that reader's record, linearizably."""

    async def close(self) -> None:
        """Close its connections."""


def new_batches() -> Batches:
    """Return batches of a run that no other has the id of."""
    return Batches(boot_id=new_boot_id(), first_us=time.time_ns() // 1000)


class LedgerStore:
    """The ledger through its own client."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        self._client = LedgerClient(addresses)
        self._batches = new_batches()

    async def append(self, writer: int) -> None:
        """Commit a batch; OperationError if it is refused, for then nothing was measured."""
        result = await self._client.append(self._batches.following(writer))
        if result.rejected is not None:
            raise OperationError(f"the ledger rejected a batch: {result.rejected}")

    async def read(self, reader: int) -> None:
        """Read a spot; LedgerRefused if it is not there."""
        await self._client.spot(LOT, spot_name(reader))

    async def close(self) -> None:
        """Close its connections."""
        async with asyncio.timeout(5.0):
            await self._client.close()
