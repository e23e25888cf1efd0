"""How far replicas' clocks are from ours, and how much room their disks have."""

import json
import time
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from central.operator.overview import Clock, Overview, ReplicaAnswer, compare_clocks, look
from central.operator.overview_json import overview_object
from central.operator.overview_tables import overview_tables
from tests.central.operator.scripted_ledger import ScriptedLedger, replica


@pytest.mark.parametrize(
    ("asked", "told", "answered", "ahead", "give_or_take", "surely"),
    [
        (1000, 1050, 1100, 0, 50, 0),
        (1000, 1000, 1100, -50, 50, 0),  # it may just have answered at once
        (1000, 5_001_050, 1100, 5_000_000, 50, 4_999_950),
        (1000, -4_998_950, 1101, -5_000_000, 51, 4_999_949),
    ],
)
def test_a_clock_is_compared_with_the_middle_of_asking_and_answer(
    asked: int, told: int, answered: int, ahead: int, give_or_take: int, surely: int
) -> None:
    clock = compare_clocks(asked, told, answered)
    assert clock == Clock(ahead, give_or_take)
    assert clock.surely_us == surely


async def test_replicas_that_tell_their_clock_are_compared() -> None:
    now = time.time_ns() // 1000
    ledger = ScriptedLedger()
    ledger.replicas = {
        "h:7001": replace(replica(1, primary=True), wall_clock_us=now + 90_000_000),
        "h:7002": replica(2),  # of a version that does not tell
    }
    overview = await look(ledger, ["h:7001", "h:7002"], timeout=1.0)
    first, second = (answer.clock for answer in overview.replicas if answer.status)
    assert first is not None
    assert 60_000_000 < first.ahead_us <= 90_000_000
    assert second is None


def shown(*answers: ReplicaAnswer) -> str:
    overview = Overview(None, "no quorum", answers, None, "no primary")
    json.dumps(overview_object(overview))
    console = Console(file=StringIO(), width=200, force_terminal=True, color_system="standard")
    console.print(overview_tables(overview, now_us=0))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_a_clock_that_is_not_set_and_a_disk_that_is_nearly_full_stand_out() -> None:
    yellow = "\x1b[33m"
    fine = replace(replica(1), disk_free_bytes=40_000_000_000)
    text = shown(ReplicaAnswer("h:7001", fine, clock=Clock(-3_000, 2_000)))
    assert "-3 ms" in text
    assert "40.0 GB" in text
    assert yellow not in text
    full = replace(replica(1), disk_free_bytes=30_000_000)
    text = shown(ReplicaAnswer("h:7001", full, clock=Clock(90_000_000, 2_000)))
    assert "+90 s" in text
    assert "30.0 MB" in text
    assert text.count(yellow) == 2
    # A slow answer is no wrong clock.
    text = shown(ReplicaAnswer("h:7001", fine, clock=Clock(1_500_000, 1_400_000)))
    assert yellow not in text


def test_the_object_tells_both_or_null() -> None:
    told = ReplicaAnswer("h:7001", replace(replica(1), disk_free_bytes=7), clock=Clock(5, 2))
    silent = ReplicaAnswer("h:7002", replica(2))
    overview = Overview(None, "", (told, silent), None, "")
    first, second = json.loads(json.dumps(overview_object(overview)))["replicas"]
    assert (first["disk_free_bytes"], first["clock_ahead_us"]) == (7, 5)
    assert first["clock_give_or_take_us"] == 2
    assert (second["disk_free_bytes"], second["clock_ahead_us"]) == (None, None)
