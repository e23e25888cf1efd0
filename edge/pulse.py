"""Listens for signs of life of a processor that owes an ack, and asks for one."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from edge.silence import TICK_S, Patience, Silence, Step


class Pulse:
    """One stream's. Event loop only."""

    def __init__(
        self,
        patience: Patience,
        *,
        ping: Callable[[], Awaitable[bool]],
        owed_since: Callable[[], float | None],
    ) -> None:
        """ping: asks the processor; True if that is alive, False if it does not say so in time.
        owed_since: when the oldest frame that is not acked was sent, monotonic seconds."""
        self._patience = patience
        self._ping = ping
        self._owed_since = owed_since
        self._silence = Silence(patience, now=time.monotonic())
        self._pinging: asyncio.Task[None] | None = None

    def heard(self) -> None:
        """Anything came from the processor."""
        self._silence.heard()

    async def stopped(self) -> float:
        """Return once the processor counts as hanging: how long it was silent, seconds."""
        try:
            while True:
                await asyncio.sleep(TICK_S)
                now = time.monotonic()
                match self._silence.tick(now=now, owed_since=self._owed_since()):
                    case Step.LEAVE:
                        return self._silence.seconds
                    case Step.PING if self._pinging is None or self._pinging.done():
                        self._pinging = asyncio.create_task(self._ask())
        finally:
            if self._pinging is not None:
                self._pinging.cancel()
                await asyncio.gather(self._pinging, return_exceptions=True)

    async def _ask(self) -> None:
        if await self._ping():
            self.heard()
