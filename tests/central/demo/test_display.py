"""Plain lines, for pipes and logs."""

import io

from central.demo.display import LineDisplay, summary
from tests.central.demo.boards import running_board


def test_a_line_now_and_then_and_one_a_note() -> None:
    out = io.StringIO()
    display, board = LineDisplay(out), running_board()
    for tenths in range(120):
        board.elapsed_s = tenths / 10
        display.refresh(board)
    display.note(board, "killing the primary r1")
    display.close()
    lines = out.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == ["0.0", "5.0", "10.0", "11.9"]
    assert lines[-1].endswith("killing the primary r1")


def test_before_the_cameras_run_there_is_nothing_to_sum_up() -> None:
    out = io.StringIO()
    board = running_board()
    board.stage = "starting"
    LineDisplay(out).refresh(board)
    assert out.getvalue() == ""


def test_the_summary() -> None:
    assert summary(running_board()) == (
        "north: 0 free, 0 occupied, 0 unknown; 0 changes; 42 frames; primary r1"
    )
