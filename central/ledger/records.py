"""What the ledger records and answers, as values: the vocabulary of its clients.

Times are whole microseconds since 1970-01-01 UTC. Confidences are whole ten-thousandths, quantised
before they are proposed: no replica ever computes with floats.
"""

from enum import IntEnum

from central.layout.document import Layout
from node.values import frozen

CONFIDENCE_SCALE = 10_000


class Occupancy(IntEnum):
    """The state of a spot. The numbers are those of the wire and of the disk."""

    OCCUPIED = 1
    VACANT = 2
    UNKNOWN = 3  # cannot be seen, or cannot be told


class CameraCondition(IntEnum):
    """What is the matter with a camera's pictures. The numbers are those of wire and disk."""

    OK = 1
    SILENT = 2  # nothing is heard of the camera node (said by its processor, or by the primary)
    LOST = 3  # the camera node cannot read its source
    FROZEN = 4  # the picture does not change at all
    DARK = 5  # black
    BRIGHT = 6  # over-exposed
    BLURRED = 7  # out of focus, dirty or fogged
    LATE = 8  # pictures are too old when they come
    RESIZED = 9  # another shape than the regions were drawn on
    NUDGED = 10  # it looks elsewhere than when the regions were drawn


@frozen
class IdempotencyKey:
    """Names one batch for ever: applied once, however often it is sent."""

    camera_id: str
    boot_id: str
    sequence: int  # grows within (camera_id, boot_id)


@frozen
class Detection:
    """A change of one spot, as one camera sees it."""

    spot_id: str
    occupancy: Occupancy
    confidence: int  # 0 to CONFIDENCE_SCALE, in the stated occupancy


@frozen
class CameraReport:
    """What a processor says of a camera's pictures."""

    condition: CameraCondition
    since_us: int  # when it began
    detail: str = ""  # one line for a person, up to 200 characters; empty when OK


@frozen
class DetectionBatch:
    """What one frame of one camera changed: detections, the camera's condition, or both."""

    key: IdempotencyKey
    captured_at_us: int  # of the frame that decided
    layout_version: int  # the regions came from this version of the camera's lot
    model: str  # first 16 hex digits of the model file's SHA-256; empty where no model spoke
    detections: tuple[Detection, ...]
    camera: CameraReport | None = None  # None: its condition is as before


@frozen
class LotReport:
    """A whole lot's free count, from a gate counter or another system."""

    reporter: str
    lot_id: str
    available_spaces: int
    status: str  # "OK", or what is wrong: then the last good count is kept and marked stale
    counted_at_us: int


@frozen
class Rejected:
    """A batch that was applied as a refusal: final, and never to be sent again."""

    key: IdempotencyKey
    reason: str


@frozen
class AppendResult:
    """A batch is applied and on a quorum's disks; `rejected` says why it had no effect."""

    index: int
    rejected: str | None = None


@frozen
class ApplyResult:
    """A layout is committed. `changed` is false where the same layout stood already."""

    index: int
    version: int
    changed: bool


@frozen
class ViewState:
    """What one camera last said of one spot."""

    camera_id: str
    occupancy: Occupancy
    confidence: int
    captured_at_us: int
    late_us: int | None = None  # committed_at less captured_at; None: it has told nothing yet


@frozen
class SpotState:
    """The applied occupancy of one spot and the views that it was decided from."""

    spot_id: str
    occupancy: Occupancy
    confidence: int
    camera_id: str  # the deciding view; empty while no camera spoke
    since_us: int
    views: tuple[ViewState, ...] = ()
    layout_version: int = 0  # as in OccupancyChange, of the last change
    model: str = ""  # as in OccupancyChange, of the last change


@frozen
class CameraState:
    """A camera's condition; None: nothing was ever heard of it."""

    camera_id: str
    condition: CameraCondition | None
    since_us: int = 0
    detail: str = ""


@frozen
class LotCount:
    """The last good count that a reporter gave, and whether it still says so."""

    reporter: str
    available_spaces: int
    counted_at_us: int
    stale: bool
    status: str


@frozen
class LotState:
    """One lot: its layout's version (and the layout, if asked for), spots and counts."""

    lot_id: str
    name: str
    layout_version: int
    spots: tuple[SpotState, ...]
    counts: tuple[LotCount, ...] = ()
    layout: Layout | None = None
    cameras: tuple[CameraState, ...] = ()  # of the layout, by id; empty as of a past instant
    layout_at_us: int = 0  # when that version of the layout was committed; 0: not told

    def count(self, occupancy: Occupancy) -> int:
        """Return how many spots are in that state."""
        return sum(spot.occupancy is occupancy for spot in self.spots)


@frozen
class LedgerState:
    """An answer of the ledger: everything applied up to `index`."""

    index: int
    age_us: int  # 0 for a linearizable answer; -1 if the replica never knew itself up to date
    lots: tuple[LotState, ...]

    def lot(self, lot_id: str) -> LotState | None:
        """Return the lot of that id, or None."""
        return next((lot for lot in self.lots if lot.lot_id == lot_id), None)


