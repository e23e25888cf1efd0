"""Exports of the present and of history in the formats that others read."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from central.stays.stays import stays_of
from central.web.answering import NOW, mark_headers, tagged
from central.web.exports import cds, datex, geojson, ngsi, parkapi
from central.web.exports.publication import Publication, PublishedLot, publish
from central.web.exports.tables import ParquetMissing, csv_rows, parquet
from central.web.freshness import Mark
from central.web.past import LotPast, Span, past_of_lot
from central.web.problems import Problem
from central.web.reading import WAIT_S, Reader, unknown_lot
from central.web.routes.parameters import LotId, Since, Until, problems
from central.web.site import Site

OnlyLot = Annotated[str | None, Query(description="only this lot", max_length=64)]

Present = Callable[[Publication], object]

PRESENT: tuple[tuple[str, str, str, Present], ...] = (
    ("geojson", geojson.MEDIA_TYPE, "GeoJSON: lots and spots", geojson.feature_collection),
    ("parkapi/parking-sites", "application/json", "ParkAPI v3: lots", parkapi.parking_sites),
    ("parkapi/parking-spots", "application/json", "ParkAPI v3: spots", parkapi.parking_spots),
    ("ngsi-ld/parking-spots", ngsi.MEDIA_TYPE, "NGSI-LD ParkingSpot", ngsi.parking_spots),
    (
        "ngsi-ld/off-street-parkings",
        ngsi.MEDIA_TYPE,
        "NGSI-LD OffStreetParking",
        ngsi.off_street_parkings,
    ),
    ("datex2-light", "application/json", "DATEX II 3.4 light", datex.parking_spaces),
)
"""(path, media type, what it is, how it is made) of each export of the present."""

_STALE = "What is older than the service's limit, or seen by a faulty camera, is unknown."


def router(reader: Reader) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["exports"], responses=problems(404, 422, 503))
    _add_present(routes, reader.site)
    _add_events(routes, reader)
    _add_csv(routes, reader)
    _add_parquet(routes, reader)
    return routes


def _add_present(routes: APIRouter, site: Site) -> None:
    def publication(lot: str | None, mark: Mark) -> Publication:
        lots = site.view.lots
        if lot is not None and lot not in lots:
            raise unknown_lot(lot)
        at_us = None if mark.age_us is None else time.time_ns() // 1000 - mark.age_us
        held = lots.values() if lot is None else [lots[lot]]
        return publish([one.state for one in held], at_us=at_us, stale=mark.stale)

    def add(path: str, media_type: str, what: str, make: Present) -> None:
        async def export(request: Request, lot: OnlyLot = None) -> Response:
            mark = site.mark()
            body = _dump(make(publication(lot, mark)))
            return tagged(request, body, mark, media_type=media_type, cache=NOW)

        routes.add_api_route(
            f"/export/{path}",
            export,
            name=f"export {what}",
            description=f"{what}, as of now. {_STALE}",
            status_code=200,
            response_class=Response,
            responses={200: {"description": what, "content": {media_type: {}}}},
        )

    for entry in PRESENT:
        add(*entry)


def _add_events(routes: APIRouter, reader: Reader) -> None:
    @routes.get(
        "/lots/{lot_id}/export/cds",
        response_class=Response,
        status_code=200,
        responses={200: {"description": "CDS events", "content": {cds.MEDIA_TYPE: {}}}},
    )
    async def cds_events(
        request: Request, lot_id: LotId, since: Since = None, until: Until = None
    ) -> Response:
        """Curb events of the last day, or of at most 31 days: park_start, park_end, comms_lost."""
        past = await past_of_lot(reader, lot_id, Span.asked(since, until))
        (lot,) = publish([past.lot], at_us=None, stale=False).lots
        document = cds.document(lot, _events(lot, past), at_us=time.time_ns() // 1000)
        return tagged(request, _dump(document), past.mark, media_type=cds.MEDIA_TYPE, cache=NOW)


def _add_csv(routes: APIRouter, reader: Reader) -> None:
    site = reader.site

    @routes.get(
        "/lots/{lot_id}/history.csv",
        response_class=Response,
        status_code=200,
        responses={200: {"description": "history", "content": {"text/csv": {}}}},
    )
    async def history_csv(lot_id: LotId, since: Since = None, until: Until = None) -> Response:
        """Every change of a lot's spots as CSV, by default of the last day."""
        mark, span = site.mark(), Span.asked(since, until)
        if lot_id not in site.view.lots:
            raise unknown_lot(lot_id)
        headers = {
            "Content-Disposition": f'attachment; filename="{lot_id}.csv"',
            "Cache-Control": "no-store",
            **mark_headers(mark),
        }
        chunks = _csv(reader, lot_id, span)
        # The first page is read before the answer begins: what fails then is still an answer.
        first = await anext(chunks)
        return StreamingResponse(
            _chain(first, chunks), media_type="text/csv; charset=utf-8", headers=headers
        )


def _add_parquet(routes: APIRouter, reader: Reader) -> None:
    @routes.get(
        "/lots/{lot_id}/history.parquet",
        response_class=Response,
        status_code=200,
        responses={
            200: {
                "description": "history",
                "content": {"application/vnd.apache.parquet": {}},
            },
            **problems(501),
        },
    )
    async def history_parquet(lot_id: LotId, since: Since = None, until: Until = None) -> Response:
        """Every change of a lot's spots as a Parquet file, by default of the last day."""
        past = await past_of_lot(reader, lot_id, Span.asked(since, until))
        try:
            body = await asyncio.to_thread(parquet, list(past.changes))
        except ParquetMissing:
            raise Problem.of(
                501, "no-parquet", "the service lacks pyarrow: pip install 'parkledger[parquet]'"
            ) from None
        headers = {
            "Content-Disposition": f'attachment; filename="{lot_id}.parquet"',
            "Cache-Control": "no-store",
            **mark_headers(past.mark),
        }
        return Response(body, media_type="application/vnd.apache.parquet", headers=headers)


def _events(lot: PublishedLot, past: LotPast) -> list[dict[str, object]]:
    seen = {
        (one.change.spot_id, one.change.captured_at_us): cds.SeenChange(
            one.change.camera_id, one.committed_at_us
        )
        for one in past.changes
    }
    stays = stays_of(past.changes, opening=past.opening)
    events = [*cds.park_events(lot, stays, seen), *cds.camera_events(lot, past.cameras)]
    events.sort(key=_publication_time)
    return events


def _publication_time(event: dict[str, Any]) -> int:
    return int(event["event_publication_time"])


async def _csv(reader: Reader, lot_id: str, span: Span) -> AsyncIterator[bytes]:
    async with reader.slots:
        heading = True
        async for page in reader.site.ledger.history(
            lot_id,
            since_us=span.since_us,
            until_us=span.until_us,
            page_size=5000,
            timeout=WAIT_S,
        ):
            yield csv_rows(page.changes, heading=heading)
            heading = False


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
