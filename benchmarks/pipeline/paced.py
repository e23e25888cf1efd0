"""The bare stages as a processor meets them: a frame now and then, on a core that idles meanwhile.

Back to back all that a frame needs is in the caches, and the core runs as fast as it can. A core
that waits for the next frame forgets and slows down: that is no overhead of whoever waits.
"""

import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Final

from benchmarks.pipeline.parked import make_parked
from benchmarks.pipeline.stages import bare
from models.classifier import SpotClassifier

PHASE: Final = 0.618
"""Of a period between one camera's frames and the next one's."""


def due_times(cameras: int) -> Sequence[float]:
    """Return when in each second the cameras' frames come, rising."""
    return sorted(number * PHASE % 1.0 for number in range(cameras))


def paced_ms(cameras: int, *, seconds: float, core: int) -> float:
    """Return the bare stages' CPU time a frame, of one frame a second of so many cameras.

    In a process of its own on that core; whatever else runs there counts against it.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn) as pool:
        return pool.submit(_paced_ms, cameras, seconds, core).result()


def _paced_ms(cameras: int, seconds: float, core: int) -> float:
    os.sched_setaffinity(0, {core})
    stage, due = bare(SpotClassifier.load(threads=1), make_parked()), due_times(cameras)
    for number in range(cameras):  # the first ones cost more
        stage(number)
    begin, before, count = time.monotonic(), time.process_time(), 0
    while count < max(1, round(seconds * cameras)):
        at = begin + count // cameras + due[count % cameras]
        time.sleep(max(0.0, at - time.monotonic()))
        stage(count)
        count += 1
    return (time.process_time() - before) / count * 1e3
