"""SIGKILL of the primary, until something new is committed."""

import asyncio
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack

from benchmarks.ledger.clusters import Cluster, TimeOuts
from benchmarks.ledger.setting import Setting
from benchmarks.report import Row

SAME = TimeOuts(heartbeat_ms=20, election_ms=100)
MEDIAN_GOAL, WORST_GOAL, DEFAULT_GOAL_MS = 1.3, 2.0, 600.0
WARM_UP = 20
SETTLE_S = 0.5


async def measure(setting: Setting) -> list[Row]:
    """Return the rows of the same time-outs for both, and of our defaults."""
    if setting.kills == 0:
        return []
    async with AsyncExitStack() as stack:
        found = {
            "ours": await stack.enter_async_context(setting.ours("kills", time_outs=SAME)),
            "etcd": await stack.enter_async_context(setting.theirs("kills", time_outs=SAME)),
            "ours, defaults": await stack.enter_async_context(setting.ours("kills-defaults")),
        }
        clusters = {name: cluster for name, cluster in found.items() if cluster is not None}
        taken: dict[str, list[float]] = {name: [] for name in found}
        for number in range(setting.kills):
            for name, cluster in clusters.items():
                ms = await kill_once(cluster)
                setting.tell(f"kill {number + 1}, {name}: {ms:.0f} ms")
                taken[name].append(ms)
    return rows(taken)


async def kill_once(cluster: Cluster) -> float:
    """Kill the primary, wait for a commit, bring it back; returns the milliseconds it took."""
    store = await cluster.store()
    for _ in range(WARM_UP):
        await store.append(0)
    primary = await cluster.primary()
    killed_at = time.monotonic()
    await cluster.kill(primary)
    await cluster.first_commit(store)
    taken = time.monotonic() - killed_at
    await store.close()
    leader = await cluster.primary()
    reached = await cluster.found(leader)
    await cluster.start(primary)
    await cluster.reached(primary, index=reached.applied_index if reached else 0)
    await asyncio.sleep(SETTLE_S)
    return taken * 1000


def rows(taken: Mapping[str, Sequence[float]]) -> list[Row]:
    """Return the rows of milliseconds from each kill."""
    name = f"SIGKILL to commit, {SAME.heartbeat_ms}/{SAME.election_ms} ms"
    ours, etcd, defaults = taken["ours"], taken["etcd"], taken["ours, defaults"]
    worst = max(defaults)
    return [
        _row(f"{name}, median of {len(ours)}", statistics.median, ours, etcd, MEDIAN_GOAL),
        _row(f"{name}, worst of {len(ours)}", max, ours, etcd, WORST_GOAL),
        Row("SIGKILL to commit, our defaults, median", "ms", statistics.median(defaults)),
        Row(
            "SIGKILL to commit, our defaults, worst",
            "ms",
            worst,
            goal=f"< {DEFAULT_GOAL_MS:g} ms",
            met=worst < DEFAULT_GOAL_MS,
        ),
    ]


def _row(
    name: str,
    of: Callable[[Sequence[float]], float],
    ours: Sequence[float],
    etcd: Sequence[float],
    most: float,
) -> Row:
    if not etcd:
        return Row(name, "ms", of(ours))
    ratio = of(ours) / of(etcd)
    return Row(
        name,
        "ms",
        of(ours),
        peer=of(etcd),
        peer_name="etcd",
        ratio=ratio,
        goal=f"<= {most:g}x",
        met=ratio <= most,
    )
