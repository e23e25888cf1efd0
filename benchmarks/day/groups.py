"""NAME=SEED,SEED…: rendered days that are judged together."""

from typing import NoReturn

import click


class DayGroup(click.ParamType[tuple[str, tuple[int, ...]]]):
    """A name and one or more seeds."""

    name = "NAME=SEED,..."

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, tuple[int, ...]]:
        """Take the option's words apart."""
        name, _, seeds = str(value).partition("=")
        numbers = [seed.strip() for seed in seeds.split(",")]
        if not name or not all(seed.isascii() and seed.isdigit() for seed in numbers):
            self._refuse(value, param, ctx)
        return name, tuple(map(int, numbers))

    def _refuse(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> NoReturn:
        self.fail(f"{str(value)!r}: name the days and their seeds, as in fresh=52,53", param, ctx)
