"""The processor's two clocks, passed in so that tests can bring their own."""

import time
from collections.abc import Callable
from dataclasses import dataclass


def _wall_us() -> int:
    return time.time_ns() // 1_000


@dataclass(frozen=True)
class Clock:
    """`monotonic` in seconds measures silence; `wall_us` stamps what the processor itself says."""

    monotonic: Callable[[], float] = time.monotonic
    wall_us: Callable[[], int] = _wall_us
