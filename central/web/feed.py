"""Keeps the view: one watch of the ledger, one small linearizable read a second, and every few
seconds the question who is alive.

However many people read, the ledger sees this and no more. When it is away, the view stays as it
is and grows old; answers say so.
"""

import asyncio
import logging
import time

from central.ledger.interface import Ledger, LedgerError, WatchGap
from central.ledger.records import LedgerEvent, LedgerState
from central.web.freshness import Freshness
from central.web.hub import Hub
from central.web.view import View
from central.web.vouching import Vouching
from node.backoff import Backoff

logger = logging.getLogger(__name__)

PROBE_EVERY_S = 1.0
HEARD_EVERY_S = 5.0
DOUBTED_EVERY_S = 1.0
"""The same, as long as a camera is doubted."""
READ_TIME_OUT_S = 5.0
FAR_FUTURE_US = 1 << 60
_SILENT = "the ledger has not answered yet"


class Feed:
    """Owns the view. `view` is None until the ledger answered for the first time."""

    def __init__(self, ledger: Ledger, hub: Hub) -> None:
        self._ledger = ledger
        self._hub = hub
        self._committed: View | None = None
        self.view: View | None = None  # what may be said of it
        self.vouching = Vouching()
        self.freshness = Freshness()
        self.fault = _SILENT

    async def run(self) -> None:
        """Follow the ledger until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._probe())
            tasks.create_task(self._hear())

    async def _follow(self) -> None:
        backoff = Backoff(first=0.1, limit=2.0)
        while True:
            try:
                # Not linearizable, so that pages show the last known state without a quorum.
                state = await self._ledger.get(
                    with_layouts=True, stale_ok=True, timeout=READ_TIME_OUT_S
                )
                if self._committed is not None and state.index < self._committed.index:
                    # That replica is behind, or the ledger was restored from a backup.
                    state = await self._ledger.get(with_layouts=True, timeout=READ_TIME_OUT_S)
                self._show(View.of(state))
                self._hub.restart(state.index)
                self.freshness.advance(state.index)
                async for event in self._ledger.watch(state.index):
                    backoff.reset()
                    await self._take(event)
            except WatchGap as gap:
                logger.warning("watch is broken off, reading everything anew reason=%r", str(gap))
            except LedgerError as error:
                self._note(error)
            await asyncio.sleep(backoff.next_delay())

    async def _take(self, event: LedgerEvent) -> None:
        assert self._committed is not None
        view = self._committed
        unknown = view.unknown_lots(event)
        if unknown:
            view = view.with_lots(await self._read(unknown, at_least=event.index))
        view = view.advanced(event)
        self.vouching.heard(event.cameras, now=time.monotonic())
        self._show(view)
        self.freshness.advance(view.index)
        self._hub.publish(event)

    def _show(self, committed: View) -> None:
        self._committed = committed
        self.view = committed.doubting(self.vouching)

    async def _read(self, lot_ids: tuple[str, ...], *, at_least: int) -> LedgerState:
        """Read lots at an index or after it, however long that takes: the view waits for it."""
        backoff = Backoff(first=0.05, limit=1.0)
        while True:
            try:
                state = await self._ledger.get(lot_ids, with_layouts=True, timeout=READ_TIME_OUT_S)
                if state.index >= at_least:
                    return state
            except LedgerError as error:
                self._note(error)
            await asyncio.sleep(backoff.next_delay())

    async def _probe(self) -> None:
        while True:
            asked = time.monotonic()
            try:
                index = await self._committed_index()
            except LedgerError as error:
                self._note(error)
            else:
                if self.fault:
                    await self._ask_who_is_heard()  # before anything is called fresh again
                    again = "" if self.fault == _SILENT else " again"
                    logger.info("ledger answers%s index=%d", again, index)
                self.fault = ""
                applied = self.view.index if self.view is not None else 0
                self.freshness.confirm(asked=asked, index=index, applied=applied)
            await asyncio.sleep(PROBE_EVERY_S)

    async def _hear(self) -> None:
        while True:
            await self._ask_who_is_heard()
            doubts = self.view is not None and any(lot.doubted for lot in self.view.lots.values())
            await asyncio.sleep(DOUBTED_EVERY_S if doubts else HEARD_EVERY_S)

    async def _ask_who_is_heard(self) -> None:
        asked = time.monotonic()
        try:
            service = await self._ledger.service_status(timeout=READ_TIME_OUT_S)
        except LedgerError:
            return  # who is away is told by the probe
        self.vouching.note(service.nodes, asked=asked)
        if self._committed is not None:
            self._show(self._committed)

    async def _committed_index(self) -> int:
        lot_id = next(iter(self.view.lots), None) if self.view is not None else None
        if lot_id is None:
            return (await self._ledger.get(timeout=READ_TIME_OUT_S)).index
        # The cheapest linearizable read there is: a page of history that holds nothing.
        pages = self._ledger.history(
            lot_id, since_us=FAR_FUTURE_US, page_size=1, timeout=READ_TIME_OUT_S
        )
        async for page in pages:
            return page.index
        raise LedgerError("the ledger gave no page")

    def _note(self, error: LedgerError) -> None:
        if self.fault != str(error):
            logger.warning("ledger does not answer reason=%r", str(error))
        self.fault = str(error)
