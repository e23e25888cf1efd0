"""What the replicas and nodes say of themselves, asked at most once a second for all who look."""

import asyncio
import time
from dataclasses import dataclass

from central.operator.overview import Overview, look
from central.web.site import Site

KEPT_S = 1.0
TIME_OUT_S = 2.0


@dataclass(frozen=True)
class FailOver:
    """The primary changed. At a time that this service noticed: microseconds since 1970 UTC."""

    before: str
    after: str
    noticed_at_us: int


class ClusterWatch:
    """Single flight: who comes while a question is under way waits for its answer."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._asking: asyncio.Task[Overview] | None = None
        self._found: Overview | None = None
        self._found_at = 0.0
        self._primary = ""
        self.last_fail_over: FailOver | None = None

    async def look(self) -> Overview:
        """Return the overview, at most a second old."""
        if self._found is not None and time.monotonic() - self._found_at < KEPT_S:
            return self._found
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        # One who goes away must not take the answer from the others.
        return await asyncio.shield(self._asking)

    async def _ask(self) -> Overview:
        addresses = [str(address) for address in self._site.settings.ledger]
        found = await look(self._site.ledger, addresses, timeout=TIME_OUT_S)
        self._found, self._found_at = found, time.monotonic()
        primary = found.primary_id
        if primary and self._primary and primary != self._primary:
            self.last_fail_over = FailOver(self._primary, primary, time.time_ns() // 1000)
        self._primary = primary or self._primary
        return found
