"""Drops from the log what is applied, but for what backups that lag may still need."""

import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence

from central.ledger.replica.applying import Applier
from central.raft import Entry, Raft

logger = logging.getLogger(__name__)

MAX_LOG_BYTES = 64 << 20
"""Applied entries are dropped from the log earlier if they hold more than that."""


class Compaction:
    """Belongs to the event loop; one at a time."""

    def __init__(
        self,
        raft: Raft,
        applier: Applier,
        *,
        kept_entries: int,
        begin: Callable[[Coroutine[None, None, None]], None],
        wake: Callable[[], None],
        tidy: Callable[[], Awaitable[None]],
    ) -> None:
        """`begin` runs it, `wake` says that the core was told something, `tidy` comes after it."""
        self._raft = raft
        self._applier = applier
        self._kept_entries = kept_entries
        self._begin = begin
        self._wake = wake
        self._tidy = tidy
        self._bytes = 0  # applied since the last one
        self._under_way = False

    def applied(self, entries: Sequence[Entry]) -> None:
        """Begin if there is enough to drop now that these are applied."""
        for entry in entries:
            self._bytes += len(entry.data)
        held = entries[-1].index - self._raft.start.index
        large = held > 1 and self._bytes > MAX_LOG_BYTES
        if (large or held >= 2 * self._kept_entries) and not self._under_way:
            self._under_way = True
            self._begin(self._compact())

    async def _compact(self) -> None:
        durable = await self._applier.alone(lambda: self._applier.state_machine.make_durable())
        large = self._bytes > MAX_LOG_BYTES
        self._bytes = 0
        index = durable - (1 if large else self._kept_entries)
        if index > self._raft.start.index:
            self._raft.compact(index)
            logger.info("log compacted first=%d last=%d", index + 1, self._raft.last_index)
            self._wake()
        self._under_way = False
        await self._tidy()
