"""A process of live listeners: `python -m benchmarks.web.listeners HOST PORT COUNT`.

Reads raw bytes, so that a thousand of them cost less than the service that is measured. Prints
"ready" when all are connected. Then it is told, on standard input, how many changes there were, and
prints what was heard, as JSON, once all have heard so many, or after a minute.
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial

_CHANGE = b"\nevent: change\n"
_ID = re.compile(rb"\nid: (\d+)\n")
_COMMITTED = re.compile(rb'"committed_at":"([^"]+)"')
PATIENCE_S = 60.0
_KEPT = 64  # bytes carried over to the next read: a marker may be cut in two


@dataclass(frozen=True)
class Heard:
    """What the listeners heard. delays_ms: commit to arrival, of one of them, sorted."""

    connected: int
    lost: int  # connections that ended before we did
    resyncs: int
    fewest_changes: int
    most_changes: int
    delays_ms: tuple[float, ...]


class Listener(asyncio.Protocol):
    """One connection."""

    def __init__(self, path: str, *, timed: bool) -> None:
        self._path = path
        self._timed = timed
        self._tail = b""
        self._transport: asyncio.Transport | None = None
        self.began = asyncio.get_running_loop().create_future()
        self.changes = 0
        self.resyncs = 0
        self.lost = False
        self.delays_ms: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(f"GET {self._path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        if not self.began.done():
            self.began.set_result(data.startswith(b"HTTP/1.1 200"))
        held = self._tail + data
        # What was in the tail was counted then; a marker that ends in the new part was not.
        fresh = held[max(0, len(self._tail) - len(_CHANGE) + 1) :] if self._tail else held
        self.changes += fresh.count(_CHANGE)
        self.resyncs += fresh.count(b"\nevent: resync\n")
        if self._timed:
            now = time.time()
            for found in _COMMITTED.finditer(data):
                at = datetime.fromisoformat(found[1].decode()).timestamp()
                self.delays_ms.append((now - at) * 1000)
        self._tail = held[-_KEPT:]

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self.began.done():
            self.began.set_result(False)

    def close(self) -> None:
        """Go."""
        if self._transport is not None:
            self._transport.close()


async def listen(host: str, port: int, count: int) -> Heard:
    """Connect, say so, and listen until standard input ends."""
    loop = asyncio.get_running_loop()
    listeners: list[Listener] = []
    for number in range(count):
        make = partial(Listener, "/api/v1/events", timed=number == 0)
        _, listener = await loop.create_connection(make, host, port)
        listeners.append(listener)
        if not await listener.began:
            break
    connected = sum(bool(listener.began.result()) for listener in listeners)
    print("ready", flush=True)
    expected = int(await asyncio.to_thread(sys.stdin.read))
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        counts = [listener.changes for listener in listeners]
        if min(counts) >= expected:
            break
        await asyncio.sleep(0.1)
    heard = Heard(
        connected=connected,
        lost=sum(listener.lost for listener in listeners),
        resyncs=sum(listener.resyncs for listener in listeners),
        fewest_changes=min(counts),
        most_changes=max(counts),
        delays_ms=tuple(sorted(listeners[0].delays_ms)),
    )
    for listener in listeners:
        listener.close()
    return heard


def main() -> None:
    """Listen, then print."""
    host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    print(json.dumps(asdict(asyncio.run(listen(host, port, count)))), flush=True)


if __name__ == "__main__":
    main()
