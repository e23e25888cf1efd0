"""What two cores of this machine do of the bare stages against one: nothing can do better."""

import multiprocessing
import os
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack

from benchmarks.pipeline.parked import make_parked
from benchmarks.pipeline.stages import Stage, bare
from models.classifier import SpotClassifier

_ROUNDS = 5
_made: list[Stage] = []  # of a child process, made once


def ceiling(cores: Sequence[int], *, seconds: float) -> float:
    """Return how many frames two processes do in the time in which one does a frame.

    Each has a core of its own and shares nothing; `seconds` are for all of it.
    """
    each = seconds / (2 * _ROUNDS)
    spawn = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        pools = [
            stack.enter_context(ProcessPoolExecutor(1, spawn, _begin, (core,))) for core in cores
        ]
        for pool in pools:
            pool.submit(_rate, 0.0).result()
        found = []
        for _ in range(_ROUNDS):
            alone = pools[0].submit(_rate, each).result()
            both = [pool.submit(_rate, each) for pool in pools]
            found.append(sum(one.result() for one in both) / alone)
    return statistics.median(found)


def _begin(core: int) -> None:
    os.sched_setaffinity(0, {core})
    _made.append(bare(SpotClassifier.load(threads=1), make_parked()))


def _rate(seconds: float) -> float:
    """Return frames a second by the clock; the first frame does not count."""
    (stage,) = _made
    stage(0)
    begin, count = time.monotonic(), 0
    while (took := time.monotonic() - begin) < seconds or not count:
        stage(count)
        count += 1
    return count / took
