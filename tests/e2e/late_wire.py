"""A network between a camera and who watches it, on which pictures can pile up."""

import asyncio
import time
from typing import Self

_CHUNK_BYTES = 65536


class LateWire:
    """Forwards TCP connections to a port of this machine; `slow` delays what comes back.

    While it is slow, each second's worth of the camera's bytes takes two to arrive, as over a link
    that is too thin; when it no longer is, all that has piled up comes at once.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._slow_since: float | None = None
        self._changed = asyncio.Event()
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def slow_down(self) -> None:
        """Begin to pile up."""
        self._slow_since = time.monotonic()

    def catch_up(self) -> None:
        """Let all that waits through."""
        self._slow_since = None
        self._changed.set()
        self._changed = asyncio.Event()

    async def _connected(self, back: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        camera, ask = await asyncio.open_connection("127.0.0.1", self._to)
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()  # the pile: a test's worth
        tasks = {
            asyncio.create_task(_copy(back, ask)),
            asyncio.create_task(_collect(camera, waiting)),
            asyncio.create_task(self._deliver(waiting, to)),
        }
        self._tasks |= tasks
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._tasks -= tasks
            ask.close()
            to.close()

    async def _deliver(
        self, waiting: asyncio.Queue[tuple[float, bytes]], to: asyncio.StreamWriter
    ) -> None:
        while True:
            came_at, data = await waiting.get()
            while (since := self._slow_since) is not None:
                due = since + 2 * (came_at - since) if came_at > since else came_at
                left = due - time.monotonic()
                if left <= 0:
                    break
                try:
                    async with asyncio.timeout(left):
                        await self._changed.wait()
                except TimeoutError:
                    break
            if not data:
                return
            to.write(data)
            await to.drain()


async def _collect(camera: asyncio.StreamReader, into: asyncio.Queue[tuple[float, bytes]]) -> None:
    while data := await camera.read(_CHUNK_BYTES):
        into.put_nowait((time.monotonic(), data))
    into.put_nowait((time.monotonic(), b""))
    await asyncio.Event().wait()  # until all of it is delivered


async def _copy(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK_BYTES):
        to.write(data)
        await to.drain()
