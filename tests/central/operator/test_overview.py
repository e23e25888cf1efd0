"""`parkledger status`: asked of a whole ledger, of one replica alone, of nobody."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from central.ledger.interface import LedgerError
from central.ledger.records import (
    CameraCondition,
    CameraState,
    LedgerState,
    LotCount,
    Occupancy,
    ServiceStatus,
)
from central.operator.overview import Overview, look
from central.operator.overview_json import overview_object
from central.operator.overview_tables import disk_size, duration, overview_tables
from tests.central.operator.scripted_ledger import (
    AWAY,
    ScriptedLedger,
    camera_status,
    lot,
    replica,
)

NORTH = lot(A1=Occupancy.VACANT, A2=Occupancy.OCCUPIED, A3=Occupancy.UNKNOWN, A4=Occupancy.VACANT)
STALE_COUNT = LotCount("gate-1", 12, counted_at_us=0, stale=True, status="SENSOR FAULT")
WHOLE = ScriptedLedger(
    state=LedgerState(index=10, age_us=0, lots=(replace(NORTH, counts=(STALE_COUNT,)),)),
    service=ServiceStatus(
        nodes=(camera_status("east"), camera_status("west", alive=False)),
        primary_id="r1",
        replicas=(replica(1, primary=True),),
    ),
    replicas={f"h:700{n}": replica(n, primary=n == 1) for n in (1, 2, 3)},
)
ONE_LEFT = ScriptedLedger(
    stale=LedgerState(index=7, age_us=65_000_000, lots=(NORTH,)),
    replicas={"h:7002": replica(2, applied=7)},
)


async def seen(ledger: ScriptedLedger, addresses: Sequence[str]) -> Overview:
    return await look(ledger, addresses, timeout=1.0)


def printed(overview: Overview) -> str:
    out = io.StringIO()
    console = Console(file=out, width=200, highlight=False)
    console.print(overview_tables(overview, now_us=60_000_000))
    return out.getvalue()


def as_object(overview: Overview) -> Any:
    return json.loads(json.dumps(overview_object(overview)))


async def test_one_address_is_enough_to_find_all_replicas() -> None:
    overview = await seen(WHOLE, ["h:7002"])  # a backup, which knows no peers' progress
    assert [a.status.replica_id for a in overview.replicas if a.status] == ["r1", "r2", "r3"]
    assert overview.primary_id == "r1"


async def test_a_replica_known_by_two_addresses_is_shown_once() -> None:
    ledger = replace(WHOLE, replicas={**WHOLE.replicas, "name:7001": replica(1, primary=True)})
    overview = await seen(ledger, ["name:7001"])
    assert len(overview.replicas) == 3


async def test_tables_of_a_whole_ledger() -> None:
    text = printed(await seen(WHOLE, ["h:7001"]))
    row = next(line for line in text.splitlines() if "north" in line)
    assert [cell.strip() for cell in row.split("│")[1:-1]] == [
        *("north", "North", "2", "1", "1", "4", "v3"),
        "12 by gate-1, 60 s ago; STALE: SENSOR FAULT",
    ]
    assert text.count("primary") == 1
    assert text.count("backup") == 2
    assert "alive" in text
    assert "silent" in text
    assert "Cannot tell" not in text


async def test_cameras_that_are_not_well_are_named() -> None:
    dark = CameraState("east", CameraCondition.DARK, 45_000_000, "mean luma 3")
    well = CameraState("west", CameraCondition.OK, 1)
    lots = (replace(NORTH, cameras=(dark, CameraState("gate", None), well)),)
    ledger = replace(WHOLE, state=LedgerState(index=10, age_us=0, lots=lots))
    text = printed(overview := await seen(ledger, ["h:7001"]))
    assert "Cameras (1 of 3 ok)" in text
    rows = [line for line in text.splitlines() if line.startswith("│ north")][1:]
    assert [[cell.strip() for cell in row.split("│")[1:-1]] for row in rows] == [
        ["north", "east", "dark", "15 s", "mean luma 3"],
        ["north", "gate", "unknown", "", "nothing was said of it yet"],
    ]
    assert as_object(overview)["lots"][0]["cameras"][0] == {
        "camera": "east",
        "condition": "dark",
        "since_us": 45_000_000,
        "detail": "mean luma 3",
        "heard_by_primary": True,
    }


async def test_what_was_well_before_the_primary_took_over_is_not_said_to_be_so_now() -> None:
    """The ledger stood still; what it last committed of a camera may long be over."""

    def of(
        *camera_ids: str, service: ServiceStatus | LedgerError = WHOLE.service
    ) -> ScriptedLedger:
        cameras = tuple(CameraState(one, CameraCondition.OK, 1) for one in camera_ids)
        lots = (replace(NORTH, cameras=cameras),)
        state = LedgerState(index=10, age_us=0, lots=lots)
        return replace(WHOLE, state=state, service=service)

    async def text(ledger: ScriptedLedger) -> str:
        return printed(await seen(ledger, ["h:7001"]))

    assert "Every camera is ok." in await text(of("east", "west"))
    some = of("east", "gate")
    said = "Every camera was ok when last heard of; this primary has heard of 1 of 2 yet."
    assert said in await text(some)
    cameras = as_object(await seen(some, ["h:7001"]))["lots"][0]["cameras"]
    assert [camera["heard_by_primary"] for camera in cameras] == [True, False]
    unasked = of("east", service=AWAY)
    assert "Every camera was ok when last heard of." in await text(unasked)
    cameras = as_object(await seen(unasked, ["h:7001"]))["lots"][0]["cameras"]
    assert cameras[0]["heard_by_primary"] is None


async def test_one_replica_alone_shows_its_own_view_and_says_so() -> None:
    overview = await seen(ONE_LEFT, ["h:7001", "h:7002", "h:7003"])
    text = printed(overview)
    assert "one replica's own view, 65 s old, not confirmed by a quorum" in text
    assert "Cannot tell which nodes are alive" in text
    assert text.count("no answer") == 2
    assert overview.primary_id == ""
    shown = as_object(overview)
    assert shown["linearizable"] is False
    assert shown["age_us"] == 65_000_000
    assert shown["lots"][0]["vacant"] == 2
    assert shown["nodes"] is None
    assert [r["answers"] for r in shown["replicas"]] == [True, False, False]
    assert shown["faults"] == [str(AWAY)]  # one cause is told once


async def test_nobody_answers() -> None:
    overview = await seen(ScriptedLedger(), ["h:7001"])
    assert "Cannot tell the lots" in printed(overview)
    shown = as_object(overview)
    assert shown["lots"] is None
    assert shown["primary"] is None


async def test_the_object_of_a_whole_ledger() -> None:
    shown = as_object(await seen(WHOLE, ["h:7001"]))
    assert shown["linearizable"] is True
    assert shown["primary"] == "r1"
    assert shown["faults"] == []
    assert shown["lots"][0]["counts"][0]["stale"] is True
    assert shown["replicas"][0]["role"] == "primary"
    assert [node["alive"] for node in shown["nodes"]] == [True, False]


async def test_of_two_that_call_themselves_primary_the_later_term_is_right() -> None:
    cut_off = replica(1, primary=True, term=1)
    elected = replica(2, primary=True, term=2)
    ledger = replace(WHOLE, replicas={"h:7001": cut_off, "h:7002": elected})
    assert (await seen(ledger, ["h:7001", "h:7002"])).primary_id == "r2"


async def test_an_empty_ledger_says_what_to_do() -> None:
    ledger = replace(WHOLE, state=LedgerState(index=1, age_us=0, lots=()))
    assert "parkledger apply" in printed(await seen(ledger, ["h:7001"]))


@pytest.mark.parametrize(
    ("us", "text"),
    [
        (-5, "0.0 s"),
        (400_000, "0.4 s"),
        (12_000_000, "12 s"),
        (300_000_000, "5 min"),
        (11_520_000_000, "3.2 h"),
        (345_600_000_000, "4 d"),
    ],
)
def test_durations(us: int, text: str) -> None:
    assert duration(us) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(12, "12 B"), (4096, "4.1 kB"), (3_000_000, "3.0 MB"), (10**13, "10000.0 GB")],
)
def test_disk_sizes(size: int, text: str) -> None:
    assert disk_size(size) == text
