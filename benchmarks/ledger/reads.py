"""Linearizable reads of one record, 64 in flight."""

from contextlib import AsyncExitStack

from benchmarks.ledger.load import closed_loop
from benchmarks.ledger.ratios import Goal, beside
from benchmarks.ledger.setting import Setting
from benchmarks.ledger.stores import Store
from benchmarks.report import Row

IN_FLIGHT = 64
GOALS = {"read-index": Goal(at_least=0.6), "lease": Goal(at_least=1.2)}
PEER = "etcd Range"


async def measure(setting: Setting) -> list[Row]:
    """Return the row of reads by read-index, and that of reads by lease.

    Each reader reads a spot, or key, of its own.
    """
    async with AsyncExitStack() as stack:
        clusters = {
            "read-index": await stack.enter_async_context(setting.ours("reads")),
            "lease": await stack.enter_async_context(setting.ours("reads-lease", lease=True)),
            PEER: await stack.enter_async_context(setting.theirs("reads")),
        }
        stores: dict[str, Store] = {
            name: await cluster.store() for name, cluster in clusters.items() if cluster
        }
        rates: dict[str, list[float]] = {name: [] for name in clusters}
        for store in stores.values():
            for reader in range(IN_FLIGHT):
                await store.append(reader)
                await store.read(reader)
        for number in range(setting.rounds):
            setting.tell(f"reads, round {number + 1}")
            for name, store in stores.items():
                load = await closed_loop(store.read, workers=IN_FLIGHT, seconds=setting.seconds)
                rates[name].append(load.rate)
        for store in stores.values():
            await store.close()
    return [
        beside(
            f"linearizable reads, {IN_FLIGHT} in flight: {name}",
            "reads/s",
            rates[name],
            rates[PEER],
            peer=PEER,
            goal=goal,
        )
        for name, goal in GOALS.items()
    ]
