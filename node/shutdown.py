"""Clean shutdown: SIGINT and SIGTERM become one asyncio event; a second one ends at once."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine

from node.event_loops import quick_loop

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_until_signalled(
    role: Callable[[asyncio.Event], Awaitable[int]], *, uvloop: bool = False
) -> int:
    """Run `role(stop)` in a new event loop and return its exit code.

    uvloop: in one of uvloop's if that is installed, for what sends and takes many small messages.

    The role must finish its clean-up soon after `stop` is set. A second signal means that
    the person has stopped waiting: the process ends there and then with 128 + signal.
    """

    async def main() -> int:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def on_signal(number: int) -> None:
            if stop.is_set():
                os._exit(128 + number)
            stop.set()

        for number in SIGNALS:
            loop.add_signal_handler(number, on_signal, number)
        return await role(stop)

    with asyncio.Runner(loop_factory=quick_loop() if uvloop else None) as runner:
        return runner.run(main())


def run_unless_signalled(work: Callable[[], Coroutine[None, None, int]]) -> int | None:
    """Run work in a new event loop; returns its exit code, or None if a signal cancelled it."""

    async def role(stop: asyncio.Event) -> int:
        working = asyncio.create_task(work())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if working.done():
            return working.result()
        working.cancel()
        await asyncio.wait({working})
        return -1

    code = run_until_signalled(role)
    return None if code == -1 else code
