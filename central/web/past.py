"""Reads history: a page of it, or all changes between two instants, within bounds."""

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from central.layout.document import Layout
from central.ledger.records import (
    HistoryPage,
    LotState,
    RecordedCameraChange,
    RecordedChange,
    SpotState,
)
from central.web.freshness import Mark
from central.web.instants import instant_of
from central.web.paging import place_of, token_of
from central.web.problems import Problem
from central.web.reading import WAIT_S, Reader

MAX_DAYS = 31
MAX_CHANGES = 200_000
"""Changes that are added up for one answer; about a month of a busy lot of 400 spots."""

DAY_US = 86_400_000_000
_MAX = (1 << 63) - 1

Recorded = RecordedChange | RecordedCameraChange


@dataclass(frozen=True)
class Span:
    """[since_us, until_us) of the time of commit."""

    since_us: int
    until_us: int

    @classmethod
    def asked(cls, since: str | None, until: str | None, *, default_us: int = DAY_US) -> "Span":
        """Return what a request asks for, by default the last `default_us`; raises Problem."""
        now_us = time.time_ns() // 1000
        end = min(now_us, instant_of("until", until)) if until else now_us
        begin = instant_of("since", since) if since else max(1, end - default_us)
        if begin >= end:
            raise Problem.of(422, "bad-time", "since must be before until, and in the past")
        if end - begin > MAX_DAYS * DAY_US:
            raise Problem.of(422, "bad-time", f"ask for at most {MAX_DAYS} days at a time")
        return cls(begin, end)


@dataclass(frozen=True)
class ChangesPage:
    """A page of history; `next_page` is its successor's token."""

    mark: Mark
    changes: tuple[RecordedChange, ...]
    cameras: tuple[RecordedCameraChange, ...]
    next_page: str | None


@dataclass(frozen=True)
class LotPast:
    """All that happened to a lot in a span."""

    mark: Mark
    lot: LotState
    layout: Layout
    opening: tuple[SpotState, ...]
    changes: tuple[RecordedChange, ...]
    cameras: tuple[RecordedCameraChange, ...]


@dataclass(frozen=True, order=True)
class _Place:
    """After the item number `ordinal` (from 1) of those asked for that the index made."""

    index: int
    ordinal: int


async def page_of_history(
    reader: Reader,
    lot_id: str,
    spot_ids: Sequence[str],
    *,
    since_us: int | None,
    until_us: int | None,
    limit: int,
    token: str | None,
) -> ChangesPage:
    """Return a page of a lot's changes. A token stays right however much is committed later."""
    after = _Place(0, 0)
    if token is not None:
        committed, index, ordinal = place_of(token, int, int, int)
        after = _Place(int(index), int(ordinal))
        since_us = int(committed)
    found: list[Recorded] = []
    place = _Place(0, 0)
    async with reader.slots:
        pages = _Pages(
            reader.site.ledger.history(
                lot_id,
                spot_ids=spot_ids,
                since_us=since_us,
                until_us=until_us,
                page_size=min(5000, limit + 1),
                timeout=WAIT_S,
            )
        )
        async for one in pages.items():
            place = _next(place, one.index)
            if place > after:
                found.append(one)
            if len(found) > limit:
                break
    following = None
    if len(found) > limit:
        # `place` is that of the item beyond this page.
        del found[limit:]
        last = found[-1]
        ordinal = place.ordinal - 1 if place.index == last.index else _MAX
        following = token_of(last.committed_at_us, last.index, ordinal)
    return ChangesPage(
        pages.mark,
        tuple(one for one in found if isinstance(one, RecordedChange)),
        tuple(one for one in found if isinstance(one, RecordedCameraChange)),
        following,
    )


class _Pages:
    """The ledger's pages as one sequence: by index, spots before cameras, however it is cut."""

    def __init__(self, pages: AsyncIterator[HistoryPage]) -> None:
        self._pages = pages
        self.mark = Mark(0, 0, stale=False)

    async def items(self) -> AsyncIterator[Recorded]:
        """Yield what is recorded. What the last index of a page made may go on in the next."""
        held: list[Recorded] = []
        async for page in self._pages:
            self.mark = Mark(page.index, page.age_us, stale=False)
            held += [*page.changes, *page.cameras]
            if not held:
                continue
            held.sort(key=_order)
            last = held[-1].index
            for one in held:
                if one.index < last:
                    yield one
            held = [one for one in held if one.index == last]
        for one in held:
            yield one


def _order(one: Recorded) -> tuple[int, bool]:
    return one.index, isinstance(one, RecordedCameraChange)


async def past_of_lot(
    reader: Reader, lot_id: str, span: Span, *, spot_ids: Sequence[str] = ()
) -> LotPast:
    """Return all that happened to a lot in a span; raises Problem if that is too much."""
    moment = await reader.moment((lot_id,), at=None, fresh=False)
    lot, layout = moment.lot(lot_id)
    ledger = reader.site.ledger
    changes: list[RecordedChange] = []
    cameras: list[RecordedCameraChange] = []
    index = 0
    async with reader.slots:
        # Of all lots: this one may not have been there yet, which the ledger refuses.
        before = (await ledger.get(as_of_us=span.since_us, timeout=WAIT_S)).lot(lot_id)
        async for page in ledger.history(
            lot_id,
            spot_ids=spot_ids,
            since_us=span.since_us,
            until_us=span.until_us,
            page_size=5000,
            timeout=WAIT_S,
        ):
            index = page.index
            changes += page.changes
            cameras += page.cameras
            if len(changes) + len(cameras) > MAX_CHANGES:
                raise Problem.of(
                    422, "too-much", f"over {MAX_CHANGES} changes: ask for a shorter time"
                )
    opening = () if before is None else before.spots
    if spot_ids:
        opening = tuple(spot for spot in opening if spot.spot_id in spot_ids)
    mark = Mark(index, 0, stale=False)
    return LotPast(mark, lot, layout, opening, tuple(changes), tuple(cameras))


def _next(place: _Place, index: int) -> _Place:
    return _Place(index, place.ordinal + 1 if place.index == index else 1)
