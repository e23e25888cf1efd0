"""Old history goes while three replicas serve."""

import asyncio
import time
from pathlib import Path

import pytest

from central.ledger.client import LedgerClient
from central.ledger.interface import HistoryDropped, WatchGap
from central.ledger.merkle import Frontier
from central.ledger.proof import FORMAT, Head
from central.ledger.records import HistoryPage
from central.ledger.replica import retention
from central.ledger.upkeep.verify import verify_data
from central.ledger.upkeep.verify_ledger import MOST_TRIES, verify_ledger
from node.errors import OperationError
from tests.central.ledger.cluster import DEADLINE, Cluster
from tests.central.ledger.queries.test_past import settled
from tests.central.ledger.samples import OCCUPIED, VACANT, batch, layout

KEPT_SECONDS = 1.5


class Late(LedgerClient):
    """To its first `answers` questions from where on history is kept it is told what was long ago.

    So is who asks just before the ledger drops some.
    """

    def __init__(self, cluster: Cluster, answers: int) -> None:
        super().__init__(list(cluster.addresses.values()))
        self._late = answers
        cluster.clients.append(self)

    async def checkpoint(self, address: str, *, timeout: float = 10.0) -> Frontier:
        if self._late:
            self._late -= 1
            return Frontier()
        return await super().checkpoint(address, timeout=timeout)


async def flip(client: LedgerClient, first: int, count: int) -> None:
    for number in range(first, first + count):
        await client.append(batch("near", number, ("A1", OCCUPIED if number % 2 else VACANT)))


async def last_page(client: LedgerClient) -> HistoryPage:
    pages = [page async for page in client.history("north", page_size=5000)]
    return pages[-1]


async def test_old_history_goes_while_the_ledger_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CHECK_EVERY", 0.1)
    async with Cluster(tmp_path, keep_history_days=KEPT_SECONDS / 86_400) as cluster:
        client = cluster.client()
        await client.apply(layout())
        await flip(client, 1, 150)
        before_us = time.time_ns() // 1000
        await asyncio.sleep(0.002)
        async with asyncio.timeout(DEADLINE):
            while True:
                if (await last_page(client)).dropped_until_us:
                    break
                await asyncio.sleep(0.05)
        await flip(client, 1001, 3)

        page = await last_page(client)
        assert page.changes[-1].change.occupancy is OCCUPIED
        assert all(one.committed_at_us > page.dropped_until_us for one in page.changes)
        with pytest.raises(HistoryDropped, match="has been dropped"):
            await client.get(as_of_us=page.dropped_until_us - 1)
        state = await client.get(["north"], as_of_us=before_us)
        assert [spot.occupancy.name for spot in state.lots[0].spots] == ["VACANT", "UNKNOWN"]
        with pytest.raises(WatchGap):
            await anext(aiter(client.watch(1)))
        with pytest.raises(HistoryDropped):
            await client.proof(2)

        await settled(cluster)
        primary = str(cluster.addresses[await cluster.primary()])
        found = await verify_ledger(client, [primary])
        assert len({head.digest for head in found.heads}) == 1
        assert found.dropped >= 64
        assert not found.meanwhile
        for answers in (1, MOST_TRIES):
            found = await verify_ledger(Late(cluster, answers), [primary])
            assert found.dropped >= 64
            assert found.meanwhile
        with pytest.raises(OperationError, match="dropped faster than it can be read: let more"):
            await verify_ledger(Late(cluster, 1000), [primary])
        with pytest.raises(OperationError, match=r"--against 1:0+: .* has been dropped"):
            await verify_ledger(client, [primary], against=Head(1, bytes(32), FORMAT, ""))
        stopped = await cluster.backup()
        await cluster.stop(stopped)
        assert verify_data(tmp_path / stopped).dropped >= 64
