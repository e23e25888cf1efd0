import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from central.ledger.replica.ticking import Ticks

TICK = 0.01
QUIET = 5
DEADLINE = 60.0


class Counted:
    """Counts the ticks, and how many of them had passed at each time that it was woken."""

    def __init__(self, *, quiet: int = QUIET) -> None:
        self.passed = 0
        self.woken: list[int] = []
        self.at: list[float] = []
        self._was_woken = asyncio.Event()
        self.ticks = Ticks(TICK, let_pass=self._let_pass, quiet=lambda: quiet)

    def _let_pass(self) -> None:
        self.passed += 1

    def action(self) -> None:
        self.woken.append(self.passed)
        self.at.append(asyncio.get_running_loop().time())
        self._was_woken.set()

    async def times(self, count: int) -> None:
        """Wait until it was woken so often."""
        async with asyncio.timeout(DEADLINE):
            while len(self.woken) < count:
                self._was_woken.clear()
                await self._was_woken.wait()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run meanwhile."""
        task = asyncio.create_task(self.ticks.run(self.action))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_it_is_woken_only_for_the_tick_that_does_something() -> None:
    one = Counted()
    began = asyncio.get_running_loop().time()
    async with one.running():
        await one.times(4)
    assert one.woken[:4] == [QUIET, 2 * QUIET, 3 * QUIET, 4 * QUIET]
    assert one.at[3] - began >= (4 * QUIET - 1) * TICK  # a timer may be early by a millisecond


async def test_ticks_do_not_come_in_a_burst_after_a_pause() -> None:
    one, loop = Counted(), asyncio.get_running_loop()
    async with one.running():
        await one.times(1)
        before, until = one.passed, loop.time() + 20 * QUIET * TICK
        while loop.time() < until:
            pass  # as a process that is paused
        one.ticks.catch_up()
        one.ticks.catch_up()
        assert one.passed - before <= QUIET
        seen = len(one.woken)
        await one.times(seen + 2)
    assert one.woken[seen + 1] - before <= 2 * QUIET
    assert one.at[seen + 1] - one.at[seen] >= (QUIET - 2) * TICK  # it may have come late


async def test_whoever_asks_finds_those_passed_whose_time_has_come() -> None:
    one, loop = Counted(quiet=1_000_000), asyncio.get_running_loop()
    one.ticks.catch_up()
    assert one.passed == 0  # it does not run yet
    began = loop.time()
    async with one.running(), asyncio.timeout(DEADLINE):
        for _ in range(7):
            await asyncio.sleep(2 * TICK)
            before = one.passed
            one.ticks.catch_up()
            assert before < one.passed <= (loop.time() - began) / TICK
    assert not one.woken


async def test_what_the_action_raises_ends_it() -> None:
    def action() -> None:
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        await asyncio.wait_for(Counted().ticks.run(action), DEADLINE)


async def test_who_is_cancelled_ticks_no_more() -> None:
    one = Counted(quiet=1)
    async with one.running():
        await one.times(1)
    seen = one.passed
    await asyncio.sleep(5 * TICK)
    one.ticks.catch_up()
    assert one.passed == seen
