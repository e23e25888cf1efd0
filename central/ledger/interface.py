"""What the ledger offers to its clients, as an interface.

`central.ledger.client.LedgerClient` is the real one (gRPC); tests and the conformance suite may
bring others. Only what stands here may be relied upon.

Errors: `LedgerUnavailable` (no primary or no quorum within the deadline: whether the request took
effect is *unknown*; the same request may be sent again, it is applied once), `VersionConflict`,
`LedgerRefused` (the request can never succeed as it is), `WatchGap`.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from central.layout.document import Layout
from central.ledger.records import (
    AppendResult,
    ApplyResult,
    DetectionBatch,
    LedgerEvent,
    LedgerState,
    LotReport,
    NodeReport,
    ReplicaStatus,
    ServiceStatus,
)
from node.errors import OperationError


class LedgerError(OperationError):
    """The ledger did not do what was asked."""


class LedgerUnavailable(LedgerError):
    """No answer within the deadline: the outcome is unknown; asking again is safe."""


class LedgerRefused(LedgerError):
    """The request was understood and can never succeed as it is."""


class VersionConflict(LedgerRefused):
    """Someone else applied a layout first."""


class WatchGap(LedgerError):
    """The events after that index are no longer kept: get the state, then watch from there."""


class Ledger(Protocol):
    """The client's side of the ledger. Safe for concurrent use within one event loop."""

    async def append(self, batch: DetectionBatch) -> AppendResult:
        """Commit a batch exactly once; returns when a quorum holds it on disk and it is applied.

        Calls made while others are under way are coalesced. Retries for ever with the same
        key; cancel the call to stop. Batches of one (camera, boot) are sent in call order.
        """
        ...

    async def update(self, report: LotReport, *, timeout: float = 10.0) -> int:
        """Commit a lot's reported free count; returns the applied index."""
        ...

    async def apply(
        self, layout: Layout, *, expected_version: int | None = None, timeout: float = 10.0
    ) -> ApplyResult:
        """Commit a layout. `expected_version` None replaces whatever version is there."""
        ...

    async def get(
        self,
        lot_ids: Sequence[str] = (),
        *,
        with_layouts: bool = False,
        stale_ok: bool = False,
        timeout: float = 10.0,
    ) -> LedgerState:
        """Read lots (all if none is named); linearizable unless `stale_ok`."""
        ...

    def watch(self, after_index: int, *, lot_ids: Sequence[str] = ()) -> AsyncIterator[LedgerEvent]:
        """Yield every event after that applied index, in order, over fail-overs, until closed."""
        ...

    async def heartbeat(self, reports: Sequence[NodeReport], *, timeout: float = 2.0) -> float:
        """Report nodes alive; returns the seconds within which to report again."""
        ...

    async def service_status(self, *, timeout: float = 5.0) -> ServiceStatus:
        """Return which nodes are alive, from the primary."""
        ...

    async def replica_status(self, address: str, *, timeout: float = 2.0) -> ReplicaStatus:
        """Ask one replica (HOST:PORT) about itself."""
        ...

    async def close(self) -> None:
        """Close connections; appends under way are cancelled."""
        ...
