"""A process of readers: `python -m benchmarks.web.requests HOST PORT RATE SECONDS PATH…`.

Open loop: requests are due at fixed times whether earlier ones were answered or not, and a latency
is counted from when its request was due. Prints one JSON object.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass

CONNECTIONS = 64


@dataclass(frozen=True)
class Served:
    """What became of the requests. latencies_ms: sorted, of those answered with 200."""

    asked: int
    failed: int
    seconds: float
    latencies_ms: tuple[float, ...]


class Reader:
    """One connection that is kept."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> bool:
        """Ask; returns whether the answer was 200."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            start = head.lower().index(b"content-length:") + len(b"content-length:")
            await reader.readexactly(int(head[start : head.index(b"\r", start)]))
        except (OSError, asyncio.IncompleteReadError, ValueError):
            writer.close()
            self._streams = None
            return False
        return head.startswith(b"HTTP/1.1 200")


async def read(host: str, port: int, rate: float, seconds: float, paths: list[str]) -> Served:
    """Make the requests."""
    free: asyncio.Queue[Reader] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(Reader(host, port))
    latencies: list[float] = []
    failed = 0
    asked = round(rate * seconds)
    began = time.monotonic()

    async def one(reader: Reader, path: str, due: float) -> None:
        nonlocal failed
        if await reader.get(path):
            latencies.append((time.monotonic() - due) * 1000)
        else:
            failed += 1
        free.put_nowait(reader)

    async with asyncio.TaskGroup() as tasks:
        for number in range(asked):
            due = began + number / rate
            if (early := due - time.monotonic()) > 0:
                await asyncio.sleep(early)
            # Waits while all connections are busy: that time counts, for it is counted from `due`.
            reader = await free.get()
            tasks.create_task(one(reader, paths[number % len(paths)], due))
    return Served(asked, failed, time.monotonic() - began, tuple(sorted(latencies)))


def main() -> None:
    """Read, then print."""
    host, port, rate, seconds, *paths = sys.argv[1:]
    served = asyncio.run(read(host, int(port), float(rate), float(seconds), paths))
    print(json.dumps(asdict(served)), flush=True)


if __name__ == "__main__":
    main()
