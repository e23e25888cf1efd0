"""`parkledger history`: what it asks, what it prints, and how it refuses."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from central.ledger.interface import LedgerError, LedgerRefused, LedgerUnavailable
from central.ledger.proof import FORMAT, Head, Link, Proof, proof_from_json
from central.ledger.records import (
    CameraChange,
    CameraCondition,
    HistoryPage,
    LedgerState,
    Occupancy,
    RecordedCameraChange,
    RecordedChange,
)
from central.operator.history_cli import Wanted, print_changes, print_proof, print_state
from central.operator.instants import instant_of, text_of, zone_of
from node.cli import main
from node.errors import UsageError
from tests.central.operator.scripted_ledger import ScriptedLedger, change, lot

AT = int(datetime(2026, 11, 22, 14, 3, 22, 120_000, UTC).timestamp() * 1e6)
BERLIN = ZoneInfo("Europe/Berlin")
NORTH = Wanted(
    lot_id="north",
    spot_ids=(),
    since_us=None,
    until_us=None,
    zone=UTC,
    as_json=False,
    timeout=1.0,
)


def wanted(**changes: object) -> Wanted:
    return Wanted(**{**vars(NORTH), **changes})


def page(*indexes: int) -> HistoryPage:
    return HistoryPage(
        index=99,
        age_us=0,
        changes=tuple(
            RecordedChange(
                index,
                AT,
                change(
                    f"A{index}",
                    Occupancy.VACANT,
                    Occupancy.OCCUPIED,
                    captured_at_us=AT - 1_500_000,
                ),
            )
            for index in indexes
        ),
    )


async def test_changes_are_a_line_each_under_one_title(capsys: pytest.CaptureFixture[str]) -> None:
    ledger = ScriptedLedger(pages=[page(5, 6), page(7)])
    await print_changes(ledger, wanted(spot_ids=("A5",), since_us=3, until_us=4))
    assert ledger.asked_history == [("north", ("A5",), 3, 4)]
    title, first, *others = capsys.readouterr().out.splitlines()
    assert title.split() == ["committed", "index", "spot", "was", "is", "conf", "late", "camera"]
    assert first.split() == (
        [
            "2026-11-22T14:03:22.120Z",
            "5",
            "A5",
            "vacant",
            "->",
            "occupied",
            "0.97",
            "1.5",
            "s",
            "north-east",
        ]
    )
    assert len(others) == 2
    assert title.index("late") + 4 == first.index(" s ") + 2  # columns stand under their titles


async def test_times_are_of_the_zone_that_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    await print_changes(ScriptedLedger(pages=[page(5)]), wanted(zone=BERLIN))
    assert "2026-11-22T15:03:22.120+01:00" in capsys.readouterr().out


async def test_changes_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    await print_changes(ScriptedLedger(pages=[page(5), page(6)]), wanted(as_json=True))
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {
        "index": 5,
        "committed_at_us": AT,
        "lot": "north",
        "spot": "A5",
        "previous": "vacant",
        "occupancy": "occupied",
        "confidence": 0.97,
        "camera": "north-east",
        "captured_at_us": AT - 1_500_000,
        "change": "occupancy",
        "layout_version": None,
        "model": None,
    }
    assert second["index"] == 6


async def test_no_change_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    await print_changes(ScriptedLedger(pages=[page()]), NORTH)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "no change of lot 'north' in that time\n")
    await print_changes(ScriptedLedger(pages=[page()]), wanted(as_json=True))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (LedgerRefused("lot 'south' is not known"), UsageError),
        (LedgerUnavailable("no answer"), LedgerUnavailable),
    ],
)
async def test_what_the_ledger_refuses_is_the_persons_mistake(
    error: LedgerError, kind: type[Exception]
) -> None:
    with pytest.raises(kind, match=str(error)):
        await print_changes(ScriptedLedger(pages=[error]), NORTH)
    if isinstance(error, LedgerRefused):
        with pytest.raises(kind, match=str(error)):
            await print_state(ScriptedLedger(state=error), NORTH, AT)


async def test_the_state_as_of_an_instant(capsys: pytest.CaptureFixture[str]) -> None:
    state = LedgerState(40, 0, (lot(A1=Occupancy.VACANT, A2=Occupancy.UNKNOWN),))
    ledger = ScriptedLedger(state=state)
    await print_state(ledger, NORTH, AT)
    assert ledger.asked_as_of == [AT]
    assert capsys.readouterr().out.splitlines() == [
        "north as of 2026-11-22T14:03:22.120Z (index 40, layout 3): "
        "0 occupied, 1 vacant, 1 unknown",
        "spot       is       conf since                         camera",
        "A1         vacant   0.97 1970-01-01T00:00:00.000Z      east",
        "A2         unknown  0.97 1970-01-01T00:00:00.000Z      east",
    ]
    await print_state(ledger, wanted(as_json=True, spot_ids=("A2",)), AT)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {
        "as_of_us": AT,
        "index": 40,
        "lot": "north",
        "layout_version": 3,
        "spot": "A2",
        "occupancy": "unknown",
        "confidence": 0.97,
        "camera": "east",
        "since_us": 0,
        "spot_layout_version": None,
        "model": None,
    }
    with pytest.raises(UsageError, match=r"--spot Z9: lot 'north' had no such spot as of 2026"):
        await print_state(ledger, wanted(spot_ids=("A1", "Z9")), AT)


class Prover:
    """Proves one entry that made these rows."""

    def __init__(self, rows: str) -> None:
        self.answer = Proof(Link(7, 1, AT, bytes(32), rows), Head(9, bytes(32), FORMAT, "a"), ())

    async def proof(self, index: int, *, head_index: int = 0, timeout: float = 10.0) -> Proof:
        if index != 7:
            raise LedgerRefused(f"index {index} cannot be proved")
        return self.answer

    async def head(self, address: str, *, index: int = 0, timeout: float = 10.0) -> Head:
        raise NotImplementedError

    def links(self, address: str, *, timeout: float = 10.0) -> object:
        raise NotImplementedError


ROWS = '[[[0,"north","A1",1,2,9000,"near",1,2]],[],[["south","gate",1,2,0,"OK",3]]]'


async def test_a_proof_is_printed_as_what_verify_reads(capsys: pytest.CaptureFixture[str]) -> None:
    prover = Prover(ROWS)
    for lot_id in ("north", "south"):
        await print_proof(prover, wanted(lot_id=lot_id), 7, head_index=0)  # type: ignore[arg-type]
        assert proof_from_json(capsys.readouterr().out, source="x") == prover.answer


@pytest.mark.parametrize(
    ("rows", "index", "message"),
    [
        (ROWS, 8, "--proof 8: index 8 cannot be proved"),
        (ROWS, 7, "--proof 7: that entry changed only 'north, south', not 'east'"),
        ("[[],[],[]]", 7, "--proof 7: that entry changed nothing, not 'east'"),
    ],
)
async def test_a_proof_of_something_else_is_refused(rows: str, index: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        await print_proof(Prover(rows), wanted(lot_id="east"), index, head_index=0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "zone", "at"),
    [
        ("2026-11-22T14:03:22.120Z", UTC, AT),
        ("2026-11-22T15:03:22.120+01:00", UTC, AT),
        ("2026-11-22T15:03:22.120", BERLIN, AT),
        ("2026-07-01", BERLIN, int(datetime(2026, 6, 30, 22, tzinfo=UTC).timestamp()) * 10**6),
        ("90s", UTC, AT - 90 * 10**6),
        ("15m", UTC, AT - 900 * 10**6),
        ("6h", UTC, AT - 6 * 3600 * 10**6),
        (" 2d ", UTC, AT - 2 * 86_400 * 10**6),
    ],
)
def test_instants_as_people_write_them(text: str, zone: ZoneInfo, at: int) -> None:
    assert instant_of("--since", text, zone=zone, now_us=AT) == at


@pytest.mark.parametrize(
    "text", ["", "yesterday", "5w", "14:00", "2026-13-01", "2026-11-22T25:00", "9" * 20 + "d"]
)
def test_instants_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match=f"--since '{text}': write 2026-11-22T14:00"):
        instant_of("--since", text, zone=UTC, now_us=AT)


@pytest.mark.parametrize("text", ["1969-01-01", "30000d"])
def test_an_instant_before_1970_is_none(text: str) -> None:
    with pytest.raises(UsageError, match=f"--since '{text}' is before 1970"):
        instant_of("--since", text, zone=UTC, now_us=AT)


def test_an_instant_comes_back_as_it_was_written() -> None:
    for zone in (UTC, BERLIN, timezone(timedelta(hours=-9, minutes=-30)), zone_of("local")):
        text = text_of(AT, zone=zone)
        assert instant_of("--since", text, zone=UTC, now_us=0) == AT


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "", "Europe"])
def test_a_zone_that_is_none(name: str) -> None:
    with pytest.raises(UsageError, match="give an IANA name such as Europe/Berlin"):
        zone_of(name)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "Missing argument 'LOT'"),
        (["no lot"], "lot id 'no lot'"),
        (["north", "--since", "soon"], "--since 'soon': write"),
        (["north", "--until", "soon"], "--until 'soon': write"),
        (["north", "--zone", "Mars/Olympus"], "--zone 'Mars/Olympus'"),
        (["north", "--since", "1h", "--until", "2h"], "--since 1h is not before --until 2h"),
        (["north", "--as-of", "2999-01-01"], "--as-of 2999-01-01 is in the future"),
        (["north", "--as-of", "1h", "--since", "2h"], "leave out --since or --until"),
        (["north", "--proof", "0"], "0 is not in the range"),
        (["north", "--proof", "7", "--json"], "--proof stands by itself: leave out all but"),
        (["north", "--proof-at", "7"], "--proof-at 7 needs --proof INDEX"),
    ],
)
def test_wrong_values(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["history", *arguments])
    assert left.value.code == 2
    captured = capsys.readouterr()
    assert line in captured.err
    assert len(captured.err.splitlines()) == 1


def test_a_ledger_that_is_away_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["history", "north", "--ledger", "127.0.0.1:1", "--timeout", "0.2"])
    assert left.value.code == 1
    captured = capsys.readouterr()
    assert "the ledger gave no answer within 0.2 s" in captured.err
    assert len(captured.err.splitlines()) == 1


async def test_a_camera_stands_among_what_it_saw(capsys: pytest.CaptureFixture[str]) -> None:
    dark = CameraChange(
        "north", "north-east", CameraCondition.OK, CameraCondition.DARK, AT - 2_000_000, "luma 3"
    )
    both = replace(page(5, 7), cameras=(RecordedCameraChange(6, AT, dark),))
    await print_changes(ScriptedLedger(pages=[both]), wanted())
    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["5", "6", "7"]
    assert lines[1].split()[2:] == [
        "-",
        "ok",
        "->",
        "dark",
        "-",
        "2.0",
        "s",
        "north-east",
        "(luma",
        "3)",
    ]
    await print_changes(ScriptedLedger(pages=[both]), wanted(as_json=True))
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["change"] for one in objects] == ["occupancy", "camera", "occupancy"]
    assert objects[1]["condition"] == "dark"
