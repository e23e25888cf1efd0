"""What every wire has that a test puts between two processes: a door, and an end."""

import asyncio
from collections.abc import Coroutine
from typing import Self

from node.address import Address


class Relay:
    """Takes TCP connections at `address`; those who inherit it say what becomes of their bytes."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.address = Address("127.0.0.1", 0)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.address = Address("127.0.0.1", self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, come: asyncio.StreamReader, back: asyncio.StreamWriter, /) -> None:
        raise NotImplementedError

    async def _until_one_ends(
        self, *work: Coroutine[None, None, None], closing: tuple[asyncio.StreamWriter, ...]
    ) -> None:
        tasks = {asyncio.create_task(one) for one in work}
        self._tasks |= tasks
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._tasks -= tasks
            for writer in closing:
                writer.close()


async def copy(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    """Forward all that comes, as it comes."""
    while data := await source.read(65536):
        to.write(data)
        await to.drain()
