"""Figures of rounds into rows: medians, and the median of the rounds' ratios.

A ratio is made within a round, whose two halves stand side by side in time: what else the machine
does at that hour hits both.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.report import Row


@dataclass(frozen=True)
class Goal:
    """What is asked of ours / peer's: at least or at most that."""

    at_least: float | None = None
    at_most: float | None = None

    def __str__(self) -> str:
        if self.at_least is not None:
            return f">= {self.at_least:g}x"
        return f"<= {self.at_most:g}x"

    def met_by(self, ratio: float) -> bool:
        """Return whether a ratio is as asked."""
        if self.at_least is not None:
            return ratio >= self.at_least
        assert self.at_most is not None, "one of the two is given"
        return ratio <= self.at_most


def beside(
    name: str,
    unit: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    peer: str,
    goal: Goal | None = None,
) -> Row:
    """Return a row; without a peer's figures (there is no etcd here) ours stands alone."""
    if not theirs:
        return Row(name, unit, statistics.median(ours))
    ratio = statistics.median(mine / its for mine, its in zip(ours, theirs, strict=True))
    return Row(
        name,
        unit,
        statistics.median(ours),
        peer=statistics.median(theirs),
        peer_name=peer,
        ratio=ratio,
        goal=None if goal is None else str(goal),
        met=None if goal is None else goal.met_by(ratio),
    )
