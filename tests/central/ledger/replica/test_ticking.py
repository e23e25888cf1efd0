import asyncio
from itertools import pairwise

import pytest

from central.ledger.replica.ticking import tick_evenly

TICK = 0.01
DEADLINE = 60.0


async def test_ticks_do_not_come_in_a_burst_after_a_pause() -> None:
    loop, enough = asyncio.get_running_loop(), asyncio.Event()
    began: list[float] = []

    def action() -> None:
        began.append(loop.time())
        if len(began) == 2:
            while loop.time() < began[1] + 10 * TICK:
                pass  # as a process that is paused
        if len(began) == 6:
            enough.set()

    ticking = asyncio.create_task(tick_evenly(TICK, action))
    async with asyncio.timeout(DEADLINE):
        await enough.wait()
    ticking.cancel()
    await asyncio.gather(ticking, return_exceptions=True)
    after = began[2:]
    assert after[0] - began[1] >= 10 * TICK
    # A timer may come late by chance, so only so many in so short a time are a burst.
    assert after[-1] - after[0] >= TICK
    assert all(later >= earlier for earlier, later in pairwise(began))


async def test_what_the_action_raises_ends_it() -> None:
    def action() -> None:
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        await asyncio.wait_for(tick_evenly(TICK, action), DEADLINE)


async def test_who_is_cancelled_ticks_no_more() -> None:
    ticks: list[None] = []
    first = asyncio.Event()

    def action() -> None:
        ticks.append(None)
        first.set()

    ticking = asyncio.create_task(tick_evenly(TICK, action))
    async with asyncio.timeout(DEADLINE):
        await first.wait()
    ticking.cancel()
    await asyncio.gather(ticking, return_exceptions=True)
    seen = len(ticks)
    await asyncio.sleep(5 * TICK)
    assert len(ticks) == seen
