"""The screen: what it says and that it fits a terminal of 80 by 24."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from central.demo.board import Board, FailOver
from central.demo.screen import ScreenDisplay, render, save_picture
from central.demo.truth import Agreement
from central.ledger.records import LedgerEvent, Occupancy
from node.errors import UsageError
from tests.central.demo.boards import SECOND_US, board, layout, running_board
from tests.central.operator.scripted_ledger import change

NOW_US = 1_750_000_000 * SECOND_US


def shown(of: Board, *, width: int = 80, note: str = "") -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width).print(render(of, width=width, now_us=NOW_US, note=note))
    return out.getvalue().splitlines()


def busy_board() -> Board:
    found = running_board()
    for index in range(10):
        changed = change(
            "A01", Occupancy.VACANT, Occupancy.OCCUPIED, captured_at_us=NOW_US - 90_000
        )
        event = LedgerEvent(index=index, committed_at_us=NOW_US, changes=(changed,))
        found.apply(event, arrived_us=NOW_US)
    found.fail_over = FailOver("r3", took_ms=412.0, successor="r1", caught_up_s=1.24)
    found.hear_replicas({"r3": None})
    found.agreement = Agreement(compared=6, differing=("A05",))
    return found


def test_what_a_person_is_told() -> None:
    text = "\n".join(shown(busy_board(), note="r3 was killed"))
    for said in (
        "North campus lot",
        "1 occupied",
        "r1      PRIMARY",
        "r3      killed",
        "north-east streams",
        "A01 occupied 0.97 north-east",
        "p50 90 ms p99 90 ms",
        "412 ms to r1",
        "killed, back in 1.2 s",
        "5 of 6 spots",
        "r3 was killed",
    ):
        assert said in text


@pytest.mark.parametrize("of", [board(), busy_board(), board(layout(rows=4, columns=10))])
def test_it_fits_80_by_24(of: Board) -> None:
    lines = shown(of, note="n" * 200)
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


def test_a_replica_that_has_not_answered_yet_is_starting_not_killed() -> None:
    text = "\n".join(shown(board()))
    assert text.count("starting") >= 3
    assert "killed" not in text


def test_the_live_screen_leaves_its_last_state(capsys: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    display = ScreenDisplay(Console(file=out, width=80, force_terminal=True))
    display.note(running_board(), "all is well")
    display.close()
    assert "all is well" in out.getvalue()


def test_the_picture(tmp_path: Path) -> None:
    file = tmp_path / "demo.svg"
    save_picture(busy_board(), file)
    svg = file.read_text(encoding="utf-8")
    assert svg.startswith("<svg")
    assert "North" in svg
    assert "url(http" not in svg  # it fetches nothing from anywhere
    with pytest.raises(UsageError, match=r"--picture .*none"):
        save_picture(board(), tmp_path / "none" / "demo.svg")
