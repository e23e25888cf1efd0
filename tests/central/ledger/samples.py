"""Small layouts and batches for the ledger's tests."""

from central.layout.document import Camera, Corner, Layout, Region, Spot, Zone
from central.ledger.command import AppendBatches, ApplyLayout, Command, encode
from central.ledger.records import Detection, DetectionBatch, IdempotencyKey, Occupancy
from central.raft import Entry

OCCUPIED, VACANT, UNKNOWN = Occupancy.OCCUPIED, Occupancy.VACANT, Occupancy.UNKNOWN


def region(spot_id: str, *, left: int = 0, side: int = 100_000) -> Region:
    """A square region of that side, in millionths, whose upper left corner is at (left, 0)."""
    corners: tuple[Corner, Corner, Corner, Corner] = (
        (left, 0),
        (left + side, 0),
        (left + side, side),
        (left, side),
    )
    return Region(spot_id, corners)


def layout(lot_id: str = "north", *, cameras: tuple[Camera, ...] | None = None) -> Layout:
    """A lot of two spots that camera `near` sees large and camera `far` sees small."""
    if cameras is None:
        cameras = (
            Camera("far", regions=(region("A1", side=50_000), region("A2", side=50_000))),
            Camera("near", regions=(region("A1"), region("A2", left=200_000))),
        )
    return Layout(
        lot_id=lot_id,
        name="North lot",
        zones=(Zone("row-a", "Row A"),),
        spots=(Spot("A1", "row-a"), Spot("A2")),
        cameras=cameras,
    )


def batch(
    camera_id: str,
    sequence: int,
    *said: tuple[str, Occupancy],
    boot_id: str = "boot-1",
    layout_version: int = 1,
    confidence: int = 9_000,
    captured_at_us: int | None = None,
) -> DetectionBatch:
    """What one camera says of some spots."""
    return DetectionBatch(
        key=IdempotencyKey(camera_id, boot_id, sequence),
        captured_at_us=sequence * 1_000_000 if captured_at_us is None else captured_at_us,
        layout_version=layout_version,
        model="0123456789abcdef",
        detections=tuple(Detection(spot_id, state, confidence) for spot_id, state in said),
    )


def entries_of(*commands: Command, first: int = 1, term: int = 1) -> list[Entry]:
    """The log that says these commands; each is proposed a second after the one before."""
    return [
        Entry(index, term, encode(command, committed_at_us=index * 1_000_000))
        for index, command in enumerate(commands, start=first)
    ]


def appended(*batches: DetectionBatch) -> AppendBatches:
    """One command of these batches."""
    return AppendBatches(batches)


def applied(document: Layout, expected_version: int | None = None) -> ApplyLayout:
    """One command that applies this layout."""
    return ApplyLayout(document, expected_version)
