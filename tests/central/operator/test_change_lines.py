"""`parkledger watch`: one line a change."""

import json

from central.ledger.records import (
    CameraChange,
    CameraCondition,
    CountChange,
    LayoutChange,
    LedgerEvent,
    LotCount,
    Occupancy,
)
from central.operator.change_lines import json_lines, text_lines
from tests.central.operator.scripted_ledger import change

AT = 1_750_000_000_000_000 + 60_000_000 * 3
EVENT = LedgerEvent(
    index=17,
    committed_at_us=AT,
    changes=(change("A07", Occupancy.VACANT, Occupancy.OCCUPIED, captured_at_us=AT - 90_000),),
    layouts=(LayoutChange("north", 2),),
    counts=(
        CountChange("north", LotCount("gate-1", 12, AT, stale=False, status="OK")),
        CountChange("north", LotCount("gate-2", 3, AT, stale=True, status="JAMMED")),
    ),
    cameras=(
        CameraChange("north", "east", CameraCondition.OK, CameraCondition.DARK, AT - 5, "luma 3"),
        CameraChange("north", "west", None, CameraCondition.OK, AT - 9),
    ),
)


def test_text() -> None:
    assert list(text_lines(EVENT)) == [
        "15:09:40Z north layout version 2",
        "15:09:40Z north camera east ok -> dark: luma 3",
        "15:09:40Z north camera west unknown -> ok",
        "15:09:40Z north A07 vacant -> occupied 0.97 north-east",
        "15:09:40Z north count 12 free by gate-1",
        "15:09:40Z north count 3 free by gate-2 STALE: JAMMED",
    ]


def test_json_says_the_same_and_where_to_go_on() -> None:
    objects = [json.loads(line) for line in json_lines(EVENT)]
    kinds = ["layout", "camera", "camera", "occupancy", "count", "count"]
    assert [found["change"] for found in objects] == kinds
    assert all(found["index"] == 17 for found in objects)
    assert objects[1] | {"index": 0, "committed_at_us": 0} == {
        "index": 0,
        "committed_at_us": 0,
        "change": "camera",
        "lot": "north",
        "camera": "east",
        "previous": "ok",
        "condition": "dark",
        "since_us": AT - 5,
        "detail": "luma 3",
    }
    assert objects[3] | {"index": 0} == {
        "index": 0,
        "committed_at_us": AT,
        "change": "occupancy",
        "lot": "north",
        "spot": "A07",
        "previous": "vacant",
        "occupancy": "occupied",
        "confidence": 0.97,
        "camera": "north-east",
        "captured_at_us": AT - 90_000,
        "layout_version": None,
        "model": None,
    }


def test_an_event_that_only_tells_progress_is_no_line() -> None:
    progress = LedgerEvent(index=18, committed_at_us=AT)
    assert list(text_lines(progress)) == []
    assert list(json_lines(progress)) == []
