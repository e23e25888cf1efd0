"""One upstream watch, any number of listeners: a ring that all read, each at its own place.

No listener has a queue of its own. One that is slower than the ring turns is told to read the
state anew ("resync"), and costs no memory meanwhile.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from central.ledger.records import LedgerEvent

Encode = Callable[[LedgerEvent, str | None], bytes | None]
"""(event, lot or None for all) -> what is sent of it, None if nothing concerns the lot."""

PIECE = 64 * 1024
"""Bytes after which a catching-up listener's next piece begins."""

SHARDS = 32
"""Parts in which listeners wake, one after the other."""

MAX_PIECES = 64
"""Pieces kept until the next wake; nearly all listeners share one."""


@dataclass(frozen=True)
class Piece:
    """What to send next. through: the listener's place afterwards. missed: events were lost."""

    through: int
    data: bytes
    missed: bool = False


class Hub:
    """Holds the last events of the ledger, encoded once. For one event loop."""

    def __init__(self, encode: Encode, *, kept: int = 4096, linger_s: float = 0.05) -> None:
        """kept: events in the ring. linger_s: how long events gather before listeners wake."""
        self._encode = encode
        self._kept = kept
        self._linger_s = linger_s
        self._events: list[LedgerEvent] = []
        self._floor = 0  # every event above this index is in the ring
        self._index = 0  # how far the watch is
        self._more = [asyncio.Event() for _ in range(SHARDS)]
        self._waking: asyncio.TimerHandle | None = None
        self._pieces: dict[tuple[int, str | None], Piece] = {}
        self.generation = 0  # grows when indexes begin anew: no place from before means anything
        self.closed = False
        self.listeners = 0

    @property
    def index(self) -> int:
        """How far the watch is."""
        return self._index

    @property
    def floor(self) -> int:
        """A listener at this place or after it misses nothing."""
        return self._floor

    def restart(self, index: int) -> None:
        """Forget the ring: the state was read anew at that index."""
        self._events.clear()
        if index < self._index:
            self.generation += 1
        self._floor = self._index = index
        self._wake_soon()

    def publish(self, event: LedgerEvent) -> None:
        """Take the next event of the watch."""
        self._index = event.index
        if not (event.changes or event.layouts or event.counts or event.cameras):
            return
        self._events.append(event)
        if len(self._events) >= 2 * self._kept:
            # Trimmed rarely, in halves: a list can be searched, a deque cannot.
            self._floor = self._events[self._kept - 1].index
            del self._events[: self._kept]
        self._wake_soon()

    def piece(self, after: int, lot_id: str | None) -> Piece | None:
        """Return what a listener at that place gets next, None if there is nothing."""
        if after < self._floor:
            return Piece(self._index, b"", missed=True)
        if after >= self._index:
            return None
        key = (after, lot_id)
        piece = self._pieces.get(key) or self._cut(after, lot_id)
        if len(self._pieces) < MAX_PIECES:
            self._pieces[key] = piece
        return piece

    async def more(self, *, timeout: float, shard: int = 0) -> bool:
        """Wait for events; False if none came within `timeout` seconds.

        shard: any number of the listener's own, so that not all wake in one step of the loop.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._more[shard % SHARDS].wait()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Let all listeners go."""
        self.closed = True
        self._wake()

    def _cut(self, after: int, lot_id: str | None) -> Piece:
        parts: list[bytes] = []
        size = 0
        first = bisect_right(self._events, after, key=lambda event: event.index)
        for event in self._events[first:]:
            data = self._encode(event, lot_id)
            if data is None:
                continue
            parts.append(data)
            size += len(data)
            if size >= PIECE:
                return Piece(event.index, b"".join(parts))
        return Piece(self._index, b"".join(parts))

    def _wake_soon(self) -> None:
        if self._waking is None:
            loop = asyncio.get_running_loop()
            self._waking = loop.call_later(self._linger_s, self._wake)

    def _wake(self) -> None:
        if self._waking is not None:
            self._waking.cancel()
        self._waking = None
        self._pieces.clear()
        self._wake_shard(0)

    def _wake_shard(self, shard: int) -> None:
        self._more[shard].set()
        self._more[shard] = asyncio.Event()
        if shard + 1 < SHARDS:
            # Between two shards the loop takes what else came: requests do not wait for a thousand.
            asyncio.get_running_loop().call_soon(self._wake_shard, shard + 1)
