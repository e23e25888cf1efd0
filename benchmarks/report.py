"""What every benchmark gives back: rows, and the machine they were measured on."""

from dataclasses import asdict, dataclass

from rich.table import Table
from rich.text import Text

from benchmarks.machine import Machine


@dataclass(frozen=True)
class Row:
    """One figure.

    `peer` is the same figure of the software that is measured beside ours, `ratio` ours over
    peer; `goal` says in words what is asked, and `met` whether it was (None: nothing is asked).
    """

    name: str
    unit: str
    ours: float | None  # None: there was nothing to measure
    peer: float | None = None
    peer_name: str | None = None
    ratio: float | None = None
    goal: str | None = None
    met: bool | None = None

    def __post_init__(self) -> None:
        if (self.goal is None) != (self.met is None):
            raise ValueError(f"row '{self.name}': goal and met go together")


@dataclass(frozen=True)
class Report:
    """One benchmark's rows."""

    machine: Machine
    rows: tuple[Row, ...]

    @property
    def met(self) -> bool:
        """Whether no goal was missed; a row without a goal counts as met."""
        return all(row.met is not False for row in self.rows)

    def as_json(self) -> dict[str, object]:
        """Return `{"machine": …, "rows": […]}`."""
        return {"machine": asdict(self.machine), "rows": [asdict(row) for row in self.rows]}

    def table(self) -> Table:
        """Return the rows for a person."""
        table = Table(title=str(self.machine), title_justify="left", title_style="dim")
        peers = any(row.peer is not None for row in self.rows)
        table.add_column("measured")
        table.add_column("ours", justify="right")
        if peers:
            table.add_column("peer", justify="right")
            table.add_column("ratio", justify="right")
        table.add_column("unit")
        table.add_column("goal")
        for row in self.rows:
            peer = "" if row.peer is None else f"{number(row.peer)} ({row.peer_name})"
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
            middle = (peer, ratio) if peers else ()
            table.add_row(row.name, number(row.ours), *middle, row.unit, _goal(row))
        return table


def number(value: float | None) -> str:
    """Return a figure with three significant digits, or as many as its whole part has."""
    if value is None:
        return "none"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _goal(row: Row) -> Text:
    if row.goal is None:
        return Text("")
    if row.met:
        return Text(f"{row.goal}: met", style="green")
    return Text(f"{row.goal}: MISSED", style="bold red")
