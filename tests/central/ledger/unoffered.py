"""A ledger that offers nothing: what a fake of it overrides is what its tests may use."""

from collections.abc import AsyncIterator, Sequence

from central.layout.document import Layout
from central.ledger.records import (
    AppendResult,
    ApplyResult,
    DetectionBatch,
    HistoryPage,
    LedgerEvent,
    LedgerState,
    LotReport,
    NodeReport,
    ReplicaStatus,
    ServiceStatus,
)


class UnofferedLedger:
    """See `central.ledger.interface.Ledger`."""

    async def append(self, batch: DetectionBatch) -> AppendResult:
        raise NotImplementedError

    async def update(self, report: LotReport, *, timeout: float = 10.0) -> int:
        raise NotImplementedError

    async def apply(
        self, layout: Layout, *, expected_version: int | None = None, timeout: float = 10.0
    ) -> ApplyResult:
        raise NotImplementedError

    async def get(
        self,
        lot_ids: Sequence[str] = (),
        *,
        with_layouts: bool = False,
        stale_ok: bool = False,
        as_of_us: int | None = None,
        timeout: float = 10.0,
    ) -> LedgerState:
        raise NotImplementedError

    def history(
        self,
        lot_id: str,
        *,
        spot_ids: Sequence[str] = (),
        since_us: int | None = None,
        until_us: int | None = None,
        page_size: int = 1000,
        stale_ok: bool = False,
        timeout: float = 10.0,
    ) -> AsyncIterator[HistoryPage]:
        raise NotImplementedError

    def watch(self, after_index: int, *, lot_ids: Sequence[str] = ()) -> AsyncIterator[LedgerEvent]:
        raise NotImplementedError

    async def heartbeat(self, reports: Sequence[NodeReport], *, timeout: float = 2.0) -> float:
        raise NotImplementedError

    async def service_status(self, *, timeout: float = 5.0) -> ServiceStatus:
        raise NotImplementedError

    async def replica_status(self, address: str, *, timeout: float = 2.0) -> ReplicaStatus:
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is open."""
