"""The past of a lot: history, stays, and counts per hour."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from central.ledger.interface import LedgerRefused
from central.stays.hours import Edges, counts_by_hour
from central.stays.stays import BRIDGE_S, limits_of, over_stay_s, stays_of
from central.stays.turnover import turnover
from central.web.answering import answer, unmarked
from central.web.answers.past import (
    HistoryAnswer,
    Hour,
    HoursAnswer,
    Recorded,
    RecordedCondition,
    Stay,
    StaysAnswer,
)
from central.web.instants import instant_of
from central.web.paging import page_of
from central.web.past import LotPast, Span, page_of_history, past_of_lot
from central.web.problems import Problem
from central.web.reading import Reader
from central.web.routes.parameters import READ, Limit, LotId, Page, Since, Until
from node.identifiers import ID_PATTERN

SpotIds = Annotated[
    list[str], Query(description="only these spots; may be given more than once", max_length=500)
]
Bridge = Annotated[
    float, Query(description="seconds of unknown that do not end a stay", ge=0, le=86_400)
]
OverLimit = Annotated[bool, Query(description="only stays longer than their zone allows")]


def router(reader: Reader) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["past"], responses=READ)
    _add_history(routes, reader)
    _add_stays(routes, reader)
    _add_hours(routes, reader)
    return routes


def _check(reader: Reader, lot_id: str, spot_ids: list[str]) -> None:
    if lot_id not in reader.site.view.lots:
        raise Problem.of(404, "unknown-lot", f"lot '{lot_id}' is not known")
    for spot_id in spot_ids:
        if not ID_PATTERN.fullmatch(spot_id):
            raise Problem.of(422, "bad-value", f"spot '{spot_id[:80]}': that is no id")


def _add_history(routes: APIRouter, reader: Reader) -> None:
    @routes.get("/lots/{lot_id}/history", response_model=HistoryAnswer)
    async def history(
        request: Request,
        lot_id: LotId,
        spot: SpotIds = [],  # noqa: B006 - FastAPI copies it
        since: Since = None,
        until: Until = None,
        limit: Limit = 1000,
        page: Page = None,
    ) -> Response:
        """Return every change of a lot's spots and cameras, in the order of their commit."""
        _check(reader, lot_id, spot)
        try:
            found = await page_of_history(
                reader,
                lot_id,
                spot,
                since_us=instant_of("since", since) if since else None,
                until_us=instant_of("until", until) if until else None,
                limit=limit,
                token=page,
            )
        except LedgerRefused as error:
            raise Problem.of(404, "unknown-spot", str(error)) from error
        body = HistoryAnswer(
            changes=[Recorded.of_recorded(one) for one in found.changes],
            cameras=[RecordedCondition.of_recorded(one) for one in found.cameras],
            next_page=found.next_page,
        )
        return answer(request, unmarked(body), found.mark)


def _add_stays(routes: APIRouter, reader: Reader) -> None:
    @routes.get("/lots/{lot_id}/stays", response_model=StaysAnswer)
    async def stays(
        request: Request,
        lot_id: LotId,
        spot: SpotIds = [],  # noqa: B006
        since: Since = None,
        until: Until = None,
        over_limit: OverLimit = False,
        bridge: Bridge = BRIDGE_S,
        limit: Limit = 1000,
        page: Page = None,
    ) -> Response:
        """Return how long spots were taken, by default in the last day; worked out from history."""
        _check(reader, lot_id, spot)
        span = Span.asked(since, until)
        past = await _past(reader, lot_id, span, spot)
        shown = _stays(past, span, over_limit=over_limit, bridge_s=bridge)
        part, following = page_of(
            shown, key=lambda stay: f"{stay.began} {stay.spot}", token=page, limit=limit
        )
        body = unmarked(StaysAnswer(stays=part, next_page=following))
        return answer(request, body, past.mark)


def _add_hours(routes: APIRouter, reader: Reader) -> None:
    @routes.get("/lots/{lot_id}/hours", response_model=HoursAnswer)
    async def hours(
        request: Request, lot_id: LotId, since: Since = None, until: Until = None
    ) -> Response:
        """Return counts, arrivals and departures per hour, by default of the last day."""
        _check(reader, lot_id, [])
        span = Span.asked(since, until)
        past = await _past(reader, lot_id, span, [])
        return answer(request, unmarked(_hours(past, span)), past.mark)


async def _past(reader: Reader, lot_id: str, span: Span, spot_ids: list[str]) -> LotPast:
    try:
        return await past_of_lot(reader, lot_id, span, spot_ids=spot_ids)
    except LedgerRefused as error:
        raise Problem.of(404, "unknown-spot", str(error)) from error


def _stays(past: LotPast, span: Span, *, over_limit: bool, bridge_s: float) -> list[Stay]:
    limits = limits_of(past.layout)
    found = []
    for stay in stays_of(past.changes, opening=past.opening, bridge_s=bridge_s):
        over = over_stay_s(stay, limits, now_us=span.until_us)
        if over or not over_limit:
            found.append(Stay.of(stay, now_us=span.until_us, over_stay_s=over))
    return found


def _hours(past: LotPast, span: Span) -> HoursAnswer:
    flow = turnover(
        stays_of(past.changes, opening=past.opening),
        spots=len(past.lot.spots),
        since_us=span.since_us,
        until_us=span.until_us,
        zone=ZoneInfo(past.layout.time_zone),
    )
    edges = Edges((*(hour.begin_us for hour in flow), span.until_us))
    counted = counts_by_hour(past.opening, past.changes, edges)
    return HoursAnswer(
        time_zone=past.layout.time_zone,
        hours=[
            Hour.of(counts, arrivals=hour.arrivals, departures=hour.departures)
            for counts, hour in zip(counted, flow, strict=True)
        ],
    )
