"""What the ledger offers to its clients, as an interface.

`central.ledger.client.LedgerClient` is the real one (gRPC); tests and the conformance suite may
bring others. Only what stands here may be relied upon.

Errors: `LedgerUnavailable` (no primary or no quorum within the deadline: whether the request took
effect is *unknown*; the same request may be sent again, it is applied once), `VersionConflict`,
`LedgerRefused` (the request can never succeed as it is), `HistoryDropped`, `WatchGap`.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from central.layout.document import Layout
from central.ledger.merkle import Frontier
from central.ledger.proof import Head, Link, Proof
from central.ledger.records import (
    AppendResult,
    ApplyResult,
    DetectionBatch,
    HistoryPage,
    LedgerEvent,
    LedgerState,
    LotReport,
    Members,
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


class HistoryDropped(LedgerRefused):
    """It is older than the history that is kept."""


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
        as_of_us: int | None = None,
        timeout: float = 10.0,
    ) -> LedgerState:
        """Read lots (all if none is named); linearizable unless `stale_ok`.

        as_of_us: as they stood at that instant, by the time of commit. Such an answer never
        changes; spots then carry what made their last change, and no views.
        """
        ...

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
        """Yield the changes of a lot, or of some of its spots, page by page, in their order.

        Those committed at `since_us` or after and before `until_us`. timeout: seconds a page.
        """
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


class Audited(Protocol):
    """What an auditor asks of a ledger, replica by replica (HOST:PORT)."""

    async def head(self, address: str, *, index: int = 0, timeout: float = 10.0) -> Head:
        """Return a replica's head at an index, or at its last applied one if that is smaller."""
        ...

    async def checkpoint(self, address: str, *, timeout: float = 10.0) -> Frontier:
        """Return the tree over what a replica has dropped of its history: links begin after it."""
        ...

    def links(
        self, address: str, *, after_index: int = 0, timeout: float = 10.0
    ) -> AsyncIterator[Link]:
        """Yield all that a replica has applied after an index, until it has no more."""
        ...

    async def proof(self, index: int, *, head_index: int = 0, timeout: float = 10.0) -> Proof:
        """Return what proves an entry against the head at `head_index` (0: the last)."""
        ...


class LedgerGroup(Protocol):
    """The operator's side of the ledger: who belongs to it, and who leads.

    All of it may be asked again; what is already so stays as it is. Raises as Ledger does.
    """

    async def members(self, *, timeout: float = 10.0) -> Members:
        """Return who belongs to the group, from the primary."""
        ...

    async def add_member(
        self,
        replica_id: str,
        address: str,
        *,
        stays_learner: bool = False,
        timeout: float = 10.0,
    ) -> bool:
        """Commit a replica that runs at HOST:PORT as a learner, or a member's new address.

        Returns False if it is that already. It becomes a voter by itself, unless `stays_learner`.
        """
        ...

    async def promote_member(self, replica_id: str, *, timeout: float = 10.0) -> bool:
        """Commit that a learner which was to stay one may become a voter, by itself.

        Returns False if it was not to stay one.
        """
        ...

    async def remove_member(self, replica_id: str, *, timeout: float = 10.0) -> bool:
        """Commit the group without a member; returns False if it is none."""
        ...

    async def transfer(self, replica_id: str = "", *, timeout: float = 10.0) -> str:
        """Let another voter lead, the best one if none is named; returns who leads now."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...
