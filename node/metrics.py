"""A process's metrics over HTTP, in Prometheus' text format 0.0.4, made anew for each request."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from node.address import Address
from node.listening import check_free

logger = logging.getLogger(__name__)

_TIMEOUT_S = 5.0
_MOST_LINES = 100
"""Lines of a request's head that are read; who sends more gets no answer."""

Labels = Mapping[str, str]
Sample = tuple[Labels, float]


def family(name: str, kind: str, help_line: str, samples: Sequence[Sample]) -> str:
    """Return one metric's lines. kind: counter or gauge."""
    lines = [f"# HELP {name} {help_line}", f"# TYPE {name} {kind}"]
    lines += [f"{name}{_labels(labels)} {_number(value)}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def histogram(
    name: str, help_line: str, bounds: Sequence[float], counts: Sequence[int], total: float
) -> str:
    """Return a histogram's lines. counts: in each bucket, one more than bounds; total: the sum."""
    lines = [f"# HELP {name} {help_line}", f"# TYPE {name} histogram"]
    below = 0
    for bound, count in zip((*map(str, bounds), "+Inf"), counts, strict=True):
        below += count
        lines.append(f'{name}_bucket{{le="{bound}"}} {below}')
    lines += [f"{name}_sum {_number(total)}", f"{name}_count {below}"]
    return "\n".join(lines) + "\n"


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return "{" + inner + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


class MetricsServer:
    """Answers GET /metrics. `start()` binds, `close()` ends."""

    def __init__(self, listen: Address, render: Callable[[], str]) -> None:
        self._listen = listen
        self._render = render
        self._server: asyncio.Server | None = None
        self.address = listen

    async def start(self) -> None:
        """Bind the address (`address` then has the port); raises OperationError."""
        check_free(self._listen, option="--metrics")
        host, port = self._listen.host, self._listen.port
        self._server = await asyncio.start_server(self._answer, host, port, limit=8192)
        self.address = Address(host, self._server.sockets[0].getsockname()[1])
        logger.info("metrics at http://%s/metrics", self.address)

    async def close(self) -> None:
        """Take no more requests."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                head = await _head(reader)
                writer.write(self._response(head))
                await writer.drain()
        except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError):
            logger.debug("a request for metrics came to nothing")
        finally:
            writer.close()

    def _response(self, request_line: str) -> bytes:
        method, _, rest = request_line.partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        if method != "GET" or path != "/metrics":
            status, body = "404 Not Found", "only GET /metrics is answered here\n"
        else:
            status, body = "200 OK", self._render()
        data = body.encode()
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
            f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + data


async def _head(reader: asyncio.StreamReader) -> str:
    """Read a request's head; return its first line."""
    first = (await reader.readline()).decode("latin-1").strip()
    for _ in range(_MOST_LINES):
        if (await reader.readline()).strip() == b"":
            return first
    raise ValueError("a head of too many lines")
