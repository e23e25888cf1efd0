"""An in-memory ledger with the semantics that its interface promises; no replicas, no disk.

What the tests turn: `set_away` (no primary), `hold_appends` (no quorum), `give_up` (as the primary
does when nobody vouches for a camera), `drop_history` (a watch falls into a gap), `nodes_elsewhere`
(reports of other processors).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from central.layout.document import Camera, Layout, Region, views_by_spot
from central.ledger.interface import LedgerUnavailable, VersionConflict, WatchGap
from central.ledger.records import (
    AppendResult,
    ApplyResult,
    CameraReport,
    CameraState,
    Detection,
    DetectionBatch,
    LayoutChange,
    LedgerEvent,
    LedgerState,
    LotState,
    NodeReport,
    NodeStatus,
    Occupancy,
    OccupancyChange,
    ServiceStatus,
    SpotState,
    ViewState,
)
from tests.central.ledger.unoffered import UnofferedLedger

HEARTBEAT_SECONDS = 0.1


def _regions(layout: Layout | None) -> dict[tuple[str, str], Region]:
    return {
        (region.spot_id, camera.camera_id): region
        for camera in (layout.cameras if layout else ())
        for region in camera.regions
    }


class FakeLedger(UnofferedLedger):
    """Implements `central.ledger.interface.Ledger`."""

    def __init__(self) -> None:
        self.index = 0
        self.applied: list[DetectionBatch] = []  # batches that took effect, in order
        self.duplicates: list[DetectionBatch] = []
        self.rejected: list[tuple[DetectionBatch, str]] = []
        self.reports: dict[str, NodeReport] = {}  # the latest by node id
        self.current: set[str] = set()  # node ids of the last heartbeat
        self.nodes_elsewhere: list[NodeReport] = []
        self.gets = 0
        self.readings: list[tuple[tuple[str, ...], bool]] = []  # lots (none: all), with layouts
        self._layouts: dict[str, tuple[int, Layout]] = {}
        self._views: dict[tuple[str, str, str], ViewState] = {}  # lot, spot, camera
        self._last: dict[tuple[str, str], int] = {}  # camera, boot -> sequence
        self.conditions: dict[str, CameraReport] = {}  # by camera
        self._events: list[LedgerEvent] = []
        self._forgotten = 0  # events up to this index are no longer kept
        self._away = False
        self._holding = False
        self._changed = asyncio.Condition()

    # ---- what tests turn and wait for ----------------------------------------------------------

    async def set_away(self, *, away: bool) -> None:
        """Take the primary away, or bring it back."""
        async with self._changed:
            self._away = away
            self._changed.notify_all()

    async def hold_appends(self, *, hold: bool) -> None:
        """Leave appends unanswered, as while a quorum is missing, or let them through."""
        async with self._changed:
            self._holding = hold
            self._changed.notify_all()

    async def until(self, holds: Callable[[], bool], *, seconds: float = 10.0) -> None:
        """Return once `holds()`; fails the test if that takes too long."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(holds)

    async def give_up(self, camera_id: str) -> None:
        """Do as the primary does when nobody vouches for a camera: its spots are unknown."""
        lot_id, camera = self._find(camera_id)
        detections = tuple(
            Detection(region.spot_id, Occupancy.UNKNOWN, 0) for region in camera.regions
        )
        await self._write(lot_id, camera_id, 0, detections)

    async def drop_history(self) -> None:
        """Forget all events so far: watches from before them fall into a gap."""
        async with self._changed:
            self._events.clear()
            self._forgotten = self.index
            self._changed.notify_all()

    def view(self, camera_id: str) -> dict[str, Occupancy]:
        """Return what the camera last said, by spot id."""
        return {
            spot_id: view.occupancy
            for (_, spot_id, camera), view in self._views.items()
            if camera == camera_id
        }

    def _find(self, camera_id: str) -> tuple[str, Camera]:
        for lot_id, (_, layout) in self._layouts.items():
            camera = layout.camera(camera_id)
            if camera is not None:
                return lot_id, camera
        raise KeyError(camera_id)

    # ---- the interface -------------------------------------------------------------------------

    async def append(self, batch: DetectionBatch) -> AppendResult:
        async with self._changed:
            await self._changed.wait_for(lambda: not self._away and not self._holding)
        key = batch.key
        if key.sequence <= self._last.get((key.camera_id, key.boot_id), 0):
            self.duplicates.append(batch)
            return AppendResult(index=self.index)
        self._last[(key.camera_id, key.boot_id)] = key.sequence
        reason = self._refusal(batch)
        if reason is not None:
            self.rejected.append((batch, reason))
            await self._next_event(LedgerEvent(index=self.index + 1, committed_at_us=0))
            return AppendResult(index=self.index, rejected=reason)
        self.applied.append(batch)
        if batch.camera is not None:
            self.conditions[key.camera_id] = batch.camera
        lot_id, _ = self._find(key.camera_id)
        await self._write(lot_id, key.camera_id, batch.captured_at_us, batch.detections)
        return AppendResult(index=self.index)

    def _refusal(self, batch: DetectionBatch) -> str | None:
        try:
            lot_id, camera = self._find(batch.key.camera_id)
        except KeyError:
            return "unknown camera"
        if batch.layout_version != self._layouts[lot_id][0]:
            return f"layout version {batch.layout_version} is not {self._layouts[lot_id][0]}"
        seen = {region.spot_id for region in camera.regions}
        if not {detection.spot_id for detection in batch.detections} <= seen:
            return "a spot that the camera does not see"
        return None

    async def _write(
        self, lot_id: str, camera_id: str, at_us: int, detections: Sequence[Detection]
    ) -> None:
        before = {spot.spot_id: spot for spot in self._spots(lot_id)}
        for detection in detections:
            self._views[(lot_id, detection.spot_id, camera_id)] = ViewState(
                camera_id, detection.occupancy, detection.confidence, at_us
            )
        changes = tuple(
            OccupancyChange(
                lot_id=lot_id,
                spot_id=spot.spot_id,
                previous=before[spot.spot_id].occupancy,
                occupancy=spot.occupancy,
                confidence=spot.confidence,
                camera_id=spot.camera_id,
                captured_at_us=at_us,
            )
            for spot in self._spots(lot_id)
            if spot.occupancy is not before[spot.spot_id].occupancy
        )
        await self._next_event(
            LedgerEvent(index=self.index + 1, committed_at_us=at_us, changes=changes)
        )

    async def _next_event(self, event: LedgerEvent) -> None:
        async with self._changed:
            self.index = event.index
            self._events.append(event)
            self._changed.notify_all()

    def _spots(self, lot_id: str) -> tuple[SpotState, ...]:
        """Fuse: the best view that is not unknown decides."""
        spots = []
        for spot_id, cameras in sorted(views_by_spot(self._layouts[lot_id][1]).items()):
            views = [
                self._views[(lot_id, spot_id, camera)]
                for camera in cameras
                if (lot_id, spot_id, camera) in self._views
            ]
            known = [view for view in views if view.occupancy is not Occupancy.UNKNOWN]
            best = (known or views or [ViewState("", Occupancy.UNKNOWN, 0, 0)])[0]
            spots.append(
                SpotState(
                    spot_id=spot_id,
                    occupancy=best.occupancy,
                    confidence=best.confidence,
                    camera_id=best.camera_id,
                    since_us=best.captured_at_us,
                    views=tuple(sorted(views, key=lambda view: view.camera_id)),
                )
            )
        return tuple(spots)

    async def apply(
        self, layout: Layout, *, expected_version: int | None = None, timeout: float = 10.0
    ) -> ApplyResult:
        version, old = self._layouts.get(layout.lot_id, (0, None))
        if expected_version is not None and expected_version != version:
            raise VersionConflict(f"lot '{layout.lot_id}' is at version {version}")
        if layout == old:
            return ApplyResult(index=self.index, version=version, changed=False)
        self._layouts[layout.lot_id] = (version + 1, layout)
        self._forget_moved(layout, old)
        change = LayoutChange(layout.lot_id, version + 1)
        await self._next_event(
            LedgerEvent(index=self.index + 1, committed_at_us=0, layouts=(change,))
        )
        return ApplyResult(index=self.index, version=version + 1, changed=True)

    def _forget_moved(self, layout: Layout, old: Layout | None) -> None:
        """What was said of a region that moved or is gone no longer holds."""
        before, now = _regions(old), _regions(layout)
        for lot_id, spot_id, camera_id in list(self._views):
            key = (spot_id, camera_id)
            if lot_id == layout.lot_id and before.get(key) != now.get(key):
                del self._views[(lot_id, spot_id, camera_id)]

    async def get(
        self,
        lot_ids: Sequence[str] = (),
        *,
        with_layouts: bool = False,
        stale_ok: bool = False,
        as_of_us: int | None = None,
        timeout: float = 10.0,
    ) -> LedgerState:
        self._need_primary()
        self.gets += 1
        self.readings.append((tuple(lot_ids), with_layouts))
        lots = tuple(
            LotState(
                lot_id=lot_id,
                name=layout.name,
                layout_version=version,
                spots=self._spots(lot_id),
                layout=layout if with_layouts else None,
                cameras=tuple(self._camera(camera.camera_id) for camera in layout.cameras),
            )
            for lot_id, (version, layout) in sorted(self._layouts.items())
            if not lot_ids or lot_id in lot_ids
        )
        return LedgerState(index=self.index, age_us=0, lots=lots)

    def _camera(self, camera_id: str) -> CameraState:
        report = self.conditions.get(camera_id)
        if report is None:
            return CameraState(camera_id, None)
        return CameraState(camera_id, report.condition, report.since_us, report.detail)

    async def watch(
        self, after_index: int, *, lot_ids: Sequence[str] = ()
    ) -> AsyncIterator[LedgerEvent]:
        seen = after_index

        def more() -> bool:
            return not self._away and self.index > seen

        while True:
            async with self._changed:
                await self._changed.wait_for(more)
            if seen < self._forgotten:
                raise WatchGap(f"events after {seen} are gone")
            for event in [event for event in self._events if event.index > seen]:
                yield event
                seen = event.index

    async def heartbeat(self, reports: Sequence[NodeReport], *, timeout: float = 2.0) -> float:
        self._need_primary()
        async with self._changed:
            self.reports.update({report.node_id: report for report in reports})
            self.current = {report.node_id for report in reports}
            self._changed.notify_all()
        return HEARTBEAT_SECONDS

    async def service_status(self, *, timeout: float = 5.0) -> ServiceStatus:
        self._need_primary()
        reports = [*self.reports.values(), *self.nodes_elsewhere]
        nodes = tuple(NodeStatus(report, age_us=0, alive=True) for report in reports)
        return ServiceStatus(nodes=nodes, primary_id="fake", replicas=())

    def _need_primary(self) -> None:
        if self._away:
            raise LedgerUnavailable("no primary (the test took it away)")
