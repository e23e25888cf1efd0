"""Reads lots as a request wants them: the view, a linearizable read, or an instant in the past."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from central.layout.document import Layout
from central.ledger.interface import LedgerRefused
from central.ledger.records import LotState
from central.web.answering import NOW, PAST
from central.web.freshness import Mark
from central.web.instants import instant_of
from central.web.problems import Problem, away
from central.web.site import Site
from central.web.view import View

MAX_READS = 16
"""Reads that the ledger answers for this service at a time; more wait, and then are refused."""
WAIT_S = 5.0


@dataclass(frozen=True)
class Moment:
    """Lots as of one index. `lots` hold their layouts."""

    view: View
    mark: Mark
    cache: str
    live: bool  # the view itself: the bodies made of it may be kept

    def lot(self, lot_id: str) -> tuple[LotState, Layout]:
        """Return a lot and its layout; raises Problem (404)."""
        found = self.view.lots.get(lot_id)
        if found is None:
            raise unknown_lot(lot_id)
        return with_layout(found.state)

    def key(self, lot_id: str) -> tuple[object, ...] | None:
        """Return what a body made of a lot may be kept under, None if it should not be."""
        return (lot_id, self.view.lots[lot_id].version) if self.live else None


def unknown_lot(lot_id: str) -> Problem:
    """Return the problem of a lot that is not there."""
    return Problem.of(404, "unknown-lot", f"lot '{lot_id[:80]}' is not known; see /api/v1/lots")


def with_layout(lot: LotState) -> tuple[LotState, Layout]:
    """Return a lot that was read with its layout, and the layout."""
    assert lot.layout is not None, "lots are read with their layouts"
    return lot, lot.layout


class Reader:
    """Asks the ledger for what the view does not hold, so many questions at a time."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.slots = Slots(MAX_READS)

    async def moment(self, lot_ids: Sequence[str] = (), *, at: str | None, fresh: bool) -> Moment:
        """Return the lots (all if none is named); raises Problem."""
        if at is not None and fresh:
            raise Problem.of(422, "bad-value", "at and fresh exclude each other: give one of them")
        if at is not None:
            return await self._past(lot_ids, instant_of("at", at))
        if not fresh:
            return Moment(self.site.view, self.site.mark(), NOW, live=True)
        async with self.slots:
            state = await _known(self.site, lot_ids, as_of_us=None)
        state = state.doubting(self.site.feed.vouching)
        return Moment(state, Mark(state.index, 0, stale=False), NOW, live=False)

    async def _past(self, lot_ids: Sequence[str], instant_us: int) -> Moment:
        if instant_us > time.time_ns() // 1000:
            raise Problem.of(422, "bad-time", "at: give an instant that is over")
        async with self.slots:
            state = await _known(self.site, lot_ids, as_of_us=instant_us)
        # What is committed from now on is committed later than what the view has seen.
        seen = self.site.feed.view
        over = seen is not None and instant_us <= (seen.committed_at_us or 0)
        return Moment(state, Mark(state.index, 0, stale=False), PAST if over else NOW, live=False)


async def _known(site: Site, lot_ids: Sequence[str], *, as_of_us: int | None) -> View:
    try:
        state = await site.ledger.get(lot_ids, with_layouts=True, as_of_us=as_of_us, timeout=WAIT_S)
    except LedgerRefused as error:
        if lot_ids:  # the instant was checked, so it is the lot
            raise Problem.of(404, "unknown-lot", str(error)) from error
        raise
    return View.of(state)


class Slots:
    """So many at a time; who waits too long is told to come again."""

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)

    async def __aenter__(self) -> None:
        try:
            async with asyncio.timeout(WAIT_S):
                await self._free.acquire()
        except TimeoutError:
            raise away("too many reads of the past are under way: try again") from None

    async def __aexit__(self, *_: object) -> None:
        self._free.release()
