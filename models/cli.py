"""`parkledger evaluate`: how good is a model on labelled frames?"""

import json
from pathlib import Path

import click
import cv2
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from models import SHIPPED_MODEL
from models.classifier import SpotClassifier
from models.datasets import LabelledFrame, read_frames
from models.evaluate import Evaluation, as_json, contact_sheet
from models.evaluate import evaluate as measure
from models.metrics import Score, Thresholds
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
def evaluate(
    frames: Path, images: Path | None, model: Path, as_json_line: bool, errors: Path | None
) -> None:
    """Measure the spot classifier on labelled frames.

    FRAMES is a frames JSON file: pictures, the spots' polygons in pixels, occupied or not.
    """
    classifier = SpotClassifier.load(model)
    evaluation = _run(read_frames(frames, images), classifier, errors)
    if not as_json_line:
        _print_table(evaluation, classifier.thresholds)
        return
    click.echo(json.dumps(as_json(evaluation, classifier.thresholds)))


def _run(
    frames: tuple[LabelledFrame, ...], classifier: SpotClassifier, errors: Path | None
) -> Evaluation:
    """Evaluate with a progress bar on standard error, and draw the sheet if asked for."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("frames", total=len(frames))
        evaluation = measure(
            frames,
            classifier,
            keep_mistakes=_SHEET_SIZE if errors else 0,
            report=lambda done: progress.update(task, completed=done),
        )
    if errors:
        _write_sheet(errors, evaluation)
    return evaluation


def _write_sheet(path: Path, evaluation: Evaluation) -> None:
    try:
        written = cv2.imwrite(str(path), contact_sheet(evaluation.mistakes))
    except cv2.error as error:
        raise UsageError(f"--errors {path}: end the name in .png or .jpg") from error
    if not written:
        raise UsageError(f"--errors {path}: cannot be written, name a folder that exists")


def _print_table(evaluation: Evaluation, thresholds: Thresholds) -> None:
    table = Table(title=f"{evaluation.images} frames")
    table.add_column("camera")
    for name in ("spots", "accuracy", "balanced", "ECE", "Brier", "unknown", "wrong when sure"):
        table.add_column(name, justify="right")

    def row(name: str, figures: Score) -> None:
        shares = (figures.accuracy, figures.balanced_accuracy, figures.ece)
        rest = (figures.unknown_share, figures.error_when_sure)
        cells = [*(f"{share:.2%}" for share in shares), f"{figures.brier:.4f}"]
        table.add_row(name, str(figures.spots), *cells, *(f"{share:.2%}" for share in rest))

    cameras = evaluation.by_camera(thresholds)
    if len(cameras) > 1:
        for camera, figures in cameras.items():
            row(camera, figures)
        table.add_section()
    row("all", evaluation.overall(thresholds))
    Console().print(table)
