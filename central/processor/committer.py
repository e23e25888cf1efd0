"""Carries one camera's beliefs to the ledger, one batch at a time, in order."""

import asyncio
import logging
from collections.abc import Callable

from central.ledger.interface import Ledger, LedgerRefused, LedgerUnavailable
from central.ledger.records import AppendResult, DetectionBatch
from central.processor.beliefs import Beliefs
from node.backoff import Backoff

logger = logging.getLogger(__name__)


class Committer:
    """Runs until cancelled. The queue is `Beliefs`: the newest belief a spot, whatever happens.

    on_refused: the ledger refused a batch for ever, so what it holds has to be read again.
    """

    def __init__(self, ledger: Ledger, beliefs: Beliefs, *, on_refused: Callable[[], None]) -> None:
        self._ledger = ledger
        self._beliefs = beliefs
        self._on_refused = on_refused
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()

    def kick(self) -> None:
        """Beliefs may have been added."""
        self._idle.clear()
        self._wake.set()

    async def wait_idle(self) -> None:
        """Return once everything believed so far is committed (or refused)."""
        await self._idle.wait()

    async def run(self) -> None:
        """Commit whatever is believed, for ever."""
        while True:
            self._wake.clear()
            batch = self._beliefs.take()
            if batch is None:
                self._idle.set()
                await self._wake.wait()
                continue
            await self._commit(batch)

    async def _commit(self, batch: DetectionBatch) -> None:
        try:
            result = await self._append(batch)
        except LedgerRefused as error:
            result = AppendResult(index=0, rejected=str(error))
        if result.rejected is None:
            self._beliefs.committed(result.index)
            return
        self._beliefs.refused(result.index)
        logger.warning(
            "batch refused camera=%s sequence=%d layout=%d: %s",
            batch.key.camera_id,
            batch.key.sequence,
            batch.layout_version,
            result.rejected,
        )
        self._on_refused()

    async def _append(self, batch: DetectionBatch) -> AppendResult:
        """Append until answered: an unknown outcome is asked again with the same key."""
        backoff = Backoff()
        while True:
            try:
                return await self._ledger.append(batch)
            except LedgerUnavailable as error:
                if backoff.attempts == 0:
                    logger.warning("ledger away camera=%s: %s", batch.key.camera_id, error)
                await asyncio.sleep(backoff.next_delay())
