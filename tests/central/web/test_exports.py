"""Exports: each against what its format publishes, and never more than is known now."""

import asyncio
import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from central.layout.document import Layout
from central.ledger.records import (
    CameraCondition,
    CameraReport,
    CameraState,
    LotState,
    Occupancy,
    SpotState,
)
from central.web.exports import datex, geojson, ngsi, parkapi
from central.web.exports.publication import Publication, publish
from central.web.instants import text_of
from tests.central.ledger.samples import OCCUPIED, UNKNOWN, VACANT, batch, layout
from tests.central.web import schemas
from tests.central.web.harness import Web, web_service

AT = 1_790_000_000_000_000


def placed() -> Layout:
    """The samples' lot, at a place; A2 has one of its own."""
    lot = layout()
    own = replace(lot.spots[1], latitude=48.2, longitude=11.6)
    return replace(lot, latitude=48.1, longitude=11.5, spots=(lot.spots[0], own))


def published(
    *states: Occupancy,
    stale: bool = False,
    at_us: int | None = AT,
    condition: CameraCondition | None = CameraCondition.OK,
    document: Layout | None = None,
) -> Publication:
    """What may be published of lot `north` whose spots are in those states."""
    document = document or placed()
    spots = tuple(
        SpotState(spot.spot_id, state, 9_000, "near", AT - 60_000_000)
        for spot, state in zip(document.spots, states, strict=True)
    )
    cameras = (CameraState("near", condition),)
    lot = LotState("north", "North lot", 1, spots, layout=document, cameras=cameras)
    return publish([lot], at_us=at_us, stale=stale)


EVERY = [
    published(OCCUPIED, VACANT),
    published(VACANT, UNKNOWN),
    published(OCCUPIED, VACANT, stale=True),
    published(OCCUPIED, VACANT, stale=True, at_us=None),
    published(OCCUPIED, VACANT, condition=CameraCondition.NUDGED),
    published(OCCUPIED, VACANT, document=layout()),
]


@pytest.mark.parametrize("publication", EVERY)
def test_each_is_what_its_format_says(publication: Publication) -> None:
    checks: list[tuple[Any, dict[str, Any]]] = [
        (geojson.feature_collection(publication), schemas.GEOJSON),
        (parkapi.parking_sites(publication), schemas.items(schemas.PARKAPI_SITE)),
        (parkapi.parking_spots(publication), schemas.items(schemas.PARKAPI_SPOT)),
        (ngsi.parking_spots(publication), schemas.array(schemas.NGSI_SPOT)),
        (ngsi.off_street_parkings(publication), schemas.array(schemas.NGSI_SITE)),
        (datex.parking_spaces(publication), schemas.array(schemas.DATEX)),
    ]
    for document, schema in checks:
        jsonschema.validate(
            document, schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )


def test_each_tells_what_is_known() -> None:
    publication = published(OCCUPIED, VACANT)
    sites: Any = parkapi.parking_sites(publication)["items"]
    assert (sites[0]["realtime_free_capacity"], sites[0]["realtime_capacity"]) == (1, 2)
    spots: Any = parkapi.parking_spots(publication)["items"]
    assert [spot["realtime_status"] for spot in spots] == ["TAKEN", "AVAILABLE"]
    assert [(spot["lat"], spot["lon"]) for spot in spots] == [(48.1, 11.5), (48.2, 11.6)]
    assert [one["status"] for one in ngsi.parking_spots(publication)] == ["occupied", "free"]
    assert ngsi.off_street_parkings(publication)[0]["availableSpotNumber"] == 1
    assert [one["availability"] for one in datex.parking_spaces(publication)] == [
        "occupied",
        "available",
    ]
    features: Any = geojson.feature_collection(publication)["features"]
    assert features[2]["geometry"]["coordinates"] == [11.6, 48.2]


def test_parkapi_tells_when_the_layout_changed() -> None:
    now = published(OCCUPIED, VACANT)
    drawn = replace(now, lots=(replace(now.lots[0], layout_at_us=AT - 9_000_000),))
    for publication, at_us in ((drawn, AT - 9_000_000), (now, AT)):  # an old ledger does not say
        sites: Any = parkapi.parking_sites(publication)["items"]
        spots: Any = parkapi.parking_spots(publication)["items"]
        for one in (*sites, *spots):
            assert one["static_data_updated_at"] == text_of(at_us)
            assert one["realtime_data_updated_at"] == text_of(AT)


