"""PURE: all that the demo has learnt so far, for the screen and the figures. Time is an argument.

Fed by `following`, read by `screen` and `lines`. Invariant: `spots` is the ledger's applied state
at `index`, pieced together from one reading and every event after it.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from central.demo.figures import Latency
from central.demo.truth import Agreement
from central.layout.document import Layout
from central.ledger.records import (
    LedgerEvent,
    LedgerState,
    NodeKind,
    NodeStatus,
    Occupancy,
    OccupancyChange,
    ReplicaStatus,
)

RECENT_CHANGES = 50
LATENCIES_KEPT = 20_000
"""The newest; a demo that runs for hours must not grow."""


@dataclass(frozen=True)
class SeenChange:
    """A change and when it reached us, microseconds since 1970-01-01 UTC."""

    change: OccupancyChange
    arrived_us: int

    @property
    def latency_us(self) -> int:
        """From the capture of the deciding frame to its arrival here: commit and apply included."""
        return self.arrived_us - self.change.captured_at_us


@dataclass(frozen=True)
class FailOver:
    """The kill of a primary, as far as it has gone."""

    victim: str
    took_ms: float | None = None  # until the next commit was acked
    successor: str = ""
    caught_up_s: float | None = None  # from the victim's restart until it had all entries


@dataclass
class Board:
    """One demo, one lot."""

    layout: Layout
    replica_ids: tuple[str, ...]
    camera_ids: tuple[str, ...]
    seconds: float
    index: int = 0
    spots: dict[str, Occupancy] = field(default_factory=dict)
    changes: int = 0
    recent: "deque[SeenChange]" = field(default_factory=lambda: deque(maxlen=RECENT_CHANGES))
    latencies_us: "deque[int]" = field(default_factory=lambda: deque(maxlen=LATENCIES_KEPT))
    replicas: dict[str, ReplicaStatus | None] = field(default_factory=dict)
    cameras: dict[str, NodeStatus] = field(default_factory=dict)
    fail_over: FailOver | None = None
    agreement: Agreement | None = None  # with the truth, once the demo is done
    elapsed_s: float = 0.0  # since the demo began
    played_s: float = 0.0  # since its cameras did
    stage: str = "starting"

    def begin(self, state: LedgerState) -> None:
        """Take the ledger's state before the first event."""
        self.index = state.index
        lot = state.lot(self.layout.lot_id)
        self.spots = {} if lot is None else {spot.spot_id: spot.occupancy for spot in lot.spots}

    def apply(self, event: LedgerEvent, *, arrived_us: int) -> None:
        """Take one event."""
        self.index = event.index
        for change in event.changes:
            self.spots[change.spot_id] = change.occupancy
            self.changes += 1
            seen = SeenChange(change=change, arrived_us=arrived_us)
            self.recent.append(seen)
            # A camera's silence is a change that no frame decided: it has no latency.
            if change.occupancy is not Occupancy.UNKNOWN:
                self.latencies_us.append(seen.latency_us)

    def hear_nodes(self, nodes: Iterable[NodeStatus]) -> None:
        """Take what the primary knows of the cameras."""
        for node in nodes:
            if node.report.kind is NodeKind.CAMERA and node.report.node_id in self.camera_ids:
                self.cameras[node.report.node_id] = node

    def hear_replicas(self, answers: Mapping[str, ReplicaStatus | None]) -> None:
        """Take what each replica says of itself; None for one that does not answer."""
        self.replicas.update(answers)

    @property
    def primary_id(self) -> str:
        """The primary of the highest term; empty while nobody says that it is one."""
        claims = [
            (status.term, replica_id)
            for replica_id, status in self.replicas.items()
            if status is not None and status.primary
        ]
        return max(claims)[1] if claims else ""

    @property
    def frames(self) -> int:
        """Frames classified, all cameras together."""
        return sum(node.report.frames for node in self.cameras.values())

    @property
    def positions_s(self) -> dict[str, float]:
        """Each camera's last position in its clip, seconds; none for live sources."""
        return {
            camera_id: node.report.last_source_position_us / 1e6
            for camera_id, node in self.cameras.items()
            if node.report.last_source_position_us >= 0
        }

    @property
    def latency(self) -> Latency:
        """From capture to arrival at our watch."""
        return Latency.of(self.latencies_us)

    @property
    def counts(self) -> Mapping[Occupancy, int]:
        """Spots by occupancy."""
        return Counter(self.spots.values())
