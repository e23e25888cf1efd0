"""Plant every bug, one at a time, and say who catches it: `python -m tests.mutation`."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from tests.mutation.checks import CheckFailed
from tests.mutation.planting import Bug, DoesNotApply, known_bugs
from tests.mutation.verdicts import (
    WIDTH,
    Innocent,
    Verdict,
    check_the_core_as_it_is,
    judge,
    last_line,
    print_table,
    write_json,
)


@click.command(context_settings={"auto_envvar_prefix": "PARKLEDGER_MUTATION"})
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    show_envvar=True,
    help="Plant only this bug; may be given more than once. [default: all]",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=150,
    show_default=True,
    show_envvar=True,
    help="Seeds that the simulator runs at most for each bug.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    show_envvar=True,
    help="Write what was found to this file, too.",
)
def main(*, only: Sequence[str], seeds: int, json_file: Path | None) -> None:
    """Plant classic Raft bugs in copies of central/raft; every one must be caught by a test."""
    bugs = _chosen(only)
    try:
        for bug in bugs:
            bug.in_source()  # at once, and not after minutes
        click.echo("without any planted bug", err=True)
        check_the_core_as_it_is(seeds=seeds)
        verdicts = [_judge(bug, seeds, f"{n}/{len(bugs)}") for n, bug in enumerate(bugs, start=1)]
    except (DoesNotApply, CheckFailed, Innocent) as failed:
        raise click.ClickException(str(failed)) from failed
    console = Console()
    console = console if console.is_terminal else Console(width=WIDTH)
    sys.exit(report(verdicts, console, seeds=seeds, json_file=json_file))


def report(
    verdicts: Sequence[Verdict], console: Console, *, seeds: int, json_file: Path | None
) -> int:
    """Say what was found; returns the exit code."""
    print_table(verdicts, console, seeds=seeds)
    if json_file is not None:
        write_json(verdicts, json_file, seeds=seeds)
    console.print(last_line(verdicts), highlight=False)
    return 0 if all(verdict.caught for verdict in verdicts) else 1


def _chosen(only: Sequence[str]) -> list[Bug]:
    bugs = known_bugs()
    names = [bug.name for bug in bugs]
    for name in only:
        if name not in names:
            raise click.BadParameter(f"{name!r} is none of {', '.join(names)}", param_hint="--only")
    return [bug for bug in bugs if not only or bug.name in only]


def _judge(bug: Bug, seeds: int, place: str) -> Verdict:
    began = time.perf_counter()
    verdict = judge(bug, seeds=seeds)
    paper = f"paper test {verdict.paper.by}" if verdict.paper else "no paper test"
    simulator = f"seed {verdict.simulator.by}" if verdict.simulator else "no seed"
    took = time.perf_counter() - began
    click.echo(f"{place} {bug.name}: {paper}; {simulator}; {took:.1f} s", err=True)
    return verdict


if __name__ == "__main__":
    main()
