"""The clocks of a replica."""

import asyncio
import time
from collections.abc import Callable

_LEASES = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def lease_clock(*, on: bool) -> Callable[[], int | None]:
    """Return what the core is told as `now`: None where no lease is relied on.

    Microseconds of a clock that also runs while the process, or the machine, sleeps.
    """
    return (lambda: time.clock_gettime_ns(_LEASES) // 1000) if on else (lambda: None)


async def tick_evenly(tick: float, action: Callable[[], None]) -> None:
    """Call `action` every `tick` seconds until cancelled.

    Ticks do not drift, and never come in a burst: a process that was paused must not see a hundred
    at once and depose a leader whose messages are waiting to be read.
    """
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        due += tick
        if due < loop.time():
            due = loop.time() + tick
        await asyncio.sleep(due - loop.time())
        action()
