"""What is written and read: the same bytes to both stores."""

from dataclasses import dataclass

from central.layout.document import Camera, Layout, Region, Spot
from central.ledger.records import Detection, DetectionBatch, IdempotencyKey, Occupancy
from central.ledger.wire import batch_to_proto

WRITERS = 256
"""Cameras of the lot: the most writers that anything is measured with."""

LOT = "yard"
CONFIDENCE = 9_730
MODEL = "0123456789abcdef"
_SQUARE = ((0, 0), (100_000, 0), (100_000, 100_000), (0, 100_000))


def spot_name(number: int) -> str:
    """Return a spot of the lot: reading it is what reading one key is to etcd."""
    return f"{LOT}-row-{number // 32}-{number:03}"


def layout() -> Layout:
    """Return the layout that the batches below belong to."""
    names = [spot_name(number) for number in range(WRITERS)]
    return Layout(
        lot_id=LOT,
        spots=tuple(Spot(name) for name in names),
        cameras=tuple(Camera(f"camera-{name}", regions=(Region(name, _SQUARE),)) for name in names),
    )


@dataclass
class Batches:
    """One run of every camera: each batch flips a spot, so that each leaves a row of history."""

    boot_id: str
    first_us: int  # of the first batch

    def __post_init__(self) -> None:
        self._numbers = [0] * WRITERS
        self._spots = [spot_name(number) for number in range(WRITERS)]

    def following(self, writer: int) -> DetectionBatch:
        """Return that writer's next batch."""
        number = self._numbers[writer] = self._numbers[writer] + 1
        spot_id = self._spots[writer]
        return DetectionBatch(
            key=IdempotencyKey(f"camera-{spot_id}", self.boot_id, number),
            captured_at_us=self.first_us + number,
            layout_version=1,
            model=MODEL,
            detections=(
                Detection(
                    spot_id, Occupancy.OCCUPIED if number % 2 else Occupancy.VACANT, CONFIDENCE
                ),
            ),
        )


def as_pair(batch: DetectionBatch) -> tuple[bytes, bytes]:
    """Return the key and value that hold a batch in a store of keys: about 150 bytes in all."""
    key = f"{batch.key.camera_id}/{batch.key.boot_id}/{batch.key.sequence}"
    return key.encode(), batch_to_proto(batch).SerializeToString()
