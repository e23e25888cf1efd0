"""Appends of one process, etcd behind the coalescing of our client: what is left then."""

from benchmarks.etcd.stores import EtcdBlobs, EtcdTransactions
from benchmarks.ledger.load import closed_loop
from benchmarks.ledger.ratios import Goal, beside
from benchmarks.ledger.setting import Setting
from benchmarks.ledger.stores import Store
from benchmarks.report import Row

WRITERS = (64, 256)
WAYS = {
    "Txn": (EtcdTransactions, Goal(at_least=1.3)),
    "blob": (EtcdBlobs, Goal(at_least=0.8)),
}


async def measure(setting: Setting) -> list[Row]:
    """Return a row for each number of writers and each way; none without etcd."""
    if setting.etcd is None:
        return []
    names = ["ours", *WAYS]
    rates: dict[tuple[str, int], list[float]] = {
        (name, writers): [] for name in names for writers in WRITERS
    }
    async with setting.ours("coalesced") as ledger, setting.theirs("coalesced") as etcd:
        assert etcd is not None
        leader = etcd.addresses[await etcd.primary()]
        stores: dict[str, Store] = {"ours": await ledger.store()}
        stores |= {name: store(leader) for name, (store, _) in WAYS.items()}
        for number in range(setting.rounds):
            for writers in WRITERS:
                setting.tell(f"coalesced appends, {writers} writers, round {number + 1}")
                for name, store in stores.items():
                    load = await closed_loop(store.append, workers=writers, seconds=setting.seconds)
                    rates[name, writers].append(load.rate)
        for store in stores.values():
            await store.close()
    return [
        beside(
            f"appends, {writers} writers, etcd coalesced too: {name}",
            "records/s",
            rates["ours", writers],
            rates[name, writers],
            peer=f"etcd {name}",
            goal=goal,
        )
        for name, (_, goal) in WAYS.items()
        for writers in WRITERS
    ]
