"""`kill -9` of any replica loses nothing acked, and the ledger commits again within two seconds.

Real processes, real disks, real signals.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.e2e.replicas import START_S, Group, Writer, check_nothing_lost, three_replicas

COMMITS_AGAIN_S = 2.0


@asynccontextmanager
async def writing(group: Group) -> AsyncIterator[Writer]:
    """Give a writer that writes all the while and has finished afterwards."""
    writer = Writer(group.ledger)
    task = asyncio.create_task(writer.run())
    try:
        await writer.wait_for(30)
        yield writer
        writer.enough = True
        async with asyncio.timeout(START_S):
            await task
    finally:
        task.cancel()


@pytest.mark.parametrize("role", ["primary", "backup"])
async def test_kill_9_of_one_replica(role: str, tmp_path: Path) -> None:
    async with three_replicas(tmp_path) as group:
        took: list[float] = []
        async with writing(group) as writer:
            # A machine that is busy with other things gets more chances.
            while not took or (len(took) < 5 and min(took) >= COMMITS_AGAIN_S):
                primary = await group.primary_id()
                backup = next(replica for replica in group.cluster.replicas if replica != primary)
                victim = primary if role == "primary" else backup
                await group.supervisor.kill(victim)
                killed_at = time.monotonic()
                await writer.wait_for(20)
                took.append(next(at for at in writer.acks if at > killed_at) - killed_at)
                if role == "primary":
                    assert await group.primary_id() != victim
                await group.start(victim)
                await group.caught_up(victim)
                await writer.wait_for(20)
            assert min(took) < COMMITS_AGAIN_S, took
        await check_nothing_lost(group, writer)


async def test_kill_9_of_all_three_at_once(tmp_path: Path) -> None:
    """A power cut: what was acked is on disks, not in memory."""
    async with three_replicas(tmp_path) as group:
        async with writing(group) as writer:
            replicas = tuple(group.cluster.replicas)
            await asyncio.gather(*(group.supervisor.kill(replica) for replica in replicas))
            await group.start(*replicas)
            await writer.wait_for(20)
        await check_nothing_lost(group, writer)
