"""`parkledger status` and `watch` as commands. With real replicas they run in tests/e2e."""

import pytest

from central.ledger.interface import LedgerRefused, LedgerUnavailable, WatchGap
from central.ledger.records import LedgerEvent, LedgerState, Occupancy
from central.operator.cli import follow
from node.cli import main
from node.errors import OperationError, UsageError
from tests.central.operator.scripted_ledger import ScriptedLedger, change, lot

NORTH = LedgerState(index=40, age_us=0, lots=(lot(A1=Occupancy.VACANT),))
STOPPED = LedgerUnavailable("the test has no more events")


def event(index: int, spot_id: str) -> LedgerEvent:
    changed = change(spot_id, Occupancy.VACANT, Occupancy.OCCUPIED)
    return LedgerEvent(index=index, committed_at_us=0, changes=(changed,))


async def followed(ledger: ScriptedLedger, *, after: int | None) -> None:
    with pytest.raises(LedgerUnavailable, match="no more events"):
        await follow(ledger, lot_ids=(), after=after, as_json=False)


async def test_without_after_it_begins_now(capsys: pytest.CaptureFixture[str]) -> None:
    ledger = ScriptedLedger(state=NORTH, watches=[([event(41, "A1")], STOPPED)])
    await followed(ledger, after=None)
    assert ledger.watched_after == [40]
    assert capsys.readouterr().out == "00:00:00Z north A1 vacant -> occupied 0.97 north-east\n"


async def test_with_after_it_asks_for_nothing_else() -> None:
    ledger = ScriptedLedger(watches=[([], STOPPED)])  # `get` would fail
    await followed(ledger, after=7)
    assert ledger.watched_after == [7]


@pytest.mark.parametrize(("after", "told"), [(40, False), (41, True)])
async def test_an_index_that_is_not_reached_yet_is_told(
    capsys: pytest.CaptureFixture[str], after: int, told: bool
) -> None:
    ledger = ScriptedLedger(state=NORTH, watches=[([], STOPPED)])
    await followed(ledger, after=after)
    line = "--after 41: the ledger is at index 40; what it commits up to 41 is not shown\n"
    assert capsys.readouterr().err == (line if told else "")
    assert ledger.watched_after == [after]


async def test_a_gap_at_the_start_is_an_error_that_names_the_option() -> None:
    ledger = ScriptedLedger(state=NORTH, watches=[([], WatchGap("history is gone"))])
    with pytest.raises(OperationError, match=r"--after 7: .* no longer kept; leave --after out"):
        await follow(ledger, lot_ids=(), after=7, as_json=False)


async def test_a_gap_later_on_is_told_and_left_behind(capsys: pytest.CaptureFixture[str]) -> None:
    ledger = ScriptedLedger(
        state=NORTH,
        watches=[([event(8, "A1")], WatchGap("history is gone")), ([event(41, "A2")], STOPPED)],
    )
    await followed(ledger, after=7)
    assert ledger.watched_after == [7, 40]
    captured = capsys.readouterr()
    assert captured.err == "changes 9 to 40 were missed: history is gone\n"
    assert len(captured.out.splitlines()) == 2


async def test_an_unknown_lot_is_the_persons_mistake() -> None:
    ledger = ScriptedLedger(state=LedgerRefused("lot 'nope' is not known"))
    with pytest.raises(UsageError, match=r"--lot nope: lot 'nope' is not known"):
        await follow(ledger, lot_ids=("nope",), after=None, as_json=False)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["status", "--ledger", "nowhere"], "address 'nowhere': write HOST:PORT"),
        (["status", "--timeout", "0"], "0.0 is not in the range"),
        (["watch", "--after", "-1"], "-1 is not in the range"),
        (["watch", "--lot", "no lot"], "lot id 'no lot'"),
    ],
)
def test_wrong_values(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    captured = capsys.readouterr()
    assert line in captured.err
    assert len(captured.err.splitlines()) == 1


def test_status_of_nobody_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    # Port 1 needs no privilege to be refused at.
    with pytest.raises(SystemExit) as left:
        main(["status", "--ledger", "127.0.0.1:1", "--timeout", "0.2"])
    assert left.value.code == 1
    assert capsys.readouterr().err == (
        "parkledger: the ledger gave no answer within 0.2 s (127.0.0.1:1: Connection refused): "
        "check --ledger, and that a majority of replicas runs\n"
    )
