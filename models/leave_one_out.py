"""How the recipe does on lots it has never seen: `python -m models.leave_one_out --data DIR`.

Four times a network is trained on all pictures of three sources and asked about all of the fourth.
The answers also calibrate the shipped model, for what it will meet is strange, too: near lots would
make it too sure of itself. Each source's own row is calibrated by the other three rows alone.
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np
import torch

from models.calibration import sigmoid, source_weights, temperature, thresholds
from models.card import abstaining, markdown, mean
from models.classifier import SpotClassifier
from models.corpus import SOURCES, Samples, fingerprint
from models.curves import GOAL_UNKNOWN, error_beyond
from models.distil import Sight, study, teaching
from models.edges import load_edges
from models.export import Weights, export
from models.learning import Settings
from models.metadata import ModelMetadata
from models.metrics import BoolArray, FloatArray, Score, Thresholds, score
from models.options import data_option, seed_option, steps_option, work_option, workers_option
from models.quantise import load
from models.recipe import (
    BATCH,
    LATE,
    LEAVE_ONE_OUT,
    LEAVE_ONE_OUT_STEPS,
    NAME,
    POLISH,
    PORTIONS,
    RATE,
    SEED,
    SOURCE_SHARES,
    SPEC,
    VERSION,
)
from models.splits import Part
from models.workshop import STEP_BYTES, Plan, draw, prepare, progress_bar, wide
from node.memory import keep_large_buffers

MEAN = "mean of the four"


@dataclass(frozen=True, slots=True)
class Answers:
    """Uncalibrated logits on all spots of a source, and the truth. Both (N,)."""

    logits: FloatArray
    occupied: BoolArray


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a model needs besides its weights."""

    temperature: float
    thresholds: Thresholds


def ask(weights: Weights, samples: Sequence[Samples], training_data: str) -> Answers:
    """The network's answers on some spots, by the code that serves."""
    plain = ModelMetadata(NAME, VERSION, SPEC, 1.0, Thresholds(0.5, 0.5), training_data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "uncalibrated.onnx"
        export(path, weights, plain)
        classifier = SpotClassifier.load(path)
        raw = np.concatenate([classifier.probabilities(one.patches) for one in samples])
    sure = np.clip(raw.astype(np.float64), 1e-7, 1.0 - 1e-7)
    return Answers(np.log(sure / (1.0 - sure)), np.concatenate([one.occupied for one in samples]))


def calibrate(answers: Mapping[str, Answers]) -> Calibration:
    """Temperature and thresholds from the answers on some sources, each counting the same."""
    logits = np.concatenate([one.logits for one in answers.values()])
    occupied = np.concatenate([one.occupied for one in answers.values()])
    names = np.concatenate([np.full(len(one.logits), name) for name, one in answers.items()])
    weights = source_weights(names)
    divisor = temperature(logits, occupied, weights)
    return Calibration(divisor, thresholds(sigmoid(logits / divisor), weights))


def table(answers: Mapping[str, Answers]) -> dict[str, Score]:
    """Each source's figures, calibrated by the others, and their mean."""
    rows = {}
    for name, one in answers.items():
        others = {other: found for other, found in answers.items() if other != name}
        made = calibrate(others)
        rows[name] = score(sigmoid(one.logits / made.temperature), one.occupied, made.thresholds)
    return {**rows, MEAN: mean(list(rows.values()))}


def abstained(answers: Mapping[str, Answers]) -> dict[str, tuple[float, float]]:
    """Mistakes on each source and on all pooled, with none and with some left unknown.

    A temperature of its own for each source changes no order within it; pooled all have none.
    """
    pooled = Answers(
        np.concatenate([one.logits for one in answers.values()]),
        np.concatenate([one.occupied for one in answers.values()]),
    )
    rows = {**answers, "pooled": pooled}
    chances = {name: sigmoid(one.logits) for name, one in rows.items()}
    return {
        name: (
            error_beyond(chances[name], one.occupied, 0.0),
            error_beyond(chances[name], one.occupied, GOAL_UNKNOWN),
        )
        for name, one in rows.items()
    }


def write(path: Path, calibration: Calibration, rows: Mapping[str, Score]) -> None:
    """Keep the calibration and the figures that it comes with, as JSON."""
    document = {
        "temperature": calibration.temperature,
        "thresholds": asdict(calibration.thresholds),
        "left_out": {name: asdict(row) for name, row in rows.items()},
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> Calibration:
    """What `write` kept. Raises OSError, ValueError or KeyError for another file."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return Calibration(float(document["temperature"]), Thresholds(**document["thresholds"]))


@click.command(context_settings={"show_default": True, "auto_envvar_prefix": "PARKLEDGER_TRAIN"})
@data_option
@work_option(
    "Folder for the pool (3 GB), checkpoints and answers; what is there is not made again."
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=LEAVE_ONE_OUT,
    show_default="the shipped calibration",
    show_envvar=True,
    help="The JSON file to write the calibration and the figures to.",
)
@seed_option(SEED)
@steps_option(LEAVE_ONE_OUT_STEPS, "Batches that each network learns from.")
@click.option(
    "--only",
    type=click.Choice(SOURCES),
    multiple=True,
    show_envvar=True,
    help="Leave out these sources only, and print no table; several may run side by side.",
)
@workers_option
def main(
    data: Path, work: Path, out: Path, seed: int, steps: int, only: tuple[str, ...], workers: int
) -> None:
    """Train on three sources, measure on the fourth, four times; print a Markdown table."""
    keep_large_buffers(STEP_BYTES)
    torch.set_num_threads(1)
    training_data = fingerprint(data)
    plan = Plan(seed, PORTIONS, tuple(Part), SPEC, training_data)
    settings = Settings(seed, steps, BATCH, RATE, SPEC, POLISH, LATE)
    folder = plan.folder(work)
    answers = {}
    with progress_bar() as progress:
        pools = prepare(data, work, plan, workers=workers, progress=progress)
        drawn = draw(work, plan, workers=workers, progress=progress)
        samples = load(data, tuple(Part), SPEC)
        edged = load_edges(data, tuple(Part), SPEC, seed=seed)
        sight = Sight(pools, samples, load(data, tuple(Part), wide(SPEC)), edged, drawn)
        for source in only or SOURCES:
            weights = study(
                sight.without(source),
                {name: share for name, share in SOURCE_SHARES.items() if name != source},
                settings,
                teaching(settings),
                folder / f"without-{source}.checkpoint",
                f"{training_data} {source}",
                progress,
                name=f"without {source}",
            )
            asked = [one for one in samples if one.source == source]
            answers[source] = ask(weights, asked, training_data)
    if only:
        return
    rows = table(answers)
    write(out, calibrate(answers), rows)
    for line in markdown(rows, first="left out"):
        click.echo(line)
    for line in abstaining(abstained(answers), first="left out"):
        click.echo(line)


if __name__ == "__main__":
    main()
