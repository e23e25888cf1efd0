"""The spot classifier alone: patches a second on one thread, and cutting them from a frame.

Beside it, if a file is given, what the usual network costs that looks at one spot at a time
(mAlexNet at 224 px: Amato 2017). Only its cost is compared: its weights may be random.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import onnxruntime as ort

from benchmarks.machine import this_machine
from benchmarks.options import report_options
from benchmarks.report import Report, Row
from models import SHIPPED_MODEL
from models.classifier import SpotClassifier
from models.patches import PatchCutter
from node.errors import UsageError

BATCH = 64
SPOTS = 100
WIDTH, HEIGHT = 1920, 1080
CALLS = 30  # of each in a round; the rounds take turns, so that a slow moment hits both


@click.command()
@click.option(
    "--model",
    type=click.Path(dir_okay=False, path_type=Path),
    default=SHIPPED_MODEL,
    show_default="the shipped one",
    show_envvar=True,
    help="The classifier to measure.",
)
@click.option(
    "--peer",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    show_default="none",
    show_envvar=True,
    help="Another ONNX network that takes float32 N×3×H×W, run one spot at a time.",
)
@click.option(
    "--repeat",
    type=click.IntRange(3, 100),
    default=5,
    show_default=True,
    show_envvar=True,
    help="Rounds; the median counts.",
)
@report_options
def benchmark(model: Path, peer: Path | None, repeat: int) -> Report:
    """Measure the spot classifier on one thread."""
    rng = np.random.default_rng(1)
    classifier = SpotClassifier.load(model, threads=1)
    patches = rng.integers(0, 256, (BATCH, *classifier.spec.shape), dtype=np.uint8)
    frame = rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    cutter = PatchCutter(_regions(), width=WIDTH, height=HEIGHT, spec=classifier.spec)
    other = _peer(peer, rng) if peer else None
    ours: list[float] = []
    theirs: list[float] = []
    cuts: list[float] = []
    for _ in range(repeat):
        ours.append(BATCH * _calls_a_second(lambda: classifier.probabilities(patches)))
        if other is not None:
            theirs.append(_calls_a_second(other))
        cuts.append(1000 / _calls_a_second(lambda: cutter.cut(frame)))
    rate = statistics.median(ours)
    their_rate = statistics.median(theirs) if theirs else None
    rows = (
        Row(
            f"patches classified, batches of {BATCH}",
            "1/s",
            rate,
            peer=their_rate,
            peer_name=peer.stem if peer else None,
            ratio=rate / their_rate if their_rate else None,
        ),
        Row(f"cutting {SPOTS} spots of a {WIDTH}x{HEIGHT} frame", "ms", statistics.median(cuts)),
    )
    return Report(machine=this_machine(), rows=rows)


def _calls_a_second(call: Callable[[], object]) -> float:
    call()
    started = time.perf_counter()
    for _ in range(CALLS):
        call()
    return CALLS / (time.perf_counter() - started)


def _regions() -> list[tuple[tuple[float, float], ...]]:
    """Return a hundred slanted quadrilaterals, ten by ten, as a car park's rows look."""
    return [
        tuple(((column + x) / 10.5, (row + y) / 10.5) for x, y in _SLANTED)
        for row in range(10)
        for column in range(10)
    ]


_SLANTED = ((0.2, 0.1), (0.8, 0.1), (0.9, 0.9), (0.3, 0.9))


def _peer(path: Path, rng: np.random.Generator) -> Callable[[], object]:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    (tensor,) = session.get_inputs()
    if tensor.type != "tensor(float)" or len(tensor.shape) != 4:
        raise UsageError(
            f"--peer {path}: its input is {tensor.type}{tensor.shape}; needed is float"
        )
    shape = (1, *(int(side) for side in tensor.shape[1:]))
    picture = rng.random(shape, dtype=np.float32)
    return lambda: session.run(None, {tensor.name: picture})
