"""Figures as the model card shows them."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from models.curves import GOAL_UNKNOWN
from models.metrics import Score


def mean(rows: Sequence[Score]) -> Score:
    """Every figure's mean, each row counting the same; of the spots the sum."""

    def of(field: str) -> float:
        return float(np.mean([getattr(row, field) for row in rows]))

    return Score(
        spots=sum(row.spots for row in rows),
        accuracy=of("accuracy"),
        balanced_accuracy=of("balanced_accuracy"),
        ece=of("ece"),
        brier=of("brier"),
        unknown_share=of("unknown_share"),
        error_when_sure=of("error_when_sure"),
    )


def markdown(rows: Mapping[str, Score], *, first: str) -> Iterator[str]:
    """The lines of a Markdown table; `first`: heading of the rows' names."""
    columns = (
        *(first, "spots", "accuracy", "balanced", "ECE", "Brier"),
        *("unknown", "wrong when sure"),
    )
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for name, row in rows.items():
        shares = [f"{value:.2%}" for value in (row.accuracy, row.balanced_accuracy, row.ece)]
        rest = [f"{value:.2%}" for value in (row.unknown_share, row.error_when_sure)]
        yield f"| {' | '.join([name, str(row.spots), *shares, f'{row.brier:.4f}', *rest])} |"


def abstaining(errors: Mapping[str, tuple[float, float]], *, first: str) -> Iterator[str]:
    """The lines of a table of mistakes among all, and with `GOAL_UNKNOWN` of the spots unknown."""
    yield f"| {first} | wrong of all | wrong with {GOAL_UNKNOWN:.0%} unknown |"
    yield "|---|---|---|"
    for name, (every, rest) in errors.items():
        yield f"| {name} | {every:.2%} | {rest:.2%} |"
