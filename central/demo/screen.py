"""The demo's live screen, and the same as a picture. `render` is pure; the rest is the rim."""

import io
import re
from datetime import UTC, datetime
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from central.demo.board import Board, SeenChange
from central.demo.figures import MIN_AGREEMENT
from central.demo.following import wall_us
from central.demo.lot_map import STYLES, lot_map
from central.demo.truth import Agreement
from central.ledger.records import CONFIDENCE_SCALE, Occupancy
from node.errors import UsageError

GOOD = "#41c474"
CHANGES_SHOWN = 6
FRESH_US = 3_000_000
MAX_WIDTH = 110
MAP_HEIGHT = 8


def render(board: Board, *, width: int, now_us: int, note: str = "") -> RenderableType:
    """Return the screen, `width` columns wide, 24 lines high for a lot of four rows."""
    return Group(
        _header(board),
        _lot(board, width=width - 4, now_us=now_us),
        _side_by_side(_replicas(board), _cameras(board), ratios=(9, 11)),
        _side_by_side(_changes(board), _numbers(board), ratios=(11, 9)),
        Text(f" {note}", style="dim", no_wrap=True, overflow="ellipsis"),
    )


def _side_by_side(left: Panel, right: Panel, *, ratios: tuple[int, int]) -> RenderableType:
    grid = Table.grid(expand=True, padding=0)
    for ratio in ratios:
        grid.add_column(ratio=ratio)
    grid.add_row(left, right)
    return grid


def _header(board: Board) -> RenderableType:
    line = Table.grid(expand=True, padding=(0, 1))
    line.add_column(no_wrap=True)
    line.add_column(ratio=1)
    line.add_column(justify="right", no_wrap=True)
    passed = min(board.played_s, board.seconds)
    line.add_row(
        Text.assemble((" Parkledger ", "bold white on dark_blue"), f" demo: {board.stage}"),
        ProgressBar(total=board.seconds, completed=passed, complete_style="dodger_blue2"),
        f"{passed:.0f} of {board.seconds:.0f} s ",
    )
    return line


def _lot(board: Board, *, width: int, now_us: int) -> RenderableType:
    counts = board.counts
    layout = board.layout
    fresh = frozenset(
        seen.change.spot_id for seen in board.recent if now_us - seen.arrived_us < FRESH_US
    )
    title = Text.assemble(
        (f" {layout.name or layout.lot_id}  ", "bold"),
        (f"{counts.get(Occupancy.VACANT, 0)} free", STYLES[Occupancy.VACANT]),
        "  ",
        (f"{counts.get(Occupancy.OCCUPIED, 0)} occupied", STYLES[Occupancy.OCCUPIED]),
        "  ",
        (f"{counts.get(Occupancy.UNKNOWN, 0)} unknown ", STYLES[Occupancy.UNKNOWN]),
    )
    return Panel(
        lot_map(layout, board.spots, width=width, height=MAP_HEIGHT, fresh=fresh),
        title=title,
        title_align="left",
        box=box.ROUNDED,
        border_style="grey50",
    )


def _panel(title: str, content: RenderableType) -> Panel:
    return Panel(
        content,
        title=f"[bold]{title}[/bold]",
        title_align="left",
        box=box.ROUNDED,
        border_style="grey50",
    )


def _grid(*columns: str) -> Table:
    """Return a table without lines; a column whose name begins with '>' is right-justified."""
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
    for column in columns:
        right = column.startswith(">")
        table.add_column(column.lstrip(">"), justify="right" if right else "left", no_wrap=True)
    return table


def _replicas(board: Board) -> Panel:
    table = _grid("replica", "role", ">term", ">applied")
    primary = board.primary_id
    for replica_id in board.replica_ids:
        status = board.replicas.get(replica_id)
        if status is None:
            killed = board.fail_over is not None and board.fail_over.victim == replica_id
            role = Text("killed" if killed else "starting", style="bold red" if killed else "dim")
            table.add_row(replica_id, role, "", "")
        else:
            role = (
                Text("PRIMARY", style="bold dodger_blue1")
                if replica_id == primary
                else Text("backup")
            )
            table.add_row(replica_id, role, str(status.term), str(status.applied_index))
    return _panel("Ledger", table)


