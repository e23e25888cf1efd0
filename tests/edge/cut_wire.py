"""A wire between camera and processor: slow, or cut by a test in the middle of a message."""

import asyncio
import math
from typing import Self

from node.address import Address


class CutWire:
    """Forwards TCP connections to `target`; each new one works, whatever became of the last."""

    def __init__(self, target: Address, *, bytes_per_s: float = math.inf) -> None:
        self._target = target
        self._bytes_per_s = bytes_per_s  # from camera to processor
        self._left: int | None = None  # bytes that still pass
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.cuts = 0
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

    def cut_after(self, size: int) -> None:
        """Let so many more bytes of the camera's through, then cut."""
        self._left = size

    async def _connected(self, camera: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        answers, processor = await asyncio.open_connection(self._target.host, self._target.port)
        task = asyncio.create_task(self._forward(camera, processor))
        returning = asyncio.create_task(_copy(answers, back))
        self._tasks |= {task, returning}
        try:
            await asyncio.wait({task, returning}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            returning.cancel()
            task.cancel()
            await asyncio.gather(task, returning, return_exceptions=True)
            self._tasks -= {task, returning}
            processor.close()
            back.close()

    async def _forward(self, camera: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        while data := await camera.read(4096):
            if self._left is not None:
                data, self._left = data[: self._left], self._left - len(data)
            to.write(data)
            await to.drain()
            await asyncio.sleep(len(data) / self._bytes_per_s)
            if self._left is not None and self._left <= 0:
                self._left = None
                self.cuts += 1
                return


async def _copy(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        to.write(data)
        await to.drain()
