"""Follows the ledger: its cameras, the regions they see and the occupancies they last said.

The ledger is the one source of truth. The directory reads it whole, then watches; an event that
tells of a new layout, or of an occupancy that nobody here brought about, makes it read again.
A periodic reading catches what events do not show (a view that does not decide its spot).
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from central.layout.document import Camera
from central.ledger.interface import Ledger, LedgerError, WatchGap
from central.ledger.records import CameraReport, LotState, Occupancy, OccupancyChange
from node.backoff import Backoff

logger = logging.getLogger(__name__)


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
class DirectorySettings:
    """How often the ledger is read."""

    refresh_seconds: float = 30.0  # at least this often
    min_seconds: float = 1.0  # at most this often, however many events ask for it
    timeout: float = 5.0


def entries_of(lot: LotState, *, index: int) -> dict[str, CameraEntry]:
    """Return the lot's cameras by id. The lot must have been read with its layout."""
    if lot.layout is None:
        return {}
    said = {
        (view.camera_id, spot.spot_id): view.occupancy for spot in lot.spots for view in spot.views
    }
    reports = {
        camera.camera_id: CameraReport(camera.condition, camera.since_us, camera.detail)
        for camera in lot.cameras
        if camera.condition is not None
    }
    return {
        camera.camera_id: CameraEntry(
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
        for camera in lot.layout.cameras
    }


@dataclass
class Directory:
    """`run()` follows the ledger until cancelled. `ready` is set from the first reading on.

    on_change: called in the event loop after every reading.
    is_news: whether a change that the ledger reports calls for a new reading.
    """

    ledger: Ledger
    settings: DirectorySettings = field(default_factory=DirectorySettings)
    on_change: Callable[[], None] = lambda: None
    is_news: Callable[[OccupancyChange], bool] = lambda _change: True
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _entries: dict[str, CameraEntry] = field(default_factory=dict)
    _index: int = 0
    _stale: asyncio.Event = field(default_factory=asyncio.Event)

    def entry(self, camera_id: str) -> CameraEntry | None:
        """Return the camera as last read, None if no applied layout has it."""
        return self._entries.get(camera_id)

    def refresh(self) -> None:
        """Ask for a new reading soon."""
        self._stale.set()

    async def run(self) -> None:
        """Follow the ledger; ends only by cancellation."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read_again_and_again())
            tasks.create_task(self._watch())

    async def _read_again_and_again(self) -> None:
        backoff = Backoff(first=0.2, limit=2.0)
        while True:
            self._stale.clear()
            try:
                await self._read()
            except LedgerError as error:
                if backoff.attempts == 0:
                    logger.warning("ledger not readable, trying on: %s", error)
                await asyncio.sleep(backoff.next_delay())
                continue
            if backoff.attempts:
                logger.info("ledger readable again index=%d", self._index)
            backoff.reset()
            await asyncio.sleep(self.settings.min_seconds)
            await self._wait_until_stale()

    async def _wait_until_stale(self) -> None:
        try:
            async with asyncio.timeout(self.settings.refresh_seconds):
                await self._stale.wait()
        except TimeoutError:
            pass  # the periodic reading

    async def _read(self) -> None:
        state = await self.ledger.get(with_layouts=True, timeout=self.settings.timeout)
        if state.index < self._index:
            return  # an older answer overtaken on the way
        entries: dict[str, CameraEntry] = {}
        for lot in state.lots:
            entries.update(entries_of(lot, index=state.index))
        if not self.ready.is_set():
            logger.info("ledger read lots=%d cameras=%d", len(state.lots), len(entries))
        self._entries = entries
        self._index = state.index
        self.ready.set()
        self.on_change()

    async def _watch(self) -> None:
        await self.ready.wait()
        after = self._index
        backoff = Backoff(first=0.2, limit=2.0)
        while True:
            try:
                async for event in self.ledger.watch(after):
                    after = event.index
                    backoff.reset()
                    if event.layouts or any(map(self.is_news, event.changes)):
                        self.refresh()
            except WatchGap:
                # Whatever was missed is in the next reading; events after the index of the last
                # one that has been made are what is still of interest.
                logger.info("ledger's events were missed after index=%d, reading again", after)
                after = self._index
                self.refresh()
            except LedgerError as error:
                logger.info("ledger's events stopped, trying on: %s", error)
            await asyncio.sleep(backoff.next_delay())
