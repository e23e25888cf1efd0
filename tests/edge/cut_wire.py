"""A wire between camera and processor: slow, or cut by a test in the middle of a message."""

import asyncio
import math

from node.address import Address
from tests.relay import Relay, copy


class CutWire(Relay):
    """Forwards TCP connections to `target`; each new one works, whatever became of the last."""

    def __init__(self, target: Address, *, bytes_per_s: float = math.inf) -> None:
        super().__init__()
        self._target = target
        self._bytes_per_s = bytes_per_s  # from camera to processor
        self._left: int | None = None  # bytes that still pass
        self.cuts = 0

    def cut_after(self, size: int) -> None:
        """Let so many more bytes of the camera's through, then cut."""
        self._left = size

    async def _connected(self, camera: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        answers, processor = await asyncio.open_connection(self._target.host, self._target.port)
        await self._until_one_ends(
            self._forward(camera, processor), copy(answers, back), closing=(processor, back)
        )

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
