"""The card's figures: `python -m models.validate --data DIR` on the parts that no training saw."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import numpy as np

from models import SHIPPED_MODEL
from models.card import abstaining, markdown, mean
from models.classifier import SpotClassifier
from models.corpus import Samples, frames_by_part, load_cnrpark, load_frames
from models.curves import GOAL_UNKNOWN, error_beyond
from models.evaluate import Group, evaluate
from models.metrics import BoolArray, FloatArray, Score, Thresholds, score
from models.splits import Part
from node.errors import UsageError

_NAMES: Final = {
    ("acpds", Part.VALIDATION): "ACPDS valid",
    ("cnrext", Part.VALIDATION): "CNR-EXT camera 7",
    ("cnrpark", Part.VALIDATION): "CNRPark-B",
    ("pklot", Part.VALIDATION): "PKLot PUCPR from 25 Oct",
    ("cnrext", Part.DEMONSTRATION): "CNR-EXT camera 3 (demonstration)",
}
_VALIDATION: Final = tuple(name for (_, part), name in _NAMES.items() if part is Part.VALIDATION)
_VISIBLE: Final = "CNRPark-B, spots that can be seen"
_POOLED: Final = "pooled, each spot the same weight"
_POOLED_VISIBLE: Final = "pooled, spots that can be seen"
_POOLED_FRAMES: Final = "pooled, all sets of frames"
MEAN: Final = "mean of the four sets"


@dataclass(frozen=True, slots=True)
class Measured:
    """A classifier's answers on one set. All arrays: (N,)."""

    probabilities: FloatArray
    occupied: BoolArray
    hidden: BoolArray

    def score(self, thresholds: Thresholds, *, visible_only: bool = False) -> Score:
        """Figures of all spots, or of those that are not hidden."""
        kept = ~self.hidden if visible_only else np.ones_like(self.hidden)
        return score(self.probabilities[kept], self.occupied[kept], thresholds)


def held_out(data: Path, classifier: SpotClassifier) -> dict[str, Measured]:
    """The answers on each held-out set, by its name in the card."""
    spec = classifier.spec
    parts = (Part.VALIDATION, Part.DEMONSTRATION)
    samples: list[Samples] = []
    for source in ("acpds", "cnrext", "pklot"):
        samples += load_frames(data, source, parts, spec)
    samples += load_cnrpark(data, parts, spec)
    sets: dict[str, list[Measured]] = {}
    for sample in samples:
        probabilities = classifier.probabilities(sample.patches).astype(np.float64)
        measured = Measured(probabilities, sample.occupied, sample.hidden)
        sets.setdefault(_NAMES[sample.source, sample.part], []).append(measured)
    return {name: join(parts) for name, parts in sets.items()}


def join(parts: list[Measured]) -> Measured:
    """Several sets as one."""
    return Measured(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.occupied for part in parts]),
        np.concatenate([part.hidden for part in parts]),
    )


def card(sets: Mapping[str, Measured], thresholds: Thresholds) -> dict[str, Score]:
    """The rows of the card's table, by name."""
    rows = {name: sets[name].score(thresholds) for name in _VALIDATION}
    pool = join([sets[name] for name in _VALIDATION])

    rows[MEAN] = mean(list(rows.values()))
    rows[_POOLED] = pool.score(thresholds)
    rows[_VISIBLE] = sets["CNRPark-B"].score(thresholds, visible_only=True)
    rows[_POOLED_VISIBLE] = pool.score(thresholds, visible_only=True)
    rows |= {name: one.score(thresholds) for name, one in sets.items() if name not in rows}
    return rows


def abstained(sets: Mapping[str, Measured]) -> dict[str, tuple[float, float]]:
    """Of each held-out set and of all but CNRPark-B the mistakes, none and some left unknown."""
    kept = [sets[name] for name in _NAMES.values() if name != "CNRPark-B"]
    rows = {**sets, _POOLED_FRAMES: join(kept)}
    return {
        name: (
            error_beyond(one.probabilities, one.occupied, 0.0),
            error_beyond(one.probabilities, one.occupied, GOAL_UNKNOWN),
        )
        for name, one in rows.items()
    }


def conditions(data: Path, classifier: SpotClassifier, group: Group) -> dict[str, Score]:
    """Figures of the held-out frames by camera, weather or hour.

    Without CNRPark-B, whose ready-cut pictures come from one camera on one sunny day.
    """
    rows: dict[str, Score] = {}
    for source, name in (("acpds", "ACPDS"), ("cnrext", "CNR-EXT"), ("pklot", "PKLot")):
        frames = [
            frame
            for part, frame in frames_by_part(data, source)
            if part in (Part.VALIDATION, Part.DEMONSTRATION)
        ]
        measured = evaluate(frames, classifier)
        groups = measured.by(group, classifier.thresholds)
        rows |= {f"{name}, {member}": figures for member, figures in groups.items()}
    return rows


@click.command(context_settings={"show_default": True, "auto_envvar_prefix": "PARKLEDGER_VALIDATE"})
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Folder with the labelled data (frames/ and patches/).",
)
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    default=SHIPPED_MODEL,
    help="The ONNX model to measure.",
)
@click.option(
    "--by",
    "by",
    type=click.Choice([group.value for group in Group]),
    multiple=True,
    help="List the held-out frames by camera, weather or hour instead; may be repeated.",
)
def main(data: Path, model: Path, by: tuple[str, ...]) -> None:
    """Print the figures of the model card, as a Markdown table."""
    try:
        classifier = SpotClassifier.load(model)
        tables = [conditions(data, classifier, Group(name)) for name in by]
        sets = {} if by else held_out(data, classifier)
        if not by:
            tables = [card(sets, classifier.thresholds)]
    except UsageError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{model.name}, SHA-256 {classifier.sha256}\n")
    for first, rows in zip(by or ("set",), tables, strict=True):
        for line in markdown(rows, first=first):
            click.echo(line)
        click.echo("")
    if sets:
        for line in abstaining(abstained(sets), first="set"):
            click.echo(line)


if __name__ == "__main__":
    main()
