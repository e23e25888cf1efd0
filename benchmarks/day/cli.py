"""`python -m benchmarks day`: is the processor right all day?"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from benchmarks.day.cnrext import CAMERAS, real_days
from benchmarks.day.groups import DayGroup
from benchmarks.day.kept import KeptDays
from benchmarks.day.measures import Measures, measure, together
from benchmarks.day.plot import draw_day
from benchmarks.day.policies import Policy, ours, three_in_a_row, threshold
from benchmarks.day.scores import DayScores
from benchmarks.machine import this_machine
from benchmarks.options import model_option, report_options
from benchmarks.report import Report, Row
from central.processor.evidence import EvidenceSettings
from central.processor.looks import EVERYTHING, ReuseSettings
from models.classifier import SpotClassifier
from node.errors import UsageError

FLIPS_GOAL = 0.05
RIGHT_RENDERED, RIGHT_REAL = 0.99, 0.98
MEDIAN_GOAL, TAIL_GOAL = 5.0, 15.0
STAYS_GOAL = 0.95
USUAL: dict[str, Policy] = {"threshold 0.5": threshold, "3 in a row": three_in_a_row}


@click.command()
@model_option
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    show_default="rendered days only",
    show_envvar=True,
    help="Folder with frames/cnrext.json: the real days, CNR-EXT's cameras 3 and 7.",
)
@click.option(
    "--seed",
    "seeds",
    type=click.IntRange(min=0),
    multiple=True,
    show_default="7, unless --days names some",
    show_envvar=True,
    help="Rendered day; may be given more than once.",
)
@click.option(
    "--days",
    "groups",
    type=DayGroup(),
    multiple=True,
    show_default="none",
    show_envvar=True,
    help="Rendered days in rows of their own, e.g. fresh=52,53,54; may be given more than once.",
)
@click.option(
    "--seconds",
    type=click.IntRange(min=240),
    default=1440,
    show_default=True,
    show_envvar=True,
    help="Length of a rendered day at one frame a second: 24 hours of light and weather in it.",
)
@click.option(
    "--width",
    type=click.IntRange(320, 3840),
    default=960,
    show_default=True,
    show_envvar=True,
    help="Width of the rendered pictures, pixels.",
)
@click.option(
    "--scores",
    "kept",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    show_default="none",
    show_envvar=True,
    help="Folder in which the classifier's scores of rendered days are kept and found again.",
)
@click.option(
    "--frames",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    show_default="none",
    show_envvar=True,
    help="Folder in which rendered days are kept (100 MB each) and found again, for any model.",
)
@click.option(
    "--strips",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Rendered days come as the strips that cameras send unless told otherwise, not whole.",
)
@click.option(
    "--reuse",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Of rendered days classify only what changed, as processors do unless told otherwise.",
)
@click.option(
    "--day-plot",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    show_default="none",
    show_envvar=True,
    help="Draw the first rendered day: truth, ours and usual practice, spot by spot.",
)
@report_options
def benchmark(
    model: Path,
    data: Path | None,
    seeds: tuple[int, ...],
    groups: tuple[tuple[str, tuple[int, ...]], ...],
    seconds: int,
    width: int,
    kept: Path | None,
    frames: Path | None,
    strips: bool,
    reuse: bool,
    day_plot: Path | None,
) -> Report:
    """Whole days: false flips, time right, delay and stays, beside usual practice."""
    classifier = SpotClassifier.load(model, threads=1)
    thresholds = classifier.thresholds
    filter_ = ours(EvidenceSettings(thresholds.occupied_above, thresholds.vacant_below))
    days = KeptDays(
        classifier,
        seconds=seconds,
        width=width,
        scores=kept,
        frames=frames,
        strips=strips,
        reuse=ReuseSettings() if reuse else EVERYTHING,
    )
    wanted = (("rendered", seeds or (() if groups else (7,))), *groups)
    names = [name for name, its in wanted if its]
    if len(set(names)) < len(names):
        raise UsageError(f"--days: two groups are named alike in {', '.join(names)}; rename one")
    rendered = {name: [days.day(seed) for seed in its] for name, its in wanted if its}
    if day_plot is not None:
        first = next(iter(rendered.values()))[0]
        policies = {"ours": filter_, **USUAL}
        draw_day(first, {name: one(first) for name, one in policies.items()}, day_plot)
    rows: list[Row] = []
    for name, its in rendered.items():
        rows += _rows(name, its, filter_, right=RIGHT_RENDERED, live=True)
        rows += _each(name, its, filter_)
    if data is not None:
        rows += _real(classifier, data, filter_)
    return Report(this_machine(), tuple(rows))


def _real(classifier: SpotClassifier, data: Path, filter_: Policy) -> Iterator[Row]:
    for camera in CAMERAS:
        for mended, labels in ((False, "labels as published"), (True, "8 labels mended")):
            days = real_days(classifier, data, camera, mended=mended)
            name = f"CNR-EXT {camera}, {labels}"
            yield from _rows(name, days, filter_, right=RIGHT_REAL, live=False)


def _rows(
    name: str, days: Sequence[DayScores], filter_: Policy, *, right: float, live: bool
) -> Iterator[Row]:
    """One set of days. live: it moves, so delays and stays mean something."""
    found = together([measure(day, filter_(day)) for day in days])
    usual = {
        peer: together([measure(day, policy(day)) for day in days])
        for peer, policy in USUAL.items()
    }
    for peer, theirs in usual.items():
        yield _row(
            f"{name}: false flips a spot and day",
            "flips",
            (found.flips_a_spot_day, peer, theirs.flips_a_spot_day),
            goal=f"<= {FLIPS_GOAL}",
            met=found.flips_a_spot_day <= FLIPS_GOAL,
        )
        yield _row(
            f"{name}: spot-time right",
            "of 1",
            (found.right_share, peer, theirs.right_share),
            goal=f">= {right}",
            met=found.right_share >= right,
        )
    if live:
        yield from _live_rows(name, found, usual)


def _live_rows(name: str, found: Measures, usual: dict[str, Measures]) -> Iterator[Row]:
    for title, quantile, goal in (("median", 0.5, MEDIAN_GOAL), ("p99", 0.99, TAIL_GOAL)):
        delay = found.delay(quantile)
        for peer, theirs in usual.items():
            yield _row(
                f"{name}: change to commit, {title}",
                "s",
                (_finite(delay), peer, _finite(theirs.delay(quantile))),
                goal=f"<= {goal:g} s",
                met=delay is not None and delay <= goal,
            )
    for peer, theirs in usual.items():
        yield _row(
            f"{name}: changes never seen, of {len(found.delays) + found.missed}",
            "changes",
            (float(found.missed), peer, float(theirs.missed)),
        )
        yield _row(
            f"{name}: stays right within 10 s, of {found.stays}",
            "of 1",
            (found.stays_share, peer, theirs.stays_share),
            goal=f">= {STAYS_GOAL}",
            met=(found.stays_share or 0.0) >= STAYS_GOAL,
        )


def _each(group: str, days: Sequence[DayScores], filter_: Policy) -> Iterator[Row]:
    """Ours, a day at a time: how far days differ."""
    for day in days if len(days) > 1 else ():
        found, name = measure(day, filter_(day)), f"{group}, {day.name}"
        yield Row(f"{name}: false flips a spot and day", "flips", found.flips_a_spot_day)
        yield Row(f"{name}: spot-time right", "of 1", found.right_share)
        yield Row(f"{name}: change to commit, p99", "s", _finite(found.delay(0.99)))
        changes = len(found.delays) + found.missed
        yield Row(f"{name}: changes never seen, of {changes}", "changes", float(found.missed))
        yield Row(f"{name}: stays right within 10 s, of {found.stays}", "of 1", found.stays_share)


def _finite(delay: float | None) -> float | None:
    """Return a delay that came to an end: 'none' in the table is one that never did."""
    return None if delay is None or delay == float("inf") else delay


def _row(
    name: str,
    unit: str,
    values: tuple[float | None, str, float | None],
    *,
    goal: str | None = None,
    met: bool | None = None,
) -> Row:
    figure, peer_name, peer = values
    return Row(name, unit, figure, peer=peer, peer_name=peer_name, goal=goal, met=met)
