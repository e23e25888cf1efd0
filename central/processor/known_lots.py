"""What was last read of the ledger's lots: their cameras, and what those last said. Pure."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from itertools import islice

from central.layout.document import Camera, Layout
from central.ledger.records import CameraReport, LedgerState, LotState, Occupancy


@dataclass(frozen=True)
class CameraEntry:
    """One camera as the ledger has it at one applied index."""

    lot_id: str
    layout_version: int
    camera: Camera
    held: Mapping[str, Occupancy]  # by spot id: what this camera last said; unknown if nothing
    index: int
    report: CameraReport | None = None  # the condition that it holds; None: never heard of


@dataclass(frozen=True)
class _Lot:
    """One lot as of `index`; its layout never changes while its version is the same."""

    index: int
    version: int
    layout: Layout


class KnownLots:
    """Grows with the lots that the ledger has; a lot that was read is the last to be `oldest`."""

    def __init__(self) -> None:
        self._lots: dict[str, _Lot] = {}  # that which was read longest ago comes first
        self._entries: dict[str, CameraEntry] = {}
        self.index = 0  # the greatest that an answer was of

    def __len__(self) -> int:
        return len(self._lots)

    @property
    def cameras(self) -> int:
        """How many cameras all layouts have."""
        return len(self._entries)

    def entry(self, camera_id: str) -> CameraEntry | None:
        """Return the camera as last read, None if no layout has it."""
        return self._entries.get(camera_id)

    def every(self) -> frozenset[str]:
        """Return the ids of all lots."""
        return frozenset(self._lots)

    def oldest(self, count: int) -> frozenset[str]:
        """Return the ids of the lots that were read longest ago."""
        return frozenset(islice(self._lots, count))

    def lacking(self, state: LedgerState) -> tuple[str, ...]:
        """Return the lots of an answer that have another layout than is known, and do not show it.

        `take` leaves them as they are.
        """
        return tuple(lot.lot_id for lot in state.lots if self._layout(lot) is None)

    def _layout(self, lot: LotState) -> Layout | None:
        if lot.layout is not None:
            return lot.layout
        known = self._lots.get(lot.lot_id)
        same = known is not None and known.version == lot.layout_version
        return known.layout if known is not None and same else None

    def take(self, state: LedgerState, *, whole: bool = False) -> Set[str]:
        """Take an answer; return the cameras of its lots, and those that are theirs no longer.

        whole: the answer has all lots that there are. Lots of which a newer answer is known stay
        as they are.
        """
        touched: set[str] = set()
        if whole:
            for lot_id in self.every() - {lot.lot_id for lot in state.lots}:
                touched |= self._forget(lot_id)
        for lot in state.lots:
            known, layout = self._lots.get(lot.lot_id), self._layout(lot)
            if layout is None or (known is not None and known.index > state.index):
                continue
            touched |= self._forget(lot.lot_id)
            self._lots[lot.lot_id] = _Lot(state.index, lot.layout_version, layout)
            new = {entry.camera.camera_id: entry for entry in _entries(lot, layout, state.index)}
            self._entries.update(new)
            touched |= new.keys()
        self.index = max(self.index, state.index)
        return touched

    def _forget(self, lot_id: str) -> set[str]:
        """Forget a lot; return the cameras that were its own."""
        lot = self._lots.pop(lot_id, None)
        if lot is None:
            return set()
        own = {
            camera.camera_id
            for camera in lot.layout.cameras
            if self._entries[camera.camera_id].lot_id == lot_id
        }
        for camera_id in own:
            del self._entries[camera_id]
        return own


def _entries(lot: LotState, layout: Layout, index: int) -> Iterable[CameraEntry]:
    said = {
        (view.camera_id, spot.spot_id): view.occupancy for spot in lot.spots for view in spot.views
    }
    reports = {
        camera.camera_id: CameraReport(camera.condition, camera.since_us, camera.detail)
        for camera in lot.cameras
        if camera.condition is not None
    }
    for camera in layout.cameras:
        yield CameraEntry(
            lot_id=lot.lot_id,
            layout_version=lot.layout_version,
            camera=camera,
            held={
                region.spot_id: said.get((camera.camera_id, region.spot_id), Occupancy.UNKNOWN)
                for region in camera.regions
            },
            index=index,
            report=reports.get(camera.camera_id),
        )
