"""Cameras that send strips, frames, and strips only, against a real processor and ledger."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from central.demo.cluster import wait_listening
from central.demo.ports import free_addresses
from central.demo.processes import Supervisor
from central.layout.document import Camera, Layout
from central.layout.toml import read_layout
from central.ledger.client import LedgerClient
from central.ledger.records import Occupancy
from node.address import Address
from sample_videos import NORTH

WAIT_S = 120.0
"""For a cold start of everything on a machine that does other things as well."""

CLIP = "north-east"


def lot(camera_id: str, *, every: int = 1) -> Layout:
    """The sample lot as a lot of its own, seen by one camera; every n-th of its spots."""
    sample = read_layout(NORTH.layout)
    seen = sample.camera(CLIP)
    assert seen is not None
    regions = seen.regions[::every]
    kept = {region.spot_id for region in regions}
    return replace(
        sample,
        lot_id=camera_id,
        spots=tuple(spot for spot in sample.spots if spot.spot_id in kept),
        cameras=(Camera(camera_id, regions=tuple(regions)),),
    )


@dataclass
class World:
    """One replica, one processor, and what they are asked."""

    supervisor: Supervisor
    processor: Address
    ledger: LedgerClient

    async def camera(self, camera_id: str, *options: str, url: str = "") -> None:
        """Start a camera that plays the clip slowly, or shows what is at that address."""
        clip = ("--source", str(NORTH.clips[CLIP]), "--speed", "0.05")
        await self.supervisor.start(
            camera_id,
            [
                *("camera", "--camera-id", camera_id, *(("--source", url) if url else clip)),
                *("--processor", str(self.processor), "--fps", "4"),
                *options,
            ],
        )

    async def known(self, lot_id: str, *, spots: int) -> dict[str, Occupancy]:
        """Return the lot's occupancies once it has so many spots and all are known."""
        async with asyncio.timeout(WAIT_S):
            while True:
                found = (await self.ledger.get((lot_id,), timeout=WAIT_S)).lot(lot_id)
                assert found is not None
                states = {spot.spot_id: spot.occupancy for spot in found.spots}
                if len(states) == spots and Occupancy.UNKNOWN not in states.values():
                    return states
                await asyncio.sleep(0.2)


@asynccontextmanager
async def world(directory: Path, *layouts: Layout) -> AsyncIterator[World]:
    replica, processor = free_addresses(2)
    supervisor = Supervisor(directory)
    ledger = LedgerClient((replica,))
    try:
        data = str(directory / "data")
        await supervisor.start(
            "ledger", ["ledger", "--replica-id", "a", "--listen", str(replica), "--data", data]
        )
        for layout in layouts:
            await ledger.apply(layout, timeout=WAIT_S)
        await supervisor.start(
            "processor", ["processor", "--listen", str(processor), "--ledger", str(replica)]
        )
        await wait_listening("processor", processor, timeout=WAIT_S)
        yield World(supervisor, processor, ledger)
    finally:
        await ledger.close()
        await supervisor.stop(list(supervisor.children), grace=WAIT_S)


async def test_strips_say_what_frames_say_and_follow_a_new_layout(tmp_path: Path) -> None:
    whole = lot("whole")
    async with world(tmp_path, whole, lot("cut"), lot("closed")) as running:
        await running.camera("whole", "--send", "frames")
        await running.camera("cut", "--send", "strips", "--picture-every", "0")
        await running.camera("closed", "--private")
        spots = len(whole.spots)
        expected = await running.known("whole", spots=spots)
        assert set(expected.values()) == {Occupancy.OCCUPIED, Occupancy.VACANT}
        assert await running.known("cut", spots=spots) == expected
        assert await running.known("closed", spots=spots) == expected
        fewer = lot("cut", every=3)
        await running.ledger.apply(fewer, timeout=WAIT_S)
        followed = await running.known("cut", spots=len(fewer.spots))
        assert followed == {spot: expected[spot] for spot in followed}
        await running.supervisor.stop(["closed"], grace=WAIT_S)
    log = (tmp_path / "closed.log").read_text(encoding="utf-8")
    assert " pictures=0 " in log.rpartition("regions_sent=")[2]
