"""`parkledger stays`: what it asks, what it prints, and how it refuses."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from central.layout.document import Layout, Spot, Zone
from central.ledger.records import HistoryPage, LedgerState, Occupancy, RecordedChange, SpotState
from central.operator.stays_cli import WantedStays, print_stays
from node.errors import UsageError
from tests.central.operator.scripted_ledger import ScriptedLedger, change, lot
from tests.command_line import Runner

NOON = int(datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp() * 1e6)
MINUTE = 60_000_000
OCCUPIED, VACANT = Occupancy.OCCUPIED, Occupancy.VACANT
LAYOUT = Layout(
    "north",
    time_zone="Europe/Berlin",
    zones=(Zone("short", max_stay_s=600),),
    spots=(Spot("A1", "short"), Spot("A2")),
)
WANTED = WantedStays(
    lot_id="north",
    spot_ids=(),
    since="2h",
    until=None,
    zone=None,
    bridge_s=600,
    over_limit=False,
    by_hour=False,
    as_json=False,
    timeout=1.0,
)


def ledger(layout: Layout = LAYOUT) -> ScriptedLedger:
    """Return a lot whose A2 is taken since 11:00 and whose A1 was taken from 11:30 to 11:45."""
    taken = SpotState("A2", OCCUPIED, 9000, "east", NOON - 60 * MINUTE)
    north = replace(lot(A1=VACANT), layout=layout)
    north = replace(north, spots=(*north.spots, taken))
    steps = ((-30, VACANT, OCCUPIED), (-15, OCCUPIED, VACANT))
    changes = tuple(
        RecordedChange(
            index,
            NOON + at * MINUTE + 1,
            change("A1", before, after, captured_at_us=NOON + at * MINUTE),
        )
        for index, (at, before, after) in enumerate(steps)
    )
    return ScriptedLedger(state=LedgerState(9, 0, (north,)), pages=[HistoryPage(9, 0, changes)])


async def test_a_line_a_stay_in_the_lots_own_time(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ledger()
    await print_stays(asked, WANTED, now_us=NOON)
    assert asked.asked_as_of == [None, NOON - 120 * MINUTE]
    assert asked.asked_history == [("north", (), NOON - 120 * MINUTE + 1, NOON)]
    title, first, second = capsys.readouterr().out.splitlines()
    assert title.split() == ["spot", "from", "until", "length", "over"]
    assert first.split() == (
        ["A2", "2026-11-22T12:00:00.000+01:00", "still", "taken", ">1:00:00", "-"]
    )
    assert second.split()[-2:] == ["0:15:00", "0:05:00"]


async def test_only_over_stays(capsys: pytest.CaptureFixture[str]) -> None:
    await print_stays(ledger(), replace(WANTED, over_limit=True, as_json=True), now_us=NOON)
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert (found["spot"], found["seconds"], found["over_s"]) == ("A1", 900.0, 300.0)
    unlimited = ledger(replace(LAYOUT, zones=(Zone("short"),)))
    with pytest.raises(UsageError, match="max_stay"):
        await print_stays(unlimited, replace(WANTED, over_limit=True), now_us=NOON)


async def test_turnover_by_hour(capsys: pytest.CaptureFixture[str]) -> None:
    await print_stays(ledger(), replace(WANTED, by_hour=True), now_us=NOON)
    title, *hours = capsys.readouterr().out.splitlines()
    assert title.split() == ["hour", "arrivals", "departures", "per", "spot", "occupied", "unknown"]
    assert [line.split()[1:3] for line in hours] == [["0", "0"], ["1", "1"]]
    assert hours[1].split()[-2:] == ["62.5%", "0.0%"]


async def test_an_hour_that_nobody_knows_of_is_not_told_as_empty(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = ledger()
    assert isinstance(asked.state, LedgerState)
    (north,) = asked.state.lots
    unseen = tuple(replace(spot, occupancy=Occupancy.UNKNOWN) for spot in north.spots)
    asked.state = replace(asked.state, lots=(replace(north, spots=unseen),))
    await print_stays(asked, replace(WANTED, by_hour=True, as_json=True), now_us=NOON)
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["occupied_share"], first["unknown_share"]) == (0, 1)
    # A1 came half an hour before the end; of A2 nothing is ever known.
    assert (second["occupied_share"], second["unknown_share"]) == pytest.approx((0.125, 0.75))


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        (replace(WANTED, lot_id="south"), "lot 'south'"),
        (replace(WANTED, spot_ids=("Z9",)), "--spot Z9"),
        (replace(WANTED, until="3h"), "--since 2h is not before --until 3h"),
        (replace(WANTED, since="soon"), "--since 'soon'"),
    ],
)
async def test_what_is_not_there_is_said(asked: WantedStays, wrong: str) -> None:
    with pytest.raises(UsageError, match=wrong):
        await print_stays(ledger(), asked, now_us=NOON)


def test_two_questions_at_once_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Runner(capsys)("stays", "north", "--over-limit", "--by-hour")
    assert outcome.code == 2
    assert "leave out one" in outcome.err
