"""The primary dies while somebody watches: no change is missed, and the page ends right."""

import asyncio
import time

import pytest
from playwright.async_api import Page

from central.layout.document import Camera, Layout, Region, Spot
from central.ledger.interface import LedgerError
from central.ledger.records import Detection, DetectionBatch, IdempotencyKey, Occupancy
from tests.web.site import START_S, LiveSite

pytestmark = pytest.mark.asyncio(loop_scope="session")

SQUARE = ((0, 0), (100_000, 0), (100_000, 100_000), (0, 100_000))
SPOTS = tuple(f"F{n}" for n in range(5))
CHANGES = 60


async def primary_of(site: LiveSite) -> str:
    """Return the primary's id, waiting until there is one."""
    async with asyncio.timeout(START_S):
        while True:
            for replica_id, address in site.cluster.replicas.items():
                try:
                    if (await site.ledger.replica_status(str(address))).primary:
                        return replica_id
                except LedgerError:
                    pass  # it may be the one that is dead
            await asyncio.sleep(0.05)


async def test_no_change_is_missed_when_the_primary_dies(page: Page, site: LiveSite) -> None:
    regions = tuple(Region(spot, SQUARE) for spot in SPOTS)
    layout = Layout(
        "failing", spots=tuple(map(Spot, SPOTS)), cameras=(Camera("failing-mast", regions=regions),)
    )
    await site.apply(layout)
    await page.goto(f"{site.url}/lots/failing")
    await page.wait_for_selector('#pulse[data-state="live"]')
    await page.evaluate(
        """() => {
          window.seen = [];
          let wanted = Infinity;
          let tell = null;
          const check = () => window.seen.length >= wanted && tell(window.seen);
          window.enough = (n) => new Promise((done) => { wanted = n; tell = done; check(); });
          const source = new EventSource("/api/v1/events?lot=failing");
          source.addEventListener("change", (event) => {
            const { index, changes } = JSON.parse(event.data);
            for (const { spot, occupancy } of changes) window.seen.push([index, spot, occupancy]);
            check();
          });
          source.addEventListener("resync", () => window.seen.push("resync"));
          return new Promise((done) => source.addEventListener("hello", () => done()));
        }"""
    )
    expected = []
    dead = await primary_of(site)
    try:
        for number in range(CHANGES):
            if number == CHANGES // 3:
                await site.supervisor.kill(dead)
            spot = SPOTS[number % len(SPOTS)]
            occupied = number // len(SPOTS) % 2 == 0
            occupancy = Occupancy.OCCUPIED if occupied else Occupancy.VACANT
            batch = DetectionBatch(
                key=IdempotencyKey("failing-mast", "0123456789abcdef", number + 1),
                captured_at_us=time.time_ns() // 1000,
                layout_version=1,
                model="0" * 16,
                detections=(Detection(spot, occupancy, 9_000),),
            )
            result = await site.ledger.append(batch)
            assert result.rejected is None
            expected.append([spot, occupancy.name.lower()])
        async with asyncio.timeout(START_S):
            seen = await page.evaluate("(n) => window.enough(n)", CHANGES)
        assert [[spot, occupancy] for _, spot, occupancy in seen] == expected
        indexes = [index for index, _, _ in seen]
        assert indexes == sorted(set(indexes))
        state = (await site.ledger.get(("failing",), timeout=START_S)).lot("failing")
        assert state is not None
        for spot_state in state.spots:
            word = spot_state.occupancy.name.lower()
            await page.wait_for_selector(
                f'.spot-list button[aria-label="{spot_state.spot_id}: {word}"]'
            )
    finally:
        await site.supervisor.start(dead, site.cluster.replica_arguments(dead))
