"""A network between a camera and who watches it, on which pictures can pile up."""

import asyncio
import time

from tests.relay import Relay, copy

_CHUNK_BYTES = 65536


class LateWire(Relay):
    """Forwards TCP connections to a port of this machine; `slow` delays what comes back.

    While it is slow, each second's worth of the camera's bytes takes two to arrive, as over a link
    that is too thin; when it no longer is, all that has piled up comes at once.
    """

    def __init__(self, port: int) -> None:
        super().__init__()
        self._to = port
        self._slow_since: float | None = None
        self._changed = asyncio.Event()

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
        await self._until_one_ends(
            copy(back, ask),
            _collect(camera, waiting),
            self._deliver(waiting, to),
            closing=(ask, to),
        )

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
