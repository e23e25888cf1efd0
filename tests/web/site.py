"""A whole installation as processes: replicas, a processor, cameras on clips, the pages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

import sample_videos
from central.demo.cluster import Cluster
from central.demo.ports import free_addresses
from central.demo.processes import Supervisor, log_tail
from central.layout.document import Camera, Layout, Spot
from central.layout.toml import read_layout
from central.ledger.client import LedgerClient
from node.address import Address

START_S = 60.0
TOKEN = "0123456789abcdef-of-the-tests"
CLIPS = Path(sample_videos.__file__).parent
WEB = "web"


@dataclass
class LiveSite:
    """What runs, and where its pages are."""

    cluster: Cluster
    supervisor: Supervisor
    ledger: LedgerClient
    web: Address
    directory: Path

    @property
    def url(self) -> str:
        """The address of the pages, without a slash at its end."""
        return f"http://{self.web}"

    async def start_web(self) -> None:
        """Start the web service and wait until it answers with the ledger's state."""
        token = self.directory / "token"
        token.write_text(TOKEN + "\n")
        arguments = [
            "web",
            *("--listen", str(self.web)),
            *("--ledger", ",".join(map(str, self.cluster.ledger))),
            *("--processor", str(self.cluster.processor)),
            *("--token", str(token)),
            *("--labels", str(self.directory / "labels.jsonl")),
        ]
        await self.supervisor.start(WEB, arguments)
        await self.answer("/api/v1/lots")

    async def answer(self, path: str) -> dict[str, Any]:
        """Return a JSON answer, asking until it is a success."""
        async with asyncio.timeout(START_S), httpx.AsyncClient(base_url=self.url) as client:
            while True:
                try:
                    answer = await client.get(path)
                    if answer.is_success:
                        return dict(answer.json())
                except httpx.TransportError:
                    pass
                if not self.supervisor.children[WEB].running:
                    raise AssertionError(log_tail(self.supervisor.children[WEB].log))
                await asyncio.sleep(0.05)

    async def apply(self, layout: Layout) -> None:
        """Commit a layout, and wait until the web service has heard of it."""
        index = (await self.ledger.apply(layout, timeout=START_S)).index
        async with asyncio.timeout(START_S):
            while True:
                heard = await self.answer("/api/v1/lots")
                if int(heard["ledger"]["index"]) >= index:
                    return
                await asyncio.sleep(0.05)

    async def start_camera(self, camera_id: str, clip: str) -> None:
        """Start a camera that plays a sample clip for ever."""
        arguments = [
            "camera",
            *("--source", str(CLIPS / clip)),
            *("--camera-id", camera_id),
            *("--processor", str(self.cluster.processor)),
            *("--fps", "2"),
            "--loop",
        ]
        await self.supervisor.start(f"camera {camera_id}", arguments)


def empty_lot() -> Layout:
    """A lot whose one camera sees no spot yet: what somebody begins to draw on."""
    return Layout(
        lot_id="annex",
        name="Annex",
        spots=(Spot("X1"),),
        cameras=(Camera("annex-mast", name="Mast"),),
    )


@asynccontextmanager
async def live_site(directory: Path) -> AsyncIterator[LiveSite]:
    """Give a running installation with the sample lot and an empty one; nothing is left of it."""
    cluster = Cluster.plan(directory)
    supervisor = Supervisor(directory)
    (web,) = free_addresses(1)
    ledger = LedgerClient(cluster.ledger)
    site = LiveSite(cluster, supervisor, ledger, web, directory)
    try:
        for replica_id in cluster.replicas:
            await supervisor.start(replica_id, cluster.replica_arguments(replica_id))
        await ledger.apply(read_layout(CLIPS / "north.toml"), timeout=START_S)
        await ledger.apply(empty_lot(), timeout=START_S)
        await supervisor.start("processor", [*cluster.processor_arguments(), "--pictures"])
        await site.start_camera("north-east", "north_east.mp4")
        await site.start_camera("north-west", "north_west.mp4")
        await site.start_camera("annex-mast", "north_west.mp4")
        await site.start_web()
        yield site
    finally:
        await ledger.close()
        await supervisor.stop(list(supervisor.children), grace=8.0)