def _cameras(board: Board) -> Panel:
    table = _grid("camera", "state", ">frames", ">dropped", ">at")
    for camera_id in board.camera_ids:
        node = board.cameras.get(camera_id)
        if node is None:
            table.add_row(camera_id, Text("starting", style="dim"), "", "", "")
            continue
        report = node.report
        state = Text("streams", style=GOOD) if node.alive else Text("silent", style="bold red")
        position = report.last_source_position_us
        table.add_row(
            camera_id,
            Text(report.fault, style=STYLES[Occupancy.UNKNOWN]) if report.fault else state,
            str(report.frames),
            str(report.frames_dropped),
            "live" if position < 0 else f"{position / 1e6:.0f} s",
        )
    for _ in range(len(board.replica_ids) - len(board.camera_ids)):
        table.add_row("", "", "", "", "")  # as high as its neighbour
    return _panel("Cameras", table)


def _changes(board: Board) -> Panel:
    table = _grid("", "", "", "", ">")
    table.show_header = False
    shown = list(board.recent)[-CHANGES_SHOWN:]
    for seen in reversed(shown):
        table.add_row(*_change(seen))
    for _ in range(CHANGES_SHOWN - len(shown)):
        table.add_row("", "", "", "", "")
    return _panel("Latest changes", table)


def _change(seen: SeenChange) -> tuple[RenderableType, ...]:
    change = seen.change
    clock = datetime.fromtimestamp(seen.arrived_us / 1e6, UTC)
    return (
        Text(f"{clock:%H:%M:%S}Z", style="dim"),
        Text(change.spot_id, style="bold"),
        Text(change.occupancy.name.lower(), style=STYLES[change.occupancy]),
        f"{change.confidence / CONFIDENCE_SCALE:.2f}",
        Text(change.camera_id or "-", style="dim"),
    )


def _numbers(board: Board) -> Panel:
    table = Table.grid(padding=(0, 1, 0, 0))
    latency = board.latency
    if latency.p50_ms is None:
        table.add_row("latency", Text("waiting for a change", style="dim"))
    else:
        table.add_row(
            "latency",
            Text.assemble(
                *("p50 ", (f"{latency.p50_ms:.0f} ms", "bold")),
                *(" p99 ", (f"{latency.p99_ms:.0f} ms", "bold")),
            ),
        )
    table.add_row("changes", str(board.changes))
    table.add_row("frames", str(board.frames))
    for name, value in _fail_over(board):
        table.add_row(name, value)
    if board.agreement is not None:
        table.add_row("agreement", _agreement(board.agreement))
    while table.row_count < CHANGES_SHOWN:
        table.add_row("", "")
    return _panel("Measured", table)


def _agreement(agreement: Agreement) -> RenderableType:
    right = agreement.compared - len(agreement.differing)
    enough = (agreement.share or 0.0) >= MIN_AGREEMENT
    return Text(
        f"{right} of {agreement.compared} spots", style=f"bold {GOOD}" if enough else "bold red"
    )


def _fail_over(board: Board) -> tuple[tuple[str, RenderableType], ...]:
    over = board.fail_over
    if over is None:
        return ()
    if over.took_ms is None:
        return (("fail-over", Text(f"{over.victim} killed …", style="bold red")),)
    back = "restarting" if over.caught_up_s is None else f"back in {over.caught_up_s:.1f} s"
    return (
        (
            "fail-over",
            Text.assemble(
                (f"{over.took_ms:.0f} ms", f"bold {GOOD}"), f" to {over.successor or 'another'}"
            ),
        ),
        (over.victim, Text(f"killed, {back}")),
    )


class ScreenDisplay:
    """`Display` on a terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = Console(highlight=False) if console is None else console
        self._note = ""
        self._live = Live(
            console=self._console, auto_refresh=False, vertical_overflow="crop", transient=False
        )
        self._live.start()

    def note(self, board: Board, text: str) -> None:
        self._note = text
        self.refresh(board)

    def refresh(self, board: Board) -> None:
        width = min(self._console.width, MAX_WIDTH)
        screen = render(board, width=width, now_us=wall_us(), note=self._note)
        self._live.update(_fixed(screen, width), refresh=True)

    def close(self) -> None:
        self._live.stop()


def _fixed(screen: RenderableType, width: int) -> RenderableType:
    frame = Table.grid(padding=0)
    frame.add_column(width=width)
    frame.add_row(screen)
    return frame


def save_picture(board: Board, path: Path, *, width: int = 100) -> None:
    """Write the screen as it is now as an SVG picture; raises UsageError."""
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
    console.print(_fixed(render(board, width=width, now_us=wall_us()), width))
    try:
        path.write_text(_local_fonts(console.export_svg(title="parkledger demo")), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--picture {path}: {error.strerror}; choose another file") from None


def _local_fonts(svg: str) -> str:
    # Whoever looks at the picture must not fetch a font from somewhere for it.
    without = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return without.replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono")