@frozen
class SpotReading:
    """One spot as it stands at `index`, without the views that it was decided from."""

    index: int
    spot: SpotState


@frozen
class OccupancyChange:
    """One spot's applied occupancy changed."""

    lot_id: str
    spot_id: str
    previous: Occupancy
    occupancy: Occupancy
    confidence: int
    camera_id: str
    captured_at_us: int
    layout_version: int = 0  # that the deciding view's region came from; 0: none did, or not kept
    model: str = ""  # that spoke: first 16 hex digits of its SHA-256; empty: none did


@frozen
class CameraChange:
    """A camera's condition, or what is said of it, changed. None: nothing is known of it."""

    lot_id: str
    camera_id: str
    previous: CameraCondition | None
    condition: CameraCondition | None  # None: it is in its lot's layout no more
    since_us: int
    detail: str = ""


@frozen
class LayoutChange:
    """A lot has a new layout version."""

    lot_id: str
    version: int


@frozen
class CountChange:
    """A lot's reported count changed."""

    lot_id: str
    count: LotCount


@frozen
class LedgerEvent:
    """All that one applied index changed."""

    index: int
    committed_at_us: int
    changes: tuple[OccupancyChange, ...] = ()
    layouts: tuple[LayoutChange, ...] = ()
    counts: tuple[CountChange, ...] = ()
    cameras: tuple[CameraChange, ...] = ()


@frozen
class RecordedChange:
    """A change as the history holds it."""

    index: int
    committed_at_us: int  # never goes back from one index to the next
    change: OccupancyChange


@frozen
class RecordedCameraChange:
    """A change of a camera's condition as the history holds it."""

    index: int
    committed_at_us: int  # never goes back from one index to the next
    change: CameraChange


@frozen
class HistoryPage:
    """Changes in the order of their application; `index` and `age_us` as in LedgerState."""

    index: int
    age_us: int
    changes: tuple[RecordedChange, ...]
    cameras: tuple[RecordedCameraChange, ...] = ()  # of the same part of the history
    dropped_until_us: int = 0  # what was committed up to then is not kept


class NodeKind(IntEnum):
    """What a node is. The numbers are those of the wire."""

    CAMERA = 1
    PROCESSOR = 2
    REPLICA = 3


@frozen
class NodeReport:
    """What a node says of itself, or a processor of a camera that streams to it."""

    node_id: str
    kind: NodeKind
    boot_id: str
    reported_by: str
    address: str = ""
    frames: int = 0
    frames_dropped: int = 0
    last_frame_at_us: int = 0
    last_source_position_us: int = -1
    fault: str = ""


@frozen
class NodeStatus:
    """A node's last report and how old it is."""

    report: NodeReport
    age_us: int
    alive: bool


class MemberRole(IntEnum):
    """What a replica is to its group. The numbers are those of the wire."""

    VOTER = 1
    LEARNER = 2
    NONE = 3  # a newcomer that nobody has added yet, or one that was removed


@frozen
class PeerProgress:
    """How far the primary knows a peer to be."""

    replica_id: str
    address: str
    match_index: int
    last_heard_us: int  # microseconds since it last answered; -1 never
    learner: bool = False


@frozen
class ReplicaStatus:
    """What a replica knows of itself and of its peers."""

    replica_id: str
    primary: bool
    term: int
    commit_index: int
    applied_index: int
    last_log_index: int
    primary_id: str  # empty: none known
    primary_address: str
    state_hash: str
    peers: tuple[PeerProgress, ...]
    disk_bytes: int
    cluster_id: str
    first_log_index: int = 1
    snapshot_index: int = 0  # of the last one that it sent or received since it started; 0: none
    member_role: MemberRole = MemberRole.VOTER
    incarnation: str = ""
    wall_clock_us: int = 0  # its clock when it answered; 0: it does not say
    disk_free_bytes: int = -1  # what its disk has left; -1: it does not say


@frozen
class Member:
    """A voter or learner, as the primary knows it."""

    replica_id: str
    address: str
    role: MemberRole
    match_index: int  # last entry known to be on its disk
    last_heard_us: int  # microseconds since the primary last heard it; 0 for itself; -1 never
    stays: bool = False  # a learner that becomes no voter by itself


@frozen
class Members:
    """Who belongs to the group. committed: whether that can no longer be taken back."""

    cluster_id: str
    primary_id: str
    last_log_index: int
    committed: bool
    members: tuple[Member, ...]

    def member(self, replica_id: str) -> Member | None:
        """Return the member of that id, if it is one."""
        return next((one for one in self.members if one.replica_id == replica_id), None)


@frozen
class ServiceStatus:
    """Which nodes are alive, as the primary sees it."""

    nodes: tuple[NodeStatus, ...]
    primary_id: str
    replicas: tuple[ReplicaStatus, ...]
