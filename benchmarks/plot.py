"""A report as a picture: a bar a figure, one scale for all figures of a unit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import Report, Row, number

OURS, PEER = "#2b6cb0", "#a0aec0"
SHARE = "of 1"
MET, MISSED = "#2f855a", "#c53030"


def draw(report: Report, file: Path) -> None:
    """Write the picture; the format is that of the file's suffix (png, svg, pdf)."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    groups = by_unit([row for row in report.rows if row.ours is not None])
    heights = [sum(1 + (row.peer is not None) for row in group) for group in groups]
    figure, axes = plt.subplots(
        len(groups),
        1,
        figsize=(9, 0.42 * sum(heights) + 0.25 * len(groups) + 0.6),
        height_ratios=heights,
        squeeze=False,
        layout="constrained",
    )
    for axis, group in zip(axes[:, 0], groups, strict=True):
        _chart(axis, group)
    figure.suptitle(str(report.machine), fontsize=8, color="#4a5568")
    figure.savefig(file, dpi=130)
    plt.close(figure)


def by_unit(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the rows of each unit together, units in the order of their first row."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.unit, []).append(row)
    return list(groups.values())


def _chart(plot: Any, rows: Sequence[Row]) -> None:
    # `plot` is matplotlib's Axes: the package carries no types that mypy is told to read.
    values = [value for row in rows for value in (row.ours, row.peer) if value is not None]
    longest = 1.0 if rows[0].unit == SHARE else (max(values) or 1.0)
    place = 0
    names = {}
    for row in rows:
        names[place] = row.name
        first = place
        for value, colour, suffix in ((row.ours, OURS, ""), (row.peer, PEER, row.peer_name)):
            if value is None:
                continue
            plot.barh(-place, value, color=colour, height=0.75)
            label = f"{number(value)} {row.unit}" + (f" ({suffix})" if suffix else "")
            plot.text(value + longest * 0.01, -place, label, va="center", fontsize=9)
            place += 1
        if row.goal is not None:
            colour = MET if row.met else MISSED
            text = f"goal {row.goal}: {'met' if row.met else 'missed'}"
            right = {"ha": "right", "va": "center", "fontsize": 9}
            # Beside our bar: the peer's has its name in its label, which may reach that far.
            plot.text(longest * 1.75, -first, text, color=colour, **right)
    plot.set_xlim(0, longest * 1.75)
    plot.set_yticks([-at for at in names], list(names.values()), fontsize=9)
    plot.set_xticks([])
    for side in ("top", "right", "bottom"):
        plot.spines[side].set_visible(False)
