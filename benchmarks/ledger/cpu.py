"""CPU time a record, by process: what is left of it when other programs have the machine too."""

import statistics
from collections.abc import Mapping

import psutil

from benchmarks.ledger.appends import WRITERS
from benchmarks.ledger.clusters import MEMBERS, Cluster
from benchmarks.ledger.load import closed_loop
from benchmarks.ledger.setting import Setting
from benchmarks.report import Row

PARTS = ("client", "primary", "each backup")


async def measure(setting: Setting) -> list[Row]:
    """Return a row for each number of writers and each process."""
    found: dict[tuple[int, str], list[float]] = {
        (writers, part): [] for writers in WRITERS for part in PARTS
    }
    async with setting.ours("cpu") as ledger:
        processes = await _processes(ledger)
        store = await ledger.store()
        for number in range(setting.rounds):
            for writers in WRITERS:
                setting.tell(f"CPU of appends, {writers} writers, round {number + 1}")
                answered = 0

                async def append(writer: int) -> None:
                    nonlocal answered
                    await store.append(writer)
                    answered += 1

                before = _seconds(processes)
                await closed_loop(append, workers=writers, seconds=setting.seconds)
                after = _seconds(processes)
                for part in PARTS:
                    found[writers, part].append(
                        (after[part] - before[part]) / max(answered, 1) * 1e6
                    )
        await store.close()
    return [
        Row(f"CPU, {_named(writers)}: {part}", "µs a record", statistics.median(times))
        for (writers, part), times in found.items()
    ]


def _named(writers: int) -> str:
    return "1 writer" if writers == 1 else f"{writers} writers"


async def _processes(ledger: Cluster) -> dict[str, list[psutil.Process]]:
    primary = await ledger.primary()
    backups = [psutil.Process(ledger.pid(member)) for member in MEMBERS if member != primary]
    return {
        "client": [psutil.Process()],
        "primary": [psutil.Process(ledger.pid(primary))],
        "each backup": backups,
    }


def _seconds(processes: Mapping[str, list[psutil.Process]]) -> dict[str, float]:
    """Return the CPU seconds used so far by each part, on average over its processes."""
    used: dict[str, float] = {}
    for part, its in processes.items():
        times = [process.cpu_times() for process in its]
        used[part] = statistics.mean(each.user + each.system for each in times)
    return used
