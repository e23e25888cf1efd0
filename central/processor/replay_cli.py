"""`parkledger replay`: click only, then the recording, decided again."""

from pathlib import Path

import click

from central.layout.toml import read_layout
from central.processor.classifier import model_name
from central.processor.recording import read_recording
from central.processor.replay import Replay
from models.classifier import SpotClassifier


@click.command()
@click.argument("recordings", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--layout",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    show_default=True,
    show_envvar=True,
    help="TOML file of the lot, as it was applied when the recording was made.",
)
@click.option(
    "--model",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    show_default="the shipped one",
    show_envvar=True,
    help="ONNX spot classifier: that of then gives the detections of then.",
)
def replay(recordings: tuple[Path, ...], layout: Path, model: Path | None) -> int:
    """Decide recordings again: a JSON object a detection, in order.

    The same recording, layout and model give the same bytes on every run, and on every machine of
    one architecture. Recordings are made by 'parkledger processor --record'.
    """
    classifier = SpotClassifier.load(model, threads=1)
    lot = read_layout(layout)
    for path in recordings:
        again = Replay(lot, classifier)
        for detection in again.run(read_recording(path)):
            click.echo(detection.line())
        if again.model not in ("", model_name(classifier)):
            click.echo(
                f"{path}: was recorded with model {again.model}, replayed with "
                f"{model_name(classifier)}: detections may differ",
                err=True,
            )
    return 0
