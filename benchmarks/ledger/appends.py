"""Appends of one process: ours coalesced by its client, etcd one Put a record."""

from benchmarks.ledger.load import Load, closed_loop
from benchmarks.ledger.ratios import Goal, beside
from benchmarks.ledger.setting import Setting
from benchmarks.report import Row

WRITERS = (1, 16, 64, 256)
GOALS = {16: Goal(at_least=2), 64: Goal(at_least=4), 256: Goal(at_least=8)}
PEER = "etcd Put"


async def measure(setting: Setting) -> list[Row]:
    """Return a row for each number of writers, and the latency of one."""
    ours: dict[int, list[Load]] = {writers: [] for writers in WRITERS}
    theirs: dict[int, list[Load]] = {writers: [] for writers in WRITERS}
    async with setting.ours("appends") as ledger, setting.theirs("appends") as etcd:
        pairs = [(ours, await ledger.store())]
        if etcd is not None:
            pairs.append((theirs, await etcd.store()))
        for number in range(setting.rounds):
            for writers in WRITERS:
                setting.tell(f"appends, {writers} writers, round {number + 1}")
                for loads, store in pairs:
                    load = await closed_loop(store.append, workers=writers, seconds=setting.seconds)
                    loads[writers].append(load)
        for _, store in pairs:
            await store.close()
    return [
        *(
            beside(
                f"appends, {writers} {'writer' if writers == 1 else 'writers'}",
                "records/s",
                [load.rate for load in ours[writers]],
                [load.rate for load in theirs[writers]],
                peer=PEER,
                goal=GOALS.get(writers),
            )
            for writers in WRITERS
        ),
        beside(
            "append to ack, 1 writer, p50",
            "ms",
            [load.median_ms for load in ours[1]],
            [load.median_ms for load in theirs[1]],
            peer=PEER,
            goal=Goal(at_most=1.3),
        ),
    ]
