"""PURE: the ledger's present state as one watch tells it. It answers every read of "now".

What is held is always the state of one applied index. The watch tells what changed; only a new
layout says too little, and then the lot is read anew (`unknown_lots`, `with_lots`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from central.ledger.records import (
    CameraChange,
    CameraState,
    CountChange,
    LedgerEvent,
    LedgerState,
    LotCount,
    LotState,
    OccupancyChange,
    SpotState,
)
from central.web.vouching import Vouching, doubted


@dataclass(frozen=True)
class LotView:
    """A lot with its layout. index: the last one that changed it, or that it was read at.

    late_us: by camera, how long its last change that was seen here took from capture to commit.
    doubted: cameras that were ok, and of which that is not said in `state` (see `vouching`).
    """

    state: LotState
    index: int
    late_us: Mapping[str, int] = field(default_factory=dict)
    doubted: frozenset[str] = frozenset()

    @property
    def version(self) -> tuple[object, ...]:
        """Equal only where all that is said of the lot is equal."""
        return (self.index, self.doubted)

    def doubting(self, vouching: Vouching) -> "LotView":
        """Return what may be said of the lot, given who vouches for its cameras."""
        ids = frozenset(one.camera_id for one in self.state.cameras if vouching.doubts(one))
        if not ids:
            return self
        cameras = tuple(doubted(one) if one.camera_id in ids else one for one in self.state.cameras)
        return replace(self, state=replace(self.state, cameras=cameras), doubted=ids)


@dataclass(frozen=True)
class View:
    """Everything applied up to `index`; committed_at_us is of the last entry that was seen."""

    index: int
    lots: dict[str, LotView] = field(default_factory=dict)
    committed_at_us: int | None = None

    def advanced(self, event: LedgerEvent) -> "View":
        """Return the view after an event. Lots of `unknown_lots(event)` stay as they were."""
        if event.index <= self.index:
            return self
        lots = dict(self.lots)
        told = (event.changes, event.counts, event.cameras)
        touched = {one.lot_id for kind in told for one in kind}
        for lot_id in touched:
            lot = lots.get(lot_id)
            # A lot that was read anew may be ahead of the watch.
            if lot is not None and lot.index < event.index:
                late_us = {**lot.late_us, **_late_us(event, lot_id)}
                lots[lot_id] = LotView(_changed(lot.state, event), event.index, late_us)
        return View(event.index, lots, event.committed_at_us or self.committed_at_us)

    def unknown_lots(self, event: LedgerEvent) -> tuple[str, ...]:
        """Return the lots whose layout is another than the view holds, by id."""
        return tuple(
            sorted(
                change.lot_id
                for change in event.layouts
                if (held := self.lots.get(change.lot_id)) is None
                or (held.index < event.index and held.state.layout_version < change.version)
            )
        )

    def with_lots(self, state: LedgerState) -> "View":
        """Return the view with these lots as they were read at a later index."""
        read = {lot.lot_id: LotView(lot, state.index) for lot in state.lots}
        return replace(self, lots=dict(sorted({**self.lots, **read}.items())))

    def doubting(self, vouching: Vouching) -> "View":
        """Return what may be said of it. It is not to be advanced: that it was ok is lost."""
        return replace(self, lots={key: lot.doubting(vouching) for key, lot in self.lots.items()})

    @classmethod
    def of(cls, state: LedgerState) -> "View":
        """Return the view of a state that was read with layouts."""
        return cls(state.index, {lot.lot_id: LotView(lot, state.index) for lot in state.lots})


def _late_us(event: LedgerEvent, lot_id: str) -> dict[str, int]:
    return {
        one.camera_id: event.committed_at_us - one.captured_at_us
        for one in event.changes
        if one.lot_id == lot_id and one.camera_id
    }


def _changed(lot: LotState, event: LedgerEvent) -> LotState:
    changes = {one.spot_id: one for one in event.changes if one.lot_id == lot.lot_id}
    counts = [one for one in event.counts if one.lot_id == lot.lot_id]
    return replace(
        lot,
        spots=tuple(_spot(spot, changes.get(spot.spot_id)) for spot in lot.spots),
        counts=_counts(lot, counts) if counts else lot.counts,
        cameras=_cameras(lot, [one for one in event.cameras if one.lot_id == lot.lot_id]),
    )


def _spot(spot: SpotState, change: OccupancyChange | None) -> SpotState:
    if change is None:
        return spot
    return SpotState(
        spot_id=spot.spot_id,
        occupancy=change.occupancy,
        confidence=change.confidence,
        camera_id=change.camera_id,
        since_us=change.captured_at_us,
        layout_version=change.layout_version,
        model=change.model,
    )


def _counts(lot: LotState, changes: Iterable[CountChange]) -> tuple[LotCount, ...]:
    counts = {count.reporter: count for count in lot.counts}
    counts.update((change.count.reporter, change.count) for change in changes)
    return tuple(counts[reporter] for reporter in sorted(counts))


def _cameras(lot: LotState, changes: Iterable[CameraChange]) -> tuple[CameraState, ...]:
    cameras = {camera.camera_id: camera for camera in lot.cameras}
    for one in changes:
        if one.condition is None:  # it is in the layout no more
            cameras.pop(one.camera_id, None)
        else:
            cameras[one.camera_id] = CameraState(
                one.camera_id, one.condition, one.since_us, one.detail
            )
    return tuple(cameras[camera_id] for camera_id in sorted(cameras))
