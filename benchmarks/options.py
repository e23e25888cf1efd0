"""What every benchmark takes and does with its report: table, JSON, plot."""

import functools
from collections.abc import Callable
from json import dumps
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from benchmarks.report import Report
from models import SHIPPED_MODEL
from node.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])

model_option = click.option(
    "--model",
    type=click.Path(dir_okay=False, path_type=Path),
    default=SHIPPED_MODEL,
    show_default="the shipped one",
    show_envvar=True,
    help="The classifier.",
)


def data_option(words: str) -> Callable[[Command], Command]:
    """Return the option --data, the folder of real pictures, explained by these words."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("../shared/data"),
        show_default=True,
        show_envvar=True,
        help=words,
    )


def report_options(measure: Callable[..., Report]) -> Callable[..., bool]:
    """Give a benchmark the options that all have; the command then returns whether goals are met.

    Both files are tried before anything is measured: minutes of work must not end in a typing
    error in a path.
    """

    @click.option(
        "--json",
        type=click.Path(dir_okay=False, path_type=Path),
        show_default="none",
        show_envvar=True,
        help="Write machine and rows to this file.",
    )
    @click.option(
        "--plot",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE.png",
        show_default="none",
        show_envvar=True,
        help="Draw the rows into this picture.",
    )
    @functools.wraps(measure)
    def command(*, json: Path | None, plot: Path | None, **options: Any) -> bool:
        for option, file in (("--json", json), ("--plot", plot)):
            if file is not None:
                _try(option, file)
        report = measure(**options)
        Console(highlight=False).print(report.table())
        if json is not None:
            json.write_text(dumps(report.as_json(), indent=2) + "\n", encoding="utf-8")
        if plot is not None:
            from benchmarks.plot import draw

            draw(report, plot)
        return report.met

    return command


def _try(option: str, file: Path) -> None:
    try:
        with file.open("ab"):
            pass
    except OSError as error:
        raise UsageError(f"{option} {file}: {error.strerror}; choose another file") from None
