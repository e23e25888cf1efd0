"""The spot classifier alone: patches a second on one thread, and cutting them from a frame.

Beside it, if asked for, what the usual network costs that looks at one spot at a time (mAlexNet at
224 px: Amato 2017). Only its cost is compared: its weights may be random.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import click
import numpy as np
import onnxruntime as ort

from benchmarks.machine import this_machine
from benchmarks.malexnet import malexnet
from benchmarks.options import report_options
from benchmarks.report import Report, Row
from models import SHIPPED_MODEL
from models.classifier import SpotClassifier
from models.patches import PatchCutter, PatchSpec
from node.errors import UsageError

BATCH = 64
SPOTS = 100
WIDTH, HEIGHT = 1920, 1080
SECONDS = 0.08  # of each in a round; short turns, so that a slow moment hits both
BUILT_IN = "malexnet"
GOAL = 10.0


@click.command()
@click.option(
    "--model",
    "models",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    default=(SHIPPED_MODEL,),
    show_default="the shipped one",
    show_envvar=True,
    help="The classifier to measure; may be given more than once.",
)
@click.option(
    "--peer",
    type=click.Path(dir_okay=False, path_type=Path),
    show_default="none",
    show_envvar=True,
    help="Another ONNX network that takes float32 N×3×H×W, run one spot at a time; "
    f"'{BUILT_IN}' is mAlexNet at 224 px with random weights.",
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
def benchmark(models: tuple[Path, ...], peer: Path | None, repeat: int) -> Report:
    """Measure the spot classifier on one thread."""
    rng = np.random.default_rng(1)
    classifiers = {path: SpotClassifier.load(path, threads=1) for path in models}
    contest = _Contest(_peer(peer, rng) if peer else None)
    rates: dict[Path, list[float]] = {path: [] for path in classifiers}
    ratios: dict[Path, list[float]] = {path: [] for path in classifiers}
    for _ in range(repeat):
        for path, classifier in classifiers.items():
            patches = rng.integers(0, 256, (BATCH, *classifier.spec.shape), dtype=np.uint8)
            rate, ratio = contest.turn(lambda: classifier.probabilities(patches))  # noqa: B023
            rates[path].append(rate)
            ratios[path].append(ratio)
    rows = [
        _row(path, statistics.median(rates[path]), statistics.median(ratios[path]), contest, peer)
        for path in classifiers
    ]
    specs = dict.fromkeys(classifier.spec for classifier in classifiers.values())
    return Report(machine=this_machine(), rows=(*rows, *(_cutting(spec, repeat) for spec in specs)))


@dataclass
class _Contest:
    """Runs ours between two runs of the peer. peers: spots a second of each of its runs."""

    peer: Callable[[], object] | None
    peers: list[float] = field(default_factory=list)

    def turn(self, ours: Callable[[], object]) -> tuple[float, float]:
        """Patches a second, and how many times the peer's rate just before and after (or nan)."""
        before = _calls_a_second(self.peer) if self.peer else float("nan")
        rate = BATCH * _calls_a_second(ours)
        after = _calls_a_second(self.peer) if self.peer else float("nan")
        self.peers += [before, after]
        return rate, 2.0 * rate / (before + after)


def _row(path: Path, rate: float, ratio: float, contest: _Contest, peer: Path | None) -> Row:
    name = f"patches classified, batches of {BATCH}, {path.name}"
    if peer is None:
        return Row(name, "1/s", rate)
    return Row(
        name,
        "1/s",
        rate,
        peer=statistics.median(contest.peers),
        peer_name=peer.stem,
        ratio=ratio,
        goal=f"{GOAL:g} times" if str(peer) == BUILT_IN else None,
        met=ratio >= GOAL if str(peer) == BUILT_IN else None,
    )


def _cutting(spec: PatchSpec, repeat: int) -> Row:
    frame = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    cutter = PatchCutter(_regions(), width=WIDTH, height=HEIGHT, spec=spec)
    times = [1000 / _calls_a_second(lambda: cutter.cut(frame)) for _ in range(repeat)]
    looks = f"{spec.looks} x {spec.size} px"
    name = f"cutting {SPOTS} spots ({looks}) of a {WIDTH}x{HEIGHT} frame"
    return Row(name, "ms", statistics.median(times))


def _calls_a_second(call: Callable[[], object]) -> float:
    call()
    calls, started = 0, time.perf_counter()
    while (passed := time.perf_counter() - started) < SECONDS:
        call()
        calls += 1
    return calls / passed


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
    if str(path) != BUILT_IN and not path.is_file():
        raise UsageError(f"--peer {path}: there is no such file; name one, or '{BUILT_IN}'")
    model = malexnet() if str(path) == BUILT_IN else str(path)
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    (tensor,) = session.get_inputs()
    if tensor.type != "tensor(float)" or len(tensor.shape) != 4:
        raise UsageError(
            f"--peer {path}: its input is {tensor.type}{tensor.shape}; needed is float"
        )
    shape = (1, *(int(side) for side in tensor.shape[1:]))
    picture = rng.random(shape, dtype=np.float32)
    return lambda: session.run(None, {tensor.name: picture})
