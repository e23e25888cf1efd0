"""`parkledger evaluate`: how good is a model on labelled frames?"""

import json
import math
import os
from pathlib import Path

import click
import cv2
from rich.console import Console
from rich.table import Table

from models import SHIPPED_MODEL
from models.charts import draw
from models.classifier import SpotClassifier
from models.curves import abstention, reliability
from models.datasets import LabelledFrame, read_frames
from models.evaluate import Evaluation, Group, as_json, contact_sheet
from models.evaluate import evaluate as measure
from models.metrics import Score, Thresholds
from models.patches import Image
from models.progress import progress_bar
from node.errors import UsageError

_SHEET_SIZE = 64


@click.command("evaluate")
@click.argument("frames", type=click.Path(path_type=Path))
@click.option(
    "--images",
    type=click.Path(path_type=Path),
    default=None,
    show_default="FRAMES' folder, or its parent where paths start with frames/",
    show_envvar=True,
    help="Folder that the image paths are relative to.",
)
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    default=SHIPPED_MODEL,
    show_default="the shipped model",
    show_envvar=True,
    help="The ONNX model to measure.",
)
@click.option(
    "--json",
    "as_json_line",
    is_flag=True,
    envvar="PARKLEDGER_EVALUATE_JSON",
    show_default=True,
    show_envvar=True,
    help="Print one JSON object as the last line of output.",
)
@click.option(
    "--errors",
    type=click.Path(path_type=Path),
    default=None,
    show_default="none",
    show_envvar=True,
    help="Picture file (.png, .jpg) for a contact sheet of the surest mistakes.",
)
@click.option(
    "--by",
    "by",
    type=click.Choice([group.value for group in Group]),
    multiple=True,
    show_default="camera",
    show_envvar=True,
    help="List figures by camera, weather or hour; may be given more than once.",
)
@click.option(
    "--curve",
    type=click.Path(path_type=Path),
    default=None,
    show_default="none",
    show_envvar=True,
    help="Picture file (.png, .jpg) of two charts: error against share left unknown, reliability.",
)
def evaluate(
    frames: Path,
    images: Path | None,
    model: Path,
    as_json_line: bool,
    errors: Path | None,
    by: tuple[str, ...],
    curve: Path | None,
) -> None:
    """Measure the spot classifier on labelled frames.

    FRAMES is a frames JSON file: pictures, the spots' polygons in pixels, occupied or not.
    `parkledger convert-labels` makes one from the formats of PKLot and CNRPark and from COCO.
    """
    for option, path in (("--errors", errors), ("--curve", curve)):
        if path is not None:
            _check_picture(option, path)  # now, not when all is measured
    classifier = SpotClassifier.load(model)
    evaluation = _run(read_frames(frames, images), classifier, keep=_SHEET_SIZE if errors else 0)
    if errors:
        _write_picture("--errors", errors, contact_sheet(evaluation.mistakes))
    if curve:
        _write_picture("--curve", curve, _charts(evaluation, classifier.thresholds))
    chosen = tuple(dict.fromkeys(Group(name) for name in by))
    if not as_json_line:
        _print_tables(evaluation, classifier.thresholds, chosen or (Group.CAMERA,))
        return
    click.echo(json.dumps(as_json(evaluation, classifier.thresholds, chosen)))


def _run(frames: tuple[LabelledFrame, ...], classifier: SpotClassifier, *, keep: int) -> Evaluation:
    """Evaluate with a progress bar on standard error; keep so many of the surest mistakes."""
    with progress_bar() as progress:
        task = progress.add_task("frames", total=len(frames))
        return measure(
            frames,
            classifier,
            keep_mistakes=keep,
            report=lambda done: progress.update(task, completed=done),
        )


def _charts(evaluation: Evaluation, thresholds: Thresholds) -> Image:
    if not evaluation.occupied.size:
        raise UsageError("--curve: there is no spot to draw a curve of, label some")
    figures = evaluation.overall(thresholds)
    error = 0.0 if math.isnan(figures.error_when_sure) else figures.error_when_sure
    return draw(
        abstention(evaluation.probabilities, evaluation.occupied),
        reliability(evaluation.probabilities, evaluation.occupied),
        (figures.unknown_share, error),
    )


def _check_picture(option: str, path: Path) -> None:
    if not cv2.haveImageWriter(str(path)):
        raise UsageError(f"{option} {path}: end the name in .png or .jpg")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"{option} {path}: cannot be written, name a folder that exists")


def _write_picture(option: str, path: Path, picture: Image) -> None:
    if not cv2.imwrite(str(path), picture):
        raise UsageError(f"{option} {path}: cannot be written, name a folder that exists")


def _print_tables(
    evaluation: Evaluation, thresholds: Thresholds, groups: tuple[Group, ...]
) -> None:
    """One table a grouping, and how far the last line's balanced accuracy can be trusted."""
    for group in groups:
        _print_table(evaluation, thresholds, group)
    interval = evaluation.interval()
    if not math.isnan(interval.low):
        click.echo(
            f"balanced accuracy of all: {interval.low:.2%} to {interval.high:.2%}"
            " in 95 % of draws of as many frames"
        )


def _print_table(evaluation: Evaluation, thresholds: Thresholds, group: Group) -> None:
    table = Table(title=f"{len(evaluation.frames)} frames")
    table.add_column(group.value)
    for name in ("spots", "accuracy", "balanced", "ECE", "Brier", "unknown", "wrong when sure"):
        table.add_column(name, justify="right")

    def row(name: str, figures: Score) -> None:
        shares = (figures.accuracy, figures.balanced_accuracy, figures.ece)
        rest = (figures.unknown_share, figures.error_when_sure)
        cells = [*(f"{share:.2%}" for share in shares), f"{figures.brier:.4f}"]
        table.add_row(name, str(figures.spots), *cells, *(f"{share:.2%}" for share in rest))

    members = evaluation.by(group, thresholds)
    if len(members) > 1:
        for name, figures in members.items():
            row(name, figures)
        table.add_section()
    row("all", evaluation.overall(thresholds))
    Console().print(table)