@pytest.mark.parametrize(
    "publication",
    [
        published(OCCUPIED, VACANT, stale=True),
        published(OCCUPIED, VACANT, condition=CameraCondition.SILENT),
    ],
)
def test_what_is_stale_or_badly_seen_is_never_told_as_known(publication: Publication) -> None:
    sites: Any = parkapi.parking_sites(publication)["items"]
    assert "realtime_free_capacity" not in sites[0]
    assert sites[0]["realtime_opening_status"] == "UNKNOWN"
    spots: Any = parkapi.parking_spots(publication)["items"]
    assert {spot["realtime_status"] for spot in spots} == {"UNKNOWN"}
    assert {one["status"] for one in ngsi.parking_spots(publication)} == {"unknown"}
    assert "availableSpotNumber" not in ngsi.off_street_parkings(publication)[0]
    assert {one["availability"] for one in datex.parking_spaces(publication)} == {"unknown"}
    features: Any = geojson.feature_collection(publication)["features"]
    assert features[0]["properties"]["vacant"] == 0
    assert features[0]["properties"]["unknown"] == 2


def test_what_has_no_place_is_left_out_where_a_place_is_needed() -> None:
    publication = published(OCCUPIED, VACANT, document=layout())
    assert parkapi.parking_spots(publication)["items"] == []
    assert ngsi.parking_spots(publication) == []
    features: Any = geojson.feature_collection(publication)["features"]
    assert [feature["geometry"] for feature in features] == [None, None, None]


PRESENT = (
    "geojson",
    "parkapi/parking-sites",
    "parkapi/parking-spots",
    "ngsi-ld/parking-spots",
    "ngsi-ld/off-street-parkings",
    "datex2-light",
)


async def park(web: Web) -> None:
    """Have A1 vacant, taken, vacant again, and the camera nudged and mended."""
    await web.ledger.apply(placed())
    states = [VACANT, OCCUPIED, VACANT]
    for number, state in enumerate(states, start=1):
        said = batch("near", number, ("A1", state), layout_version=2)
        assert (await web.ledger.append(said)).rejected is None
    for number, condition in ((4, CameraCondition.NUDGED), (5, CameraCondition.OK)):
        report = CameraReport(condition, since_us=number * 1_000_000)
        said = batch("near", number, layout_version=2)
        assert (await web.ledger.append(replace(said, camera=report))).rejected is None
    await web.caught_up((await web.ledger.get()).index)


async def test_over_http_with_mark_and_media_type(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web:
        await park(web)
        for path in PRESENT:
            answer = await web.http.get(f"/api/v1/export/{path}")
            assert answer.status_code == 200
            assert "json" in answer.headers["content-type"]
            assert answer.headers["Ledger-Stale"] == "false"
            assert (await web.problem(f"/api/v1/export/{path}?lot=nowhere", 404))["detail"]
        spots = (await web.get("/api/v1/export/parkapi/parking-spots?lot=north"))["items"]
        assert [spot["realtime_status"] for spot in spots] == ["AVAILABLE", "UNKNOWN"]
        sites = (await web.get("/api/v1/export/parkapi/parking-sites"))["items"]
        (lot,) = (await web.ledger.get()).lots
        assert lot.layout_at_us > 0
        for one in (*sites, *spots):
            assert one["static_data_updated_at"] == text_of(lot.layout_at_us)


async def test_curb_events(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web:
        await park(web)
        answer = await web.http.get("/api/v1/lots/north/export/cds")
        assert answer.headers["content-type"] == "application/vnd.cds+json;version=1.0"
        document = answer.json()
        jsonschema.validate(document, schemas.CDS)
        events = document["data"]["events"]
        assert [(event["event_type"], event["event_time"]) for event in events] == [
            ("park_start", 2000),
            ("park_end", 3000),
            ("comms_lost", 4000),
            ("comms_restored", 5000),
        ]
        assert len({event["event_id"] for event in events}) == 4
        again = (await web.http.get("/api/v1/lots/north/export/cds")).json()
        assert again["data"] == document["data"]


async def test_history_as_tables(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web:
        await park(web)
        answer = await web.http.get("/api/v1/lots/north/history.csv")
        assert answer.headers["content-type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["occupancy"] for row in rows] == ["vacant", "occupied", "vacant"]
        changes = (await web.get("/api/v1/lots/north/history"))["changes"]
        assert [row["committed_at"] for row in rows] == [one["committed_at"] for one in changes]
        empty = await web.http.get("/api/v1/lots/north/history.csv?until=2020-01-02T00:00:00Z")
        assert empty.text.count("\n") == 1
        assert (await web.problem("/api/v1/lots/nowhere/history.csv", 404))["detail"]


async def test_history_as_parquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    async with web_service(tmp_path) as web:
        await park(web)
        answer = await web.http.get("/api/v1/lots/north/history.parquet")
        assert answer.status_code == 200
        table = await asyncio.to_thread(parquet.read_table, io.BytesIO(answer.content))
        assert table.column("occupancy").to_pylist() == ["vacant", "occupied", "vacant"]
        changes = (await web.get("/api/v1/lots/north/history"))["changes"]
        assert table.column("index").to_pylist() == [one["index"] for one in changes]
        assert str(table.schema.field("committed_at").type) == "timestamp[us, tz=UTC]"
