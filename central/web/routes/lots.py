"""Lots, zones and spots: now, linearizable now, and at any past instant."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from central.layout.document import Layout
from central.ledger.records import LotState
from central.web.answering import Bodies, answer, unmarked
from central.web.answers.lots import (
    Lot,
    LotAnswer,
    LotsAnswer,
    Spot,
    SpotAnswer,
    SpotsAnswer,
    Zone,
    ZonesAnswer,
)
from central.web.answers.marks import Marked
from central.web.paging import page_of
from central.web.problems import Problem
from central.web.reading import Moment, Reader, with_layout
from central.web.routes.parameters import READ, At, Fresh, Limit, LotId, Page, SpotId

Make = Callable[[LotState, Layout], Marked]


@dataclass(frozen=True)
class Asked:
    """Which lot, and of when: at an instant; None: now, `fresh` from the quorum."""

    lot_id: str
    at: str | None
    fresh: bool


def router(reader: Reader) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["lots"], responses=READ)
    lots = _Lots(reader, Bodies())
    _add_lots(routes, lots)
    _add_zones(routes, lots)
    _add_spots(routes, lots)
    return routes


@dataclass(frozen=True)
class _Lots:
    """Answers about one lot; those of the present are made once a change."""

    reader: Reader
    bodies: Bodies

    async def answer(self, request: Request, asked: Asked, what: str, make: Make) -> Response:
        """Answer with what `make` makes of the lot; `what` tells one answer from another."""
        moment = await self.reader.moment((asked.lot_id,), at=asked.at, fresh=asked.fresh)
        lot, layout = moment.lot(asked.lot_id)
        key = moment.key(asked.lot_id)
        if key is None:
            body = unmarked(make(lot, layout))
        else:
            body = self.bodies.body((what, *key), lambda: make(lot, layout))
        return answer(request, body, moment.mark, cache=moment.cache)


def _add_lots(routes: APIRouter, of: _Lots) -> None:
    @routes.get("/lots", response_model=LotsAnswer)
    async def lots(
        request: Request,
        at: At = None,
        fresh: Fresh = False,
        limit: Limit = 100,
        page: Page = None,
    ) -> Response:
        """Return every lot with its counts."""
        moment = await of.reader.moment(at=at, fresh=fresh)

        def make() -> LotsAnswer:
            return _lots(moment, limit=limit, page=page)

        states = moment.view.lots.values()
        key = ("lots", limit, page, tuple((one.state.lot_id, one.version) for one in states))
        body = of.bodies.body(key, make) if moment.live else unmarked(make())
        return answer(request, body, moment.mark, cache=moment.cache)

    @routes.get("/lots/{lot_id}", response_model=LotAnswer)
    async def lot(request: Request, lot_id: LotId, at: At = None, fresh: Fresh = False) -> Response:
        """Return one lot: its counts, and those of its zones."""

        def make(state: LotState, layout: Layout) -> Marked:
            return LotAnswer(lot=Lot.of(state, layout), zones=Zone.all_of(state, layout))

        return await of.answer(request, Asked(lot_id, at, fresh), "lot", make)


def _add_zones(routes: APIRouter, of: _Lots) -> None:
    @routes.get("/lots/{lot_id}/zones", response_model=ZonesAnswer)
    async def zones(
        request: Request, lot_id: LotId, at: At = None, fresh: Fresh = False
    ) -> Response:
        """Return the zones of a lot with their counts."""

        def make(state: LotState, layout: Layout) -> Marked:
            return ZonesAnswer(zones=Zone.all_of(state, layout))

        return await of.answer(request, Asked(lot_id, at, fresh), "zones", make)


def _add_spots(routes: APIRouter, of: _Lots) -> None:
    @routes.get("/lots/{lot_id}/spots", response_model=SpotsAnswer)
    async def spots(
        request: Request,
        lot_id: LotId,
        at: At = None,
        fresh: Fresh = False,
        limit: Limit = 1000,
        page: Page = None,
    ) -> Response:
        """Return the spots of a lot by id, each with its occupancy."""

        def make(state: LotState, layout: Layout) -> Marked:
            every = Spot.all_of(state, layout)
            shown, following = page_of(every, key=lambda spot: spot.id, token=page, limit=limit)
            return SpotsAnswer(spots=shown, next_page=following)

        return await of.answer(request, Asked(lot_id, at, fresh), f"spots {limit} {page}", make)

    @routes.get("/lots/{lot_id}/spots/{spot_id}", response_model=SpotAnswer)
    async def spot(
        request: Request, lot_id: LotId, spot_id: SpotId, at: At = None, fresh: Fresh = False
    ) -> Response:
        """Return one spot."""

        def make(state: LotState, layout: Layout) -> Marked:
            for one in Spot.all_of(state, layout):
                if one.id == spot_id:
                    return SpotAnswer(spot=one)
            raise Problem.of(
                404, "unknown-spot", f"lot '{lot_id}' has no spot '{spot_id[:80]}' at that time"
            )

        return await of.answer(request, Asked(lot_id, at, fresh), f"spot {spot_id}", make)


def _lots(moment: Moment, *, limit: int, page: str | None) -> LotsAnswer:
    states = [one.state for one in moment.view.lots.values()]
    shown, following = page_of(states, key=lambda lot: lot.lot_id, token=page, limit=limit)
    return LotsAnswer(lots=[Lot.of(*with_layout(lot)) for lot in shown], next_page=following)
