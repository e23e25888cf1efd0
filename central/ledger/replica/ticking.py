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


class Ticks:
    """Lets ticks pass evenly, and wakes only for those that do something. Of the event loop.

    A replica that woke for each tick would spend more on that, while nothing happens, than on all
    else. So several pass at once: at the last of them, and whenever `catch_up` is called, which has
    to be before the core is told anything that it dates.

    They do not drift, and never come in a burst: a process that was paused must not see a hundred
    at once and depose a leader whose messages are waiting to be read.
    """

    def __init__(
        self, tick: float, *, let_pass: Callable[[], None], quiet: Callable[[], int]
    ) -> None:
        """`let_pass` lets one pass; the first `quiet()` - 1 of those to come do nothing."""
        self._tick = tick
        self._let_pass = let_pass
        self._quiet = quiet
        self._counted_to = 0.0  # the loop's time of the last one
        self._planned = 0  # until the loop is woken

    def catch_up(self) -> None:
        """Let those pass whose time has come, of those for which nobody is woken."""
        if not self._planned:
            return
        now = asyncio.get_running_loop().time()
        count = min(int((now - self._counted_to) / self._tick), self._planned)
        if count > 0:
            self._planned -= count
            self._counted_to += count * self._tick
            for _ in range(count):
                self._let_pass()

    async def run(self, action: Callable[[], None]) -> None:
        """Call `action` whenever it was woken, until cancelled; raises what that raises."""
        # Timers, not a task that sleeps: here an idle replica spends its time.
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        timer: asyncio.Handle

        def plan() -> None:
            nonlocal timer
            self._planned = self._quiet()
            timer = loop.call_at(self._counted_to + self._planned * self._tick, on_time)

        def on_time() -> None:
            try:
                self.catch_up()
                while self._planned:  # timers may be early by less than they can tell
                    self._planned -= 1
                    self._counted_to += self._tick
                    self._let_pass()
                # What the process slept through is no tick.
                if loop.time() >= self._counted_to + self._tick:
                    self._counted_to = loop.time()
                action()
                plan()
            except BaseException as error:
                if not ended.done():
                    ended.set_exception(error)

        self._counted_to = loop.time()
        plan()
        try:
            await ended
        finally:
            timer.cancel()
            self._planned = 0
