"""Linearizable reads of one record, 64 in flight."""

from functools import partial

from benchmarks.ledger.load import closed_loop
from benchmarks.ledger.ratios import Goal, beside
from benchmarks.ledger.setting import Setting
from benchmarks.ledger.stores import Store
from benchmarks.report import Row

IN_FLIGHT = 64


async def measure(setting: Setting) -> list[Row]:
    """Return the row of reads by read-index, and that of reads by lease."""
    ours: list[float] = []
    theirs: list[float] = []
    async with setting.ours("reads") as ledger, setting.theirs("reads") as etcd:
        pairs = [(ours, await ledger.store())]
        if etcd is not None:
            pairs.append((theirs, await etcd.store()))
        for _, store in pairs:
            await store.append(0)
            await store.read()
        for number in range(setting.rounds):
            setting.tell(f"reads, round {number + 1}")
            for rates, store in pairs:
                load = await closed_loop(
                    partial(_read, store), workers=IN_FLIGHT, seconds=setting.seconds
                )
                rates.append(load.rate)
        for _, store in pairs:
            await store.close()
    name = f"linearizable reads, {IN_FLIGHT} in flight"
    return [
        beside(
            f"{name}: read-index",
            "reads/s",
            ours,
            theirs,
            peer="etcd Range",
            goal=Goal(at_least=0.6),
        ),
        Row(f"{name}: lease (not built)", "reads/s", None),
    ]


async def _read(store: Store, reader: int) -> None:
    del reader  # all read the same
    await store.read()
