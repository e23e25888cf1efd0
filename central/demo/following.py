"""Keeps the board up to date with what the ledger says: a watch of changes, a poll of the rest."""

import asyncio
import time
from contextlib import suppress

from central.demo.board import Board
from central.demo.cluster import Cluster
from central.ledger.interface import Ledger, LedgerError
from central.ledger.records import ReplicaStatus

POLL_S = 0.4
_ANSWER_S = 1.0


def wall_us() -> int:
    """Return the wall clock, microseconds since 1970-01-01 UTC; here it is the cameras' too."""
    return time.time_ns() // 1000


class Following:
    """`watch()` and `poll()` run until cancelled."""

    def __init__(self, ledger: Ledger, cluster: Cluster, board: Board) -> None:
        self._ledger = ledger
        self._cluster = cluster
        self._board = board

    async def watch(self) -> None:
        """Take every change of the lot in order, over fail-overs."""
        lot_id = self._board.layout.lot_id
        async for event in self._ledger.watch(self._board.index, lot_ids=(lot_id,)):
            self._board.apply(event, arrived_us=wall_us())

    async def poll(self) -> None:
        """Ask replicas and nodes again and again."""
        while True:
            await self.ask()
            await asyncio.sleep(POLL_S)

    async def ask(self) -> None:
        """Ask every replica about itself and the primary about the nodes, once."""
        await asyncio.gather(self._ask_replicas(), self._ask_nodes())

    async def _ask_replicas(self) -> None:
        async def one(replica_id: str, address: str) -> None:
            self._board.hear_replicas({replica_id: await self._status(address)})

        await asyncio.gather(
            *(one(replica_id, str(at)) for replica_id, at in self._cluster.replicas.items())
        )

    async def _status(self, address: str) -> ReplicaStatus | None:
        try:
            return await self._ledger.replica_status(address, timeout=_ANSWER_S)
        except LedgerError:
            return None  # down or starting: the board shows it so

    async def _ask_nodes(self) -> None:
        # Between two primaries nobody knows; the board keeps what it had.
        with suppress(LedgerError):
            status = await self._ledger.service_status(timeout=_ANSWER_S)
            self._board.hear_nodes(status.nodes)
