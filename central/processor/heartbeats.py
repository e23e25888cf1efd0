"""Tells the ledger, again and again, that the processor and its cameras are alive."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from central.ledger.interface import Ledger, LedgerError
from central.ledger.records import NodeReport

logger = logging.getLogger(__name__)

FIRST_INTERVAL = 1.0
"""Seconds between reports until the primary has said how often it wants them."""

_LEAST_INTERVAL = 0.05


class Heartbeats:
    """`run()` until cancelled; `now()` when there is something that should not wait."""

    def __init__(
        self,
        ledger: Ledger,
        reports: Callable[[], Sequence[NodeReport]],
        *,
        on_return: Callable[[], None],
    ) -> None:
        """on_return: a primary listens again; meanwhile it may have given our cameras up."""
        self._ledger = ledger
        self._reports = reports
        self._on_return = on_return
        self._soon = asyncio.Event()

    def now(self) -> None:
        """Report at once: a camera has come or gone."""
        self._soon.set()

    async def run(self) -> None:
        """Report for ever, at the pace that the primary asks for."""
        interval = FIRST_INTERVAL
        failed = False
        while True:
            self._soon.clear()
            try:
                interval = max(_LEAST_INTERVAL, await self._ledger.heartbeat(self._reports()))
            except LedgerError as error:
                if not failed:
                    logger.warning("heartbeat not heard, trying on: %s", error)
                failed = True
                await asyncio.sleep(min(interval, FIRST_INTERVAL))
                continue
            if failed:
                logger.info("heartbeat heard again")
                self._on_return()
            failed = False
            await self._pause(interval)

    async def _pause(self, seconds: float) -> None:
        # Half the time allowed: one report may be lost without consequence.
        try:
            async with asyncio.timeout(seconds / 2):
                await self._soon.wait()
        except TimeoutError:
            pass  # the ordinary case
