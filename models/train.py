"""Train, calibrate and export the spot classifier: `python -m models.train --data DIR --out FILE`.

The one module that needs the extra `train` (torch, onnx), together with those it imports.
"""

import ctypes
import tempfile
from pathlib import Path
from typing import Final

import click
import numpy as np
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from models import SHIPPED_MODEL
from models.calibration import source_weights, temperature, thresholds
from models.classifier import SpotClassifier
from models.corpus import Samples, fingerprint, load_cnrpark, load_crops, load_frames
from models.export import Weights, export
from models.learning import SOURCE_SHARES, Learner, Settings, TrainingSet, train
from models.metadata import ModelMetadata
from models.metrics import Thresholds
from models.patches import PatchSpec
from models.splits import Part

NAME: Final = "parkledger-spot-classifier"
VERSION: Final = "1"
SPEC: Final = PatchSpec(size=32, margin=0.25, surroundings=1.8)


def training_set(data: Path) -> TrainingSet:
    """All crops of the training part."""
    parts = list(load_crops(data))
    occupied = np.concatenate([part.occupied for part in parts])
    sources = np.concatenate([np.full(len(part.occupied), part.source) for part in parts])
    pools = tuple(
        (np.flatnonzero((sources == source) & (occupied == state)), share / 2.0)
        for source, share in SOURCE_SHARES.items()
        for state in (False, True)
    )
    return TrainingSet(
        crops=[crop for part in parts for crop in part.pictures],
        regions=np.concatenate([part.regions for part in parts]),
        occupied=occupied.astype(np.float32),
        pools=pools,
    )


def calibrated(weights: Weights, data: Path, training_data: str) -> ModelMetadata:
    """Temperature and thresholds from the calibration part, measured on the exported network.

    Each source counts the same, so that no lot's habits dominate.
    """
    plain = ModelMetadata(NAME, VERSION, SPEC, 1.0, Thresholds(0.5, 0.5), training_data)
    samples: list[Samples] = []
    for source in ("acpds", "pklot", "cnrext"):
        samples += load_frames(data, source, [Part.CALIBRATION], SPEC)
    samples += load_cnrpark(data, [Part.CALIBRATION], SPEC)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "uncalibrated.onnx"
        export(path, weights, plain)
        classifier = SpotClassifier.load(path)
        measured = [classifier.probabilities(part.patches) for part in samples]
    raw = np.clip(np.concatenate(measured).astype(np.float64), 1e-7, 1.0 - 1e-7)
    occupied = np.concatenate([part.occupied for part in samples])
    names = np.concatenate([np.full(len(part.occupied), part.source) for part in samples])
    balance = source_weights(names)
    logits = np.log(raw / (1.0 - raw))
    divisor = temperature(logits, occupied, balance)
    chosen = thresholds(1.0 / (1.0 + np.exp(-logits / divisor)), balance)
    return ModelMetadata(NAME, VERSION, SPEC, divisor, chosen, training_data)


def keep_freed_memory() -> None:
    """Tell glibc to reuse large blocks instead of handing them back to the kernel.

    Every step frees and takes the same tens of megabytes; without this a third of the time goes
    into page faults. Elsewhere than on glibc nothing happens.
    """
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(mmap_threshold, 1 << 28)
        mallopt(trim_threshold, 1 << 29)


@click.command(context_settings={"show_default": True, "auto_envvar_prefix": "PARKLEDGER_TRAIN"})
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Folder with the labelled data (frames/ and patches/).",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=SHIPPED_MODEL,
    help="The ONNX file to write; its checkpoint lies beside it.",
)
@click.option("--seed", default=1, help="Fixes the weights' start and every batch.")
@click.option("--steps", default=6000, type=click.IntRange(min=1), help="Batches to learn from.")
@click.option("--batch", default=256, type=click.IntRange(min=2), help="Patches in a batch.")
@click.option("--rate", default=0.004, help="Highest learning rate.")
@click.option(
    "--threads",
    default=1,
    type=click.IntRange(min=1),
    help="CPU threads of torch; one more makes the batches.",
)
def main(
    data: Path, out: Path, seed: int, steps: int, batch: int, rate: float, threads: int
) -> None:
    """Train the spot classifier on labelled data and write it as an ONNX file."""
    keep_freed_memory()
    torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    training_data = fingerprint(data)
    learner = Learner(Settings(seed, steps, batch, rate, SPEC), device)
    checkpoint = out.with_suffix(".checkpoint")
    if learner.resume(checkpoint, training_data):
        click.echo(f"continuing {checkpoint} at step {learner.step}")
    crops = training_set(data)
    click.echo(f"{len(crops.crops)} training crops, on {device}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn()) as progress:
        task = progress.add_task("training", total=steps, completed=learner.step)

        def report(step: int, loss: float) -> None:
            progress.update(task, completed=step, description=f"loss {loss:.3f}")

        train(learner, crops, checkpoint=checkpoint, fingerprint=training_data, report=report)
    weights = learner.weights()
    metadata = calibrated(weights, data, training_data)
    export(out, weights, metadata)
    click.echo(f"{out}: temperature {metadata.temperature:.3f}, {metadata.thresholds}")


if __name__ == "__main__":
    main()
