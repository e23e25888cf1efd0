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
    """Call `action` every `tick` seconds until cancelled; raises what it raises.

    Ticks do not drift, and never come in a burst: a process that was paused must not see a hundred
    at once and depose a leader whose messages are waiting to be read.
    """
    # Timers, not a task that sleeps: a replica that has nothing else to do spends its time here.
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    due = loop.time()
    timer: asyncio.Handle

    def arm() -> None:
        nonlocal due, timer
        due += tick
        if due < loop.time():
            due = loop.time() + tick
        timer = loop.call_at(due, on_time)

    def on_time() -> None:
        try:
            action()
            arm()
        except BaseException as error:
            if not ended.done():
                ended.set_exception(error)

    timer = loop.call_soon(arm)
    try:
        await ended
    finally:
        timer.cancel()
