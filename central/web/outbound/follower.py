"""What a sender knows of the ledger: the view, as it may be published, and when it changes."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from central.ledger.client import LedgerClient
from central.ledger.records import LedgerEvent
from central.web.exports.publication import Publication, publish
from central.web.feed import Feed
from central.web.hub import Hub
from node.address import Address


@dataclass(frozen=True)
class Follower:
    """The newest state; whoever is slow skips what was in between."""

    feed: Feed
    hub: Hub
    stale_after_s: float

    @property
    def index(self) -> int:
        """The applied index of the publication, 0 before the ledger answered."""
        return self.feed.view.index if self.feed.view is not None else 0

    def publication(self) -> Publication | None:
        """Return what may be published now; None before the ledger answered at all."""
        view = self.feed.view
        if view is None:
            return None
        limit_s = self.stale_after_s
        mark = self.feed.freshness.mark(view.index, now=time.monotonic(), limit_s=limit_s)
        at_us = None if mark.age_us is None else time.time_ns() // 1000 - mark.age_us
        states = [lot.state for lot in view.lots.values()]
        return publish(states, at_us=at_us, stale=mark.stale)

    async def changed(self, *, timeout: float) -> None:
        """Return when something committed, or after `timeout` seconds: age counts, too."""
        await self.hub.more(timeout=timeout)


@asynccontextmanager
async def following(
    addresses: Sequence[Address], *, stale_after_s: float
) -> AsyncIterator[Follower]:
    """Follow a ledger; ends with the block."""
    ledger = LedgerClient(addresses)
    hub = Hub(_nothing, kept=1)
    feed = Feed(ledger, hub)
    task = asyncio.create_task(feed.run())
    try:
        yield Follower(feed, hub, stale_after_s)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await ledger.close()


def _nothing(event: LedgerEvent, lot_id: str | None) -> bytes | None:
    return None
