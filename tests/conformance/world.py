"""Lots and batches that tests make: each test has a lot and cameras of its own."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from central.layout.document import Camera, Corner, Layout, Region, Spot, Zone
from central.ledger.interface import Ledger
from central.ledger.records import (
    Detection,
    DetectionBatch,
    IdempotencyKey,
    LedgerEvent,
    LotState,
    Occupancy,
    OccupancyChange,
)
from tests.conformance.engine import PATIENCE

OCCUPIED, VACANT, UNKNOWN = Occupancy.OCCUPIED, Occupancy.VACANT, Occupancy.UNKNOWN

_numbers = itertools.count(1)


def square(spot_id: str, *, left: int = 0, side: int = 100_000) -> Region:
    """A square region whose upper left corner is at (left, 0), in millionths."""
    corners: tuple[Corner, Corner, Corner, Corner] = (
        (left, 0),
        (left + side, 0),
        (left + side, side),
        (left, side),
    )
    return Region(spot_id, corners)


@dataclass(frozen=True)
class Lot:
    """Two spots, A1 and A2; camera `near` sees them large, camera `far` small."""

    layout: Layout

    @property
    def lot_id(self) -> str:
        return self.layout.lot_id

    @property
    def far(self) -> str:
        return self.layout.cameras[0].camera_id

    @property
    def near(self) -> str:
        return self.layout.cameras[1].camera_id

    def batch(
        self,
        sequence: int,
        *said: tuple[str, Occupancy],
        camera_id: str = "",
        boot_id: str = "boot-1",
        version: int = 1,
    ) -> DetectionBatch:
        """What a camera, `near` unless another is named, says of spots."""
        return DetectionBatch(
            key=IdempotencyKey(camera_id or self.near, boot_id, sequence),
            captured_at_us=sequence * 1_000_000,
            layout_version=version,
            model="0123456789abcdef",
            detections=tuple(Detection(spot_id, state, 9_000) for spot_id, state in said),
        )

    def flip(self, number: int) -> DetectionBatch:
        """The number-th change of A1, from 1 on: each makes exactly one change."""
        return self.batch(number, ("A1", OCCUPIED if number % 2 else VACANT))


def new_lot() -> Lot:
    """Return a lot that no other test has."""
    number = next(_numbers)
    regions = [
        (square("A1", side=side), square("A2", left=200_000, side=side))
        for side in (50_000, 100_000)
    ]
    return Lot(
        Layout(
            lot_id=f"lot-{number}",
            name=f"Lot {number}",
            zones=(Zone("row", "Row"),),
            spots=(Spot("A1", "row"), Spot("A2")),
            cameras=(
                Camera(f"far-{number}", regions=regions[0]),
                Camera(f"near-{number}", regions=regions[1]),
            ),
        )
    )


async def state_of(ledger: Ledger, lot: Lot, *, as_of_us: int | None = None) -> LotState:
    """Return the lot as it stands."""
    (found,) = (await ledger.get((lot.lot_id,), as_of_us=as_of_us, timeout=PATIENCE)).lots
    return found


def occupancies(state: LotState) -> dict[str, Occupancy]:
    """Return what each spot is."""
    return {spot.spot_id: spot.occupancy for spot in state.spots}


async def changes_of(ledger: Ledger, lot: Lot, *, page_size: int = 1000) -> list[OccupancyChange]:
    """Return every change of a lot from the beginning."""
    pages = [
        page async for page in ledger.history(lot.lot_id, page_size=page_size, timeout=PATIENCE)
    ]
    return [change.change for page in pages for change in page.changes]


def alternating(changes: Sequence[OccupancyChange]) -> bool:
    """Whether they are the flips of one spot from the first on, each of them once."""
    expected = [OCCUPIED if number % 2 else VACANT for number in range(1, len(changes) + 1)]
    return [change.occupancy for change in changes] == expected


async def watched(ledger: Ledger, lot: Lot, *, after: int, changes: int) -> list[LedgerEvent]:
    """Return the events of a lot after an index that make so many changes, or more in the last."""
    found: list[LedgerEvent] = []
    seen = 0
    async for event in ledger.watch(after, lot_ids=(lot.lot_id,)):
        found.append(event)
        seen += len(event.changes)
        if seen >= changes:
            break
    return found
