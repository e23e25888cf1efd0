"""A ledger that answers what a test wrote down: for what only reads, shows or measures."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from central.ledger.interface import LedgerError, LedgerUnavailable
from central.ledger.records import (
    HistoryPage,
    LedgerEvent,
    LedgerState,
    LotReport,
    LotState,
    NodeKind,
    NodeReport,
    NodeStatus,
    Occupancy,
    OccupancyChange,
    PeerProgress,
    ReplicaStatus,
    ServiceStatus,
    SpotState,
)
from tests.central.ledger.unoffered import UnofferedLedger

AWAY = LedgerUnavailable("no primary answered within 2 s")


@dataclass
class ScriptedLedger(UnofferedLedger):
    """Implements `central.ledger.interface.Ledger`; an answer that is an error is raised."""

    state: LedgerState | LedgerError = AWAY
    stale: LedgerState | LedgerError = AWAY
    service: ServiceStatus | LedgerError = AWAY
    replicas: dict[str, ReplicaStatus] = field(default_factory=dict)  # by address
    # Each watch takes the next script: events to yield, then an error to raise (or None: end).
    watches: list[tuple[list[LedgerEvent], LedgerError | None]] = field(default_factory=list)
    watched_after: list[int] = field(default_factory=list)
    updates: list[LotReport] = field(default_factory=list)
    on_update: Callable[[LotReport], LedgerError | None] = lambda report: None
    closed: bool = False
    asked_as_of: list[int | None] = field(default_factory=list)
    asked_history: list[tuple[str, tuple[str, ...], int | None, int | None]] = field(
        default_factory=list
    )
    pages: list[HistoryPage | LedgerError] = field(default_factory=list)

    async def update(self, report: LotReport, *, timeout: float = 10.0) -> int:
        error = self.on_update(report)
        if error is not None:
            raise error
        self.updates.append(report)
        return len(self.updates)

    async def get(
        self,
        lot_ids: Sequence[str] = (),
        *,
        with_layouts: bool = False,
        stale_ok: bool = False,
        as_of_us: int | None = None,
        timeout: float = 10.0,
    ) -> LedgerState:
        self.asked_as_of.append(as_of_us)
        answer = self.stale if stale_ok else self.state
        if isinstance(answer, LedgerError):
            raise answer
        return answer

    async def history(
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
        self.asked_history.append((lot_id, tuple(spot_ids), since_us, until_us))
        for page in self.pages:
            if isinstance(page, LedgerError):
                raise page
            yield page

    async def watch(
        self, after_index: int, *, lot_ids: Sequence[str] = ()
    ) -> AsyncIterator[LedgerEvent]:
        self.watched_after.append(after_index)
        events, error = self.watches.pop(0)
        for event in events:
            yield event
        if error is not None:
            raise error

    async def service_status(self, *, timeout: float = 5.0) -> ServiceStatus:
        if isinstance(self.service, LedgerError):
            raise self.service
        return self.service

    async def replica_status(self, address: str, *, timeout: float = 2.0) -> ReplicaStatus:
        if address not in self.replicas:
            raise LedgerUnavailable(f"replica at {address} does not answer")
        return self.replicas[address]

    async def close(self) -> None:
        self.closed = True


def replica(
    number: int, *, primary: bool = False, term: int = 1, applied: int = 10
) -> ReplicaStatus:
    """Return what replica `r{number}` at port 700{number} would say of itself."""
    peers = [other for other in (1, 2, 3) if other != number] if primary else []
    return ReplicaStatus(
        replica_id=f"r{number}",
        primary=primary,
        term=term,
        commit_index=applied,
        applied_index=applied,
        last_log_index=applied,
        primary_id="r1",
        primary_address="h:7001",
        state_hash="ab" * 32,
        peers=tuple(PeerProgress(f"r{peer}", f"h:700{peer}", applied, 5) for peer in peers),
        disk_bytes=4096,
        cluster_id="c",
    )


def spot(spot_id: str, occupancy: Occupancy, camera_id: str = "east") -> SpotState:
    """Return a spot's state."""
    return SpotState(
        spot_id=spot_id, occupancy=occupancy, confidence=9700, camera_id=camera_id, since_us=0
    )


def lot(**spots: Occupancy) -> LotState:
    """Return lot `north` with these spots."""
    return LotState(
        lot_id="north",
        name="North",
        layout_version=3,
        spots=tuple(spot(spot_id, occupancy) for spot_id, occupancy in spots.items()),
    )


def change(
    spot_id: str, previous: Occupancy, occupancy: Occupancy, *, captured_at_us: int = 0
) -> OccupancyChange:
    """Return a change of a spot of lot `north` as camera `north-east` saw it."""
    return OccupancyChange(
        lot_id="north",
        spot_id=spot_id,
        previous=previous,
        occupancy=occupancy,
        confidence=9700,
        camera_id="north-east",
        captured_at_us=captured_at_us,
    )


def camera_status(
    camera_id: str, *, frames: int = 5, position_us: int = -1, age_us: int = 0, alive: bool = True
) -> NodeStatus:
    """Return what the primary knows of a camera."""
    report = NodeReport(
        node_id=camera_id,
        kind=NodeKind.CAMERA,
        boot_id="0" * 16,
        reported_by="processor",
        frames=frames,
        frames_dropped=1,
        last_frame_at_us=1,
        last_source_position_us=position_us,
    )
    return NodeStatus(report=report, age_us=age_us, alive=alive)
