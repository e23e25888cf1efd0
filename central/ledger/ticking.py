"""The clock of a replica."""

import asyncio
from collections.abc import Callable


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
