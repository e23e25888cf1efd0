"""A ledger of layouts in memory: it applies, or refuses as it was told to."""

from collections.abc import AsyncIterator, Sequence

from central.layout.document import Layout
from central.ledger.interface import LedgerError
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


class FakeLedger:
    """Holds each lot's layout and version; `refusals` names lots and what they fail with."""

    def __init__(self, refusals: dict[str, LedgerError] | None = None) -> None:
        self.refusals = refusals or {}
        self.layouts: dict[str, Layout] = {}
        self.versions: dict[str, int] = {}
        self.expected: list[int | None] = []
        self.timeouts: list[float] = []
        self.index = 16

    async def apply(
        self, layout: Layout, *, expected_version: int | None = None, timeout: float = 10.0
    ) -> ApplyResult:
        """Keep the layout, as the real one would."""
        self.expected.append(expected_version)
        self.timeouts.append(timeout)
        if layout.lot_id in self.refusals:
            raise self.refusals[layout.lot_id]
        changed = self.layouts.get(layout.lot_id) != layout
        if changed:
            self.index += 1
            self.layouts[layout.lot_id] = layout
            self.versions[layout.lot_id] = self.versions.get(layout.lot_id, 0) + 1
        version = self.versions[layout.lot_id]
        return ApplyResult(index=self.index, version=version, changed=changed)

    async def append(self, batch: DetectionBatch) -> AppendResult:
        """Not offered here."""
        raise NotImplementedError

    async def update(self, report: LotReport, *, timeout: float = 10.0) -> int:
        """Not offered here."""
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
        """Not offered here."""
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
        """Not offered here."""
        raise NotImplementedError

    def watch(self, after_index: int, *, lot_ids: Sequence[str] = ()) -> AsyncIterator[LedgerEvent]:
        """Not offered here."""
        raise NotImplementedError

    async def heartbeat(self, reports: Sequence[NodeReport], *, timeout: float = 2.0) -> float:
        """Not offered here."""
        raise NotImplementedError

    async def service_status(self, *, timeout: float = 5.0) -> ServiceStatus:
        """Not offered here."""
        raise NotImplementedError

    async def replica_status(self, address: str, *, timeout: float = 2.0) -> ReplicaStatus:
        """Not offered here."""
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is open."""
