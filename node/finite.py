"""Numbers on the command line: those that can be compared."""

import math
from typing import Any

import click


class FiniteRange(click.FloatRange):
    """A range of numbers, as click has it, that `nan`, which is below and above nothing, is not in.

    Nor is an infinite one: no time, rate or size is.
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number; fails as click does."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a number to work with.", param, ctx)
        return number
