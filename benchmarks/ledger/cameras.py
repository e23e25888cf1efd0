"""Many processes that each write little: nothing to coalesce in a client."""

import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack

from benchmarks.ledger.clusters import Cluster
from benchmarks.ledger.processes import bound_to_us
from benchmarks.ledger.ratios import Goal, beside
from benchmarks.ledger.setting import Setting
from benchmarks.report import Row
from node.errors import OperationError

LEAD_S = 1.0
"""Between the order and the first record: every process has then read it."""

READY_S = 120.0
MODULE = "benchmarks.ledger.camera_process"


async def measure(setting: Setting) -> list[Row]:
    """Return the row of commits a second."""
    ours: list[float] = []
    theirs: list[float] = []
    async with AsyncExitStack() as stack:
        ledger = await stack.enter_async_context(setting.ours("cameras"))
        etcd = await stack.enter_async_context(setting.theirs("cameras"))
        crowd = Crowd()
        stack.push_async_callback(crowd.stop)
        setting.tell(f"starting {setting.cameras} camera processes")
        await crowd.start(setting.cameras)
        for number in range(setting.rounds):
            setting.tell(f"{setting.cameras} camera processes, round {number + 1}")
            for rates, cluster in ((ours, ledger), (theirs, etcd)):
                if cluster is not None:
                    rate = await crowd.rate(
                        cluster, each=setting.camera_rate, seconds=setting.seconds
                    )
                    rates.append(rate)
    asked = setting.cameras * setting.camera_rate
    return [
        beside(
            f"appends of {setting.cameras} processes, {asked:,.0f}/s asked",
            "records/s",
            ours,
            theirs,
            peer="etcd Put",
            goal=Goal(at_least=1),
        )
    ]


class Crowd:
    """Camera processes that wait for orders on their standard input."""

    def __init__(self) -> None:
        self._members: list[asyncio.subprocess.Process] = []

    async def start(self, count: int) -> None:
        """Start them and return once all can be ordered."""
        for number in range(count):
            command = bound_to_us([sys.executable, "-m", MODULE, str(number)])
            self._members.append(
                await asyncio.create_subprocess_exec(
                    *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
                )
            )
        await self._answers()

    async def rate(self, cluster: Cluster, *, each: float, seconds: float) -> float:
        """Let all write at `each` records a second; returns commits a second of all."""
        primary = cluster.addresses[await cluster.primary()]
        # The primary first, for ours too: to look for it is no part of the figure.
        others = [str(at) for at in cluster.addresses.values() if at != primary]
        order = {
            "store": cluster.name,
            "addresses": [str(primary), *others],
            "begin": time.time() + LEAD_S,
            "seconds": seconds,
            "rate": each,
        }
        for member in self._members:
            assert member.stdin is not None
            member.stdin.write(json.dumps(order).encode() + b"\n")
        counts = await self._answers()
        return sum(counts) / seconds

    async def stop(self) -> None:
        """End them."""
        for member in self._members:
            if member.returncode is None:
                member.kill()
            await member.wait()

    async def _answers(self) -> list[int]:
        """Return one number from each."""
        counts: list[int] = []
        async with asyncio.timeout(READY_S):
            for member in self._members:
                assert member.stdout is not None
                line = await member.stdout.readline()
                if not line:
                    raise OperationError("a camera process of the benchmark has ended")
                counts.append(int(line))
        return counts
