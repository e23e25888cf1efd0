"""Train and export the spot classifier: `python -m models.train --data DIR --out FILE`.

The modules that need the extra `train` (torch, onnx, the teacher's weights): this one,
leave_one_out, distil, teacher, workshop, learning, network, export and quantise.
"""

import tempfile
from pathlib import Path

import click
import torch

from models import SHIPPED_MODEL
from models.corpus import fingerprint
from models.distil import Sight, study, teaching
from models.edges import load_edges
from models.export import Weights, export
from models.learning import Settings
from models.leave_one_out import Calibration, read
from models.metadata import ModelMetadata
from models.options import data_option, seed_option, steps_option, work_option, workers_option
from models.patches import Image
from models.quantise import load, quantise, spread
from models.recipe import (
    BATCH,
    LATE,
    LEAVE_ONE_OUT,
    NAME,
    POLISH,
    PORTIONS,
    RATE,
    SEED,
    SOURCE_SHARES,
    SPEC,
    STEPS,
    VERSION,
)
from models.splits import Part
from models.workshop import (
    STEP_BYTES,
    TRAINING,
    Plan,
    draw,
    prepare,
    progress_bar,
    wide,
)
from node.memory import keep_large_buffers


def write_model(
    out: Path, weights: Weights, calibration: Calibration, training_data: str, patches: Image
) -> None:
    """Export the weights in float32, then write them in int8 to `out`.

    patches: (N, *shape) uint8, from which the int8 form learns how far each layer's values reach.
    """
    metadata = ModelMetadata(
        NAME, VERSION, SPEC, calibration.temperature, calibration.thresholds, training_data
    )
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "float32.onnx"
        export(whole, weights, metadata)
        quantise(whole, out, patches)


@click.command(context_settings={"show_default": True, "auto_envvar_prefix": "PARKLEDGER_TRAIN"})
@data_option
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=SHIPPED_MODEL,
    show_default="the shipped model",
    show_envvar=True,
    help="The int8 ONNX file to write.",
)
@work_option("Folder for the pool (3 GB) and the checkpoint; what is there is not made again.")
@click.option(
    "--calibration",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=LEAVE_ONE_OUT,
    show_default="the shipped one",
    show_envvar=True,
    help="Temperature and thresholds, as models.leave_one_out writes them.",
)
@seed_option(SEED)
@steps_option(STEPS, "Batches to learn from.")
@workers_option
def main(
    data: Path, out: Path, work: Path, calibration: Path, seed: int, steps: int, workers: int
) -> None:
    """Train the spot classifier on labelled data and write it as an ONNX file."""
    keep_large_buffers(STEP_BYTES)
    torch.set_num_threads(1)  # two threads wait for each other longer than they save
    try:
        calibrated = read(calibration)
    except (ValueError, KeyError, TypeError) as error:
        message = f"{calibration} is no calibration ({error}); write one with models.leave_one_out"
        raise click.ClickException(message) from error
    training_data = fingerprint(data)
    plan = Plan(seed, PORTIONS, TRAINING, SPEC, training_data)
    settings = Settings(seed, steps, BATCH, RATE, SPEC, POLISH, LATE)
    checkpoint = plan.folder(work) / "training.checkpoint"
    with progress_bar() as progress:
        pools = prepare(data, work, plan, workers=workers, progress=progress)
        drawn = draw(work, plan, workers=workers, progress=progress)
        samples = load(data, TRAINING, SPEC)
        edged = load_edges(data, TRAINING, SPEC, seed=seed)
        weights = study(
            Sight(pools, samples, load(data, TRAINING, wide(SPEC)), edged, drawn),
            SOURCE_SHARES,
            settings,
            teaching(settings),
            checkpoint,
            training_data,
            progress,
            name="training",
        )
    patches = spread(load(data, [Part.CALIBRATION], SPEC))
    write_model(out, weights, calibrated, training_data, patches)
    click.echo(f"{out}: temperature {calibrated.temperature:.3f}, {calibrated.thresholds}")


if __name__ == "__main__":
    main()
