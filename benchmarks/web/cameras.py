"""What cameras commit while the web service is measured: spots that change, at a given rate."""

import asyncio
import random
import time

from central.layout.document import MILLION, Camera, Layout, Region, Spot
from central.ledger.interface import Ledger
from central.ledger.records import Detection, DetectionBatch, IdempotencyKey, Occupancy

LOT = "bench"
SPOTS_A_CAMERA = 20


def layout(cameras: int) -> Layout:
    """A lot in which every camera sees twenty spots of its own."""
    side = MILLION // (2 * SPOTS_A_CAMERA)
    seen = [
        Camera(
            f"camera-{camera:02}",
            regions=tuple(_region(camera, spot, side) for spot in range(SPOTS_A_CAMERA)),
        )
        for camera in range(cameras)
    ]
    spots = tuple(Spot(region.spot_id) for camera in seen for region in camera.regions)
    return Layout(LOT, name="Benchmark", spots=spots, cameras=tuple(seen))


def _region(camera: int, spot: int, side: int) -> Region:
    left = 2 * side * spot
    corners = ((left, 0), (left + side, 0), (left + side, side), (left, side))
    return Region(f"S{camera:02}-{spot:02}", corners)


class Cameras:
    """Commit changes until told to stop; count those that were acked."""

    def __init__(self, ledger: Ledger, *, cameras: int, changes_a_second: float) -> None:
        self._ledger = ledger
        self._cameras = cameras
        self._rate = changes_a_second
        self._rng = random.Random(1)
        self._occupied: set[str] = set()
        self._sequence = 0
        self.changes = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Change spots one by one, as evenly as the ledger lets us."""
        due = time.monotonic()
        while not stop.is_set():
            await self._change()
            due += 1 / self._rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _change(self) -> None:
        camera = self._rng.randrange(self._cameras)
        spot_id = f"S{camera:02}-{self._rng.randrange(SPOTS_A_CAMERA):02}"
        taken = spot_id not in self._occupied
        self._occupied ^= {spot_id}
        self._sequence += 1
        state = Occupancy.OCCUPIED if taken else Occupancy.VACANT
        batch = DetectionBatch(
            key=IdempotencyKey(f"camera-{camera:02}", "benchmark", self._sequence),
            captured_at_us=time.time_ns() // 1000,
            layout_version=1,
            model="",
            detections=(Detection(spot_id, state, 9_000),),
        )
        result = await self._ledger.append(batch)
        assert result.rejected is None, result.rejected
        self.changes += 1
