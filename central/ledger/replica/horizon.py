"""How far something has come, and waiting for it to get further."""

import asyncio


class Horizon:
    """An index that others wait for. Belongs to the event loop."""

    def __init__(self, index: int) -> None:
        self.index = index
        self._moved: asyncio.Event | None = None  # while somebody waits

    def move(self, index: int) -> None:
        """Be at that index now, and let everybody look who waits."""
        self.index = index
        if self._moved is not None:
            self._moved.set()
            self._moved = None

    async def reach(self, index: int) -> None:
        """Wait until it is there or further."""
        while self.index < index:
            if self._moved is None:
                self._moved = asyncio.Event()
            await self._moved.wait()
