"""Run many seeds: `python -m tests.simulation --seeds A:B`; replay one: `--replay SEED --trace`."""

import sys
import time
from collections import Counter
from contextlib import nullcontext

import click

from tests.simulation.reach import branches, counted
from tests.simulation.world import STEPS, World


class _Range(click.ParamType[range]):
    name = "A:B"

    def convert(
        self, value: str | range, param: click.Parameter | None, ctx: click.Context | None
    ) -> range:
        if isinstance(value, range):
            return value
        first, _, end = value.partition(":")
        if not (first.isdecimal() and end.isdecimal() and int(first) < int(end)):
            self.fail(f"{value!r} is not A:B with A below B, such as 0:1000", param, ctx)
        return range(int(first), int(end))


@click.command(context_settings={"auto_envvar_prefix": "PARKLEDGER_SIMULATION"})
@click.option(
    "--seeds",
    type=_Range(),
    default="0:1000",
    show_default=True,
    show_envvar=True,
    help="Seeds to run, the second one excluded.",
)
@click.option(
    "--steps",
    type=click.IntRange(min=1),
    default=STEPS,
    show_default=True,
    show_envvar=True,
    help="Events of trouble before the peace. Part of what a seed means: replay with the same.",
)
@click.option("--replay", type=int, show_envvar=True, help="Run this one seed only.")
@click.option(
    "--trace",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Print every event; with --replay.",
)
@click.option(
    "--reach",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Print how often each branch of the core is taken. Ten times as slow: give few seeds.",
)
def main(*, seeds: range, steps: int, replay: int | None, trace: bool, reach: bool) -> None:
    """Simulate replica groups, one for each seed, and check Raft's invariants at every step."""
    if trace and replay is None:
        raise click.UsageError("--trace prints one seed's events: name it with --replay SEED")
    began = time.perf_counter()
    chosen = seeds if replay is None else range(replay, replay + 1)
    counts: Counter[str] = Counter()
    violations = slowest = 0
    with counted() if reach else nullcontext() as jumps:
        for seed in chosen:
            outcome = World(seed, steps=steps, trace=click.echo if trace else None).run()
            counts += outcome.counts
            slowest = max(slowest, outcome.recovery_ticks)
            if outcome.violation is not None:
                violations += 1
                click.echo(f"seed {seed}: {outcome.violation}")
    if jumps is not None:
        for place, line, count in branches(jumps):
            click.echo(f"{count or 'never':>12}  {place}: {line}")
    _report(counts, slowest, time.perf_counter() - began)
    click.echo(f"{len(chosen)} seeds, {violations} violations")
    sys.exit(1 if violations else 0)


def _report(counts: Counter[str], slowest: int, seconds: float) -> None:
    for what, count in sorted(counts.items()):
        click.echo(f"{count:12,}  {what}")
    click.echo(f"{slowest:12,}  ticks from peace to recovery at most")
    click.echo(f"{seconds:12,.1f}  seconds")


if __name__ == "__main__":
    main()
