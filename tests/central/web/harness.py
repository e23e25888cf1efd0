"""A web service before real replicas, and what a client does with it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from central.ledger.client import LedgerClient
from central.web.serving import serve
from central.web.settings import WebSettings
from node.address import Address
from tests.central.ledger.cluster import DEADLINE, Cluster
from tests.central.ledger.samples import OCCUPIED, VACANT, batch, layout

TOKEN = "0123456789abcdef0123456789abcdef"


@dataclass
class Web:
    """A running service, its ledger, and an HTTP client."""

    cluster: Cluster
    ledger: LedgerClient
    http: httpx.AsyncClient
    flips: int = 0

    async def flip(self, times: int = 1) -> None:
        """Change spot A1 so often: occupied, vacant, occupied, …"""
        for _ in range(times):
            self.flips += 1
            state = OCCUPIED if self.flips % 2 else VACANT
            result = await self.ledger.append(batch("near", self.flips, ("A1", state)))
            assert result.rejected is None

    async def get(self, path: str, **options: Any) -> Any:
        """Return the JSON of an answer that must be 200."""
        answer = await self.http.get(path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def problem(self, path: str, status: int, **options: Any) -> Any:
        """Return the problem details of an answer that must have that status."""
        answer = await self.http.get(path, **options)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        found = answer.json()
        assert found["status"] == status
        return found

    async def until(self, path: str, holds: Callable[[Any], bool]) -> Any:
        """Return the JSON of an answer, once there is one for which `holds`."""
        async with asyncio.timeout(DEADLINE):
            while True:
                answer = await self.http.get(path)
                if answer.status_code == 200 and holds(found := answer.json()):
                    return found
                await asyncio.sleep(0.01)

    async def known(self) -> None:
        """Return once the service knows its age: the ledger answered it."""
        await self.until("/api/v1/lots", lambda found: not found["ledger"]["stale"])

    async def caught_up(self, index: int) -> None:
        """Return once the service's view is at that index."""
        await self.until("/api/v1/lots", lambda found: bool(found["ledger"]["index"] >= index))


@asynccontextmanager
async def web_service(
    directory: Path, *, replica_ids: tuple[str, ...] = ("a",), **settings: Any
) -> AsyncIterator[Web]:
    """Give a service with lot `north` applied, its view at that."""
    async with Cluster(directory, replica_ids=replica_ids) as cluster:
        ledger = cluster.client()
        applied = await ledger.apply(layout())
        async with served(WebSettings(ANYWHERE, told(cluster), **settings)) as http:
            web = Web(cluster, ledger, http)
            await web.known()
            await web.caught_up(applied.index)
            yield web


ANYWHERE = Address("127.0.0.1", 0)


def told(cluster: Cluster) -> tuple[Address, ...]:
    """Return what `--ledger` says."""
    return tuple(cluster.addresses.values())


@asynccontextmanager
async def served(settings: WebSettings) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of a service that runs; it is stopped cleanly afterwards."""
    stop = asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(settings, stop, ready=ready.set_result))
    try:
        await asyncio.wait((serving, ready), return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
        async with httpx.AsyncClient(base_url=await ready, timeout=DEADLINE) as http:
            yield http
    finally:
        stop.set()
        assert await asyncio.wait_for(serving, DEADLINE) == 0


@dataclass
class Heard:
    """One server-sent event."""

    kind: str
    id: int
    data: dict[str, Any]


@dataclass
class Listener:
    """Reads server-sent events as a browser does."""

    response: httpx.Response
    heard: list[Heard] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.events = self._events()

    async def _events(self) -> AsyncIterator[Heard]:
        fields: dict[str, str] = {}
        async for line in self.response.aiter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "event" in fields:
                event = Heard(fields["event"], int(fields["id"]), json.loads(fields["data"]))
                fields = {}
                self.heard.append(event)
                yield event

    async def until(self, kind: str, *, count: int = 1) -> list[Heard]:
        """Return the events heard so far, once that many more of a kind came."""
        async with asyncio.timeout(DEADLINE):
            while count:
                event = await anext(self.events)
                count -= event.kind == kind
        return self.heard


@asynccontextmanager
async def listening(web: Web, query: str = "", **headers: str) -> AsyncIterator[Listener]:
    """Give one who listens."""
    path = f"/api/v1/events{query}"
    async with web.http.stream("GET", path, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Listener(response)
