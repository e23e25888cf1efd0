"""Follows the ledger: its cameras, the regions they see and the occupancies they last said.

The ledger is the one source of truth. The directory reads it whole once, then watches; an event
that tells of a new layout, or of an occupancy that nobody here brought about, makes it read that
lot again. Lots are also read in rotation, a few at a time, which catches what events do not show
(a view that does not decide its spot).

A hundred spots take the event loop a millisecond or two to read, so of hundreds of lots only those
are read that somebody asked for, in pieces, and layouts only where they changed.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field

from central.ledger.interface import Ledger, LedgerError, LedgerRefused, WatchGap
from central.ledger.records import LedgerEvent, OccupancyChange
from central.processor.known_lots import CameraEntry, KnownLots
from node.backoff import Backoff

logger = logging.getLogger(__name__)

_PIECE = 8
"""Lots in one request: what else the event loop has to do waits so long."""
_TURNS = 15
"""In how many parts all lots are read while `refresh_seconds` go by, if there are so many."""


@dataclass(frozen=True)
class DirectorySettings:
    """How often the ledger is read."""

    refresh_seconds: float = 30.0  # each lot at least this often
    min_seconds: float = 1.0  # between two rounds of reading, however many events ask for one
    timeout: float = 5.0


@dataclass
class Directory:
    """`run()` follows the ledger until cancelled. `ready` is set from the first reading on.

    on_change: called in the event loop after every reading, with the cameras that were read and
    those that no layout has any more.
    is_news: whether a change that the ledger reports calls for a new reading of its lot.
    """

    ledger: Ledger
    settings: DirectorySettings = field(default_factory=DirectorySettings)
    on_change: Callable[[Set[str]], None] = lambda _cameras: None
    is_news: Callable[[OccupancyChange], bool] = lambda _change: True
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _lots: KnownLots = field(default_factory=KnownLots)
    _stale: set[str] = field(default_factory=set)  # lots to be read again
    _redrawn: set[str] = field(default_factory=set)  # of those: their layout is another
    _whole: bool = True  # nobody knows which lots there are
    _asked: asyncio.Event = field(default_factory=asyncio.Event)
    _turn_at: float = 0.0  # by the event loop's clock: when the next part of the rotation is due

    def entry(self, camera_id: str) -> CameraEntry | None:
        """Return the camera as last read, None if no applied layout has it."""
        return self._lots.entry(camera_id)

    def refresh(self, lot_id: str | None = None) -> None:
        """Ask for a new reading soon: of one lot, or of all that are known."""
        self._stale |= self._lots.every() if lot_id is None else {lot_id}
        self._asked.set()

    async def run(self) -> None:
        """Follow the ledger; ends only by cancellation."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read_again_and_again())
            tasks.create_task(self._watch())

    async def _read_again_and_again(self) -> None:
        backoff = Backoff(first=0.2, limit=2.0)
        while True:
            self._asked.clear()
            try:
                await self._read_what_is_stale()
            except LedgerError as error:
                if backoff.attempts == 0:
                    logger.warning("ledger not readable, trying on: %s", error)
                # It refuses lots that it does not know: somebody gave it another past.
                self._whole = self._whole or isinstance(error, LedgerRefused)
                await asyncio.sleep(backoff.next_delay())
                continue
            if backoff.attempts:
                logger.info("ledger readable again index=%d", self._lots.index)
            backoff.reset()
            await asyncio.sleep(self.settings.min_seconds)
            await self._wait_until_stale()

    async def _wait_until_stale(self) -> None:
        try:
            async with asyncio.timeout_at(self._turn_at):
                await self._asked.wait()
        except TimeoutError:
            pass  # the rotation goes on

    async def _read_what_is_stale(self) -> None:
        if self._whole:
            self._stale.clear()
            await self._read((), with_layouts=True)
            self._whole = False
            self._next_turn()
        elif asyncio.get_running_loop().time() >= self._turn_at:
            self._stale |= self._next_turn()
        for piece in _pieces(sorted(self._stale)):
            await self._read(piece, with_layouts=not self._redrawn.isdisjoint(piece))

    def _next_turn(self) -> frozenset[str]:
        """Return the lots whose turn it is, and note when that of the next ones comes."""
        turns = max(1, min(_TURNS, len(self._lots)))
        now = asyncio.get_running_loop().time()
        self._turn_at = now + self.settings.refresh_seconds / turns
        return self._lots.oldest(math.ceil(len(self._lots) / turns))

    async def _read(self, lot_ids: Sequence[str], *, with_layouts: bool) -> None:
        """Read these lots, all of them if none is named."""
        self._stale -= set(lot_ids)  # who asks from now on may know of something newer
        self._redrawn -= set(lot_ids)
        timeout = self.settings.timeout
        try:
            state = await self.ledger.get(lot_ids, with_layouts=with_layouts, timeout=timeout)
            touched = set(self._lots.take(state, whole=not lot_ids))
            if lacking := self._lots.lacking(state):
                state = await self.ledger.get(lacking, with_layouts=True, timeout=timeout)
                touched |= set(self._lots.take(state))
        except LedgerError:
            self._stale |= set(lot_ids)
            raise
        if not self.ready.is_set():
            logger.info("ledger read lots=%d cameras=%d", len(self._lots), self._lots.cameras)
        self.ready.set()
        self.on_change(touched)

    async def _watch(self) -> None:
        await self.ready.wait()
        after = self._lots.index
        backoff = Backoff(first=0.2, limit=2.0)
        while True:
            try:
                async for event in self.ledger.watch(after):
                    after = event.index
                    backoff.reset()
                    self._hear(event)
            except WatchGap:
                # Whatever was missed is in the next reading; events after the index of the last
                # one that has been made are what is still of interest.
                logger.info("ledger's events were missed after index=%d, reading again", after)
                after = self._lots.index
                self._whole = True
                self._asked.set()
            except LedgerError as error:
                logger.info("ledger's events stopped, trying on: %s", error)
            await asyncio.sleep(backoff.next_delay())

    def _hear(self, event: LedgerEvent) -> None:
        for change in event.layouts:
            self._redrawn.add(change.lot_id)
            self.refresh(change.lot_id)
        for lot_id in {change.lot_id for change in event.changes if self.is_news(change)}:
            self.refresh(lot_id)


def _pieces(lot_ids: Sequence[str]) -> Sequence[Sequence[str]]:
    return [lot_ids[at : at + _PIECE] for at in range(0, len(lot_ids), _PIECE)]
