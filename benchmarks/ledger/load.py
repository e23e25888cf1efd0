"""Closed loops: each worker asks again once it was answered."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

WARM_UP_S = 0.3


@dataclass(frozen=True)
class Load:
    """What was answered within a span of time."""

    answers: int
    seconds: float
    median_ms: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


async def closed_loop(
    ask: Callable[[int], Awaitable[None]], *, workers: int, seconds: float
) -> Load:
    """Let `workers` ask for `seconds`, after a little that does not count. Raises what they do."""
    begin = time.perf_counter() + WARM_UP_S
    end = begin + seconds
    latencies: list[float] = []

    async def work(worker: int) -> None:
        asked = time.perf_counter()
        while asked < end:
            await ask(worker)
            answered = time.perf_counter()
            if begin <= answered < end:
                latencies.append(answered - asked)
            asked = answered

    async with asyncio.TaskGroup() as tasks:
        for worker in range(workers):
            tasks.create_task(work(worker))
    median = statistics.median(latencies) * 1000 if latencies else float("inf")
    return Load(answers=len(latencies), seconds=seconds, median_ms=median)


async def in_all(ask: Callable[[int], Awaitable[None]], *, workers: int, count: int) -> None:
    """Let `workers` ask `count` times in all."""
    left = iter(range(count))

    async def work(worker: int) -> None:
        for _ in left:
            await ask(worker)

    async with asyncio.TaskGroup() as tasks:
        for worker in range(workers):
            tasks.create_task(work(worker))
