"""Clean shutdown: SIGINT and SIGTERM become one asyncio event; a second one ends at once."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_until_signalled(role: Callable[[asyncio.Event], Awaitable[int]]) -> int:
    """Run `role(stop)` in a new event loop and return its exit code.

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

    return asyncio.run(main())
