"""Drops history that is too old, a step at a time, while this replica is the primary."""

import asyncio
import logging
import time

from central.ledger.command import DropHistory
from central.ledger.queries.queries import Queries
from central.ledger.replica.replica import Replica
from central.raft import Overloaded
from node.errors import OperationError

logger = logging.getLogger(__name__)

DAY_US = 86_400 * 1_000_000
CHECK_EVERY = 60.0
"""Seconds between looks at what has become too old; less where little is kept, see below."""
PAUSE = 0.2  # seconds between steps: other entries are to have their turn


class Retention:
    """Keeps so much history; what is older is dropped by an entry, the same on every replica."""

    def __init__(self, replica: Replica, *, keep_days: float) -> None:
        """keep_days: as counted by the time of commit."""
        self._replica = replica
        self._keep_us = int(keep_days * DAY_US)
        # What is to be gone after ten seconds must not stay for another sixty.
        self._check_every = max(PAUSE, min(CHECK_EVERY, self._keep_us / 10e6))

    async def run(self) -> None:
        """Drop what is too old until cancelled."""
        while True:
            more = False
            try:
                more = await self._step()
            except (OperationError, Overloaded) as error:
                logger.info("history not dropped now: %s", error)
            await asyncio.sleep(PAUSE if more else self._check_every)

    async def _step(self) -> bool:
        """Drop a part of what is too old; returns whether there was any."""
        if not self._replica.is_primary:
            return False
        before_us = time.time_ns() // 1000 - self._keep_us

        def question(queries: Queries) -> int:
            return queries.next_cut(before_us)

        through = await self._replica.query(question)
        if not through:
            return False
        await self._replica.propose(DropHistory(through))
        logger.info("history dropped through=%d", through)
        return True
