"""What shows a demo: the interface, and the plain one for pipes and logs."""

import sys
from typing import Protocol, TextIO

from central.demo.board import Board
from central.ledger.records import Occupancy

LINE_EVERY_S = 5.0


class Display(Protocol):
    """Shows a demo to a person. Called from the event loop; must not block for long."""

    def note(self, board: Board, text: str) -> None:
        """Something happened that a person wants to know."""
        ...

    def refresh(self, board: Board) -> None:
        """Show the board as it is now; called several times a second."""
        ...

    def close(self) -> None:
        """Give the terminal back; what is shown stays."""
        ...


class LineDisplay:
    """Notes as lines, and every few seconds a line with the state of the lot."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._next_s = 0.0

    def note(self, board: Board, text: str) -> None:
        self._line(board, text)

    def refresh(self, board: Board) -> None:
        if board.stage != "running" or board.elapsed_s < self._next_s:
            return
        self._next_s = board.elapsed_s + LINE_EVERY_S
        self._line(board, summary(board))

    def close(self) -> None:
        self._stream.flush()

    def _line(self, board: Board, text: str) -> None:
        print(f"{board.elapsed_s:6.1f} s  {text}", file=self._stream, flush=True)


def summary(board: Board) -> str:
    """Return the state of the lot in one line."""
    counts, latency = board.counts, board.latency
    parts = [
        f"{board.layout.lot_id}: {counts.get(Occupancy.VACANT, 0)} free,"
        f" {counts.get(Occupancy.OCCUPIED, 0)} occupied,"
        f" {counts.get(Occupancy.UNKNOWN, 0)} unknown",
        f"{board.changes} changes",
        f"{board.frames} frames",
        f"primary {board.primary_id or 'none'}",
    ]
    if latency.p50_ms is not None:
        parts.append(f"latency p50 {latency.p50_ms:.0f} ms, p99 {latency.p99_ms:.0f} ms")
    return "; ".join(parts)
