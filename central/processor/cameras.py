"""The cameras of one processor: who streams, who fell silent, whom the ledger no longer knows."""

import asyncio
import logging
from collections.abc import Iterable, Set
from dataclasses import dataclass
from functools import partial

from central.ledger.interface import Ledger, LedgerError
from central.ledger.records import NodeKind, NodeReport, OccupancyChange
from central.processor.clock import Clock
from central.processor.committer import Committer
from central.processor.directory import Directory
from central.processor.frames import Hello
from central.processor.known_lots import CameraEntry
from central.processor.realign import Proposal, commit_realigned
from central.processor.refusal import streams_elsewhere, too_many, unavailable, unknown_camera
from central.processor.session import CameraSession, SessionSettings
from central.processor.settings import ProcessorSettings
from central.processor.silence import Silence, silent_after
from central.processor.stream import CameraStream
from central.processor.tally import Tally

logger = logging.getLogger(__name__)


@dataclass
class _Tracked:
    """One camera: its session lives from the first stream until it has been silent for good."""

    session: CameraSession
    committer: Committer
    task: asyncio.Task[None]
    stream: CameraStream | None = None
    realigning: asyncio.Task[int | None] | None = None


class Cameras:
    """Bounded: by `max_cameras` streams, and by the cameras that the ledger's layouts name."""

    def __init__(
        self,
        settings: ProcessorSettings,
        session_settings: SessionSettings,
        *,
        ledger: Ledger,
        directory: Directory,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._session_settings = session_settings
        self._ledger = ledger
        self._directory = directory
        self._clock = clock
        self._tracked: dict[str, _Tracked] = {}
        self._tasks = asyncio.TaskGroup()
        self._stopping = False
        self._past = Tally()  # of runs of cameras that are over
        directory.on_change = self._adopt
        directory.is_news = self._is_news

    async def run(self) -> None:
        """Look for silence until cancelled; the committers live in here."""
        async with self._tasks:
            while True:
                await asyncio.sleep(self._settings.tick_seconds)
                await self._tick()

    # ---- streams -------------------------------------------------------------------------------

    async def open(self, stream: CameraStream) -> CameraSession:
        """Give the camera to this stream; raises Refused. Pair with `close`."""
        hello = stream.hello
        while True:
            entry = self._admit(hello)
            tracked = self._tracked.get(hello.camera_id)
            if tracked is None or tracked.stream is None:
                break
            old = tracked.stream
            self._displace(old, hello)
            await old.ended.wait()
            self.close(old)
        if tracked is None:
            tracked = self._track(entry)
        tracked.stream = stream
        self._begin(tracked.session, hello)
        # Another processor may have had the camera until now: what was last read may be old.
        self._directory.refresh(entry.lot_id)
        return tracked.session

    def _admit(self, hello: Hello) -> CameraEntry:
        if self._stopping:
            raise unavailable("the processor is shutting down")
        if not self._directory.ready.is_set():
            raise unavailable("no ledger yet: the processor has not reached a primary so far")
        entry = self._directory.entry(hello.camera_id)
        if entry is None:
            raise unknown_camera(hello.camera_id)
        others = sum(
            tracked.stream is not None and camera_id != hello.camera_id
            for camera_id, tracked in self._tracked.items()
        )
        if others >= self._settings.max_cameras:
            raise too_many(
                f"{others} cameras stream already, the limit is {self._settings.max_cameras}: "
                "start another processor or raise --max-cameras"
            )
        return entry

    def _displace(self, old: CameraStream, hello: Hello) -> None:
        """End an older stream of the camera, if it may be; raises Refused."""
        # A camera has one stream at a time, so a second of the same boot means that the first is
        # dead and the network has not told yet. Another boot has to wait for silence, of two
        # frames at least.
        if old.hello.boot_id != hello.boot_id:
            rate = old.hello.frames_per_second
            patience = max(self._settings.limits.takeover_seconds, 2.0 / rate if rate > 0 else 0.0)
            if old.quiet_for(self._clock.monotonic()) < patience:
                raise streams_elsewhere(hello.camera_id, boot_id=old.hello.boot_id)
        logger.info("stream replaced camera=%s boot=%s", hello.camera_id, hello.boot_id)
        old.end(streams_elsewhere(hello.camera_id, boot_id=hello.boot_id))

    def close(self, stream: CameraStream) -> None:
        """The stream is over; the camera may come back."""
        tracked = self._tracked.get(stream.hello.camera_id)
        if tracked is not None and tracked.stream is stream:
            tracked.stream = None

    def _track(self, entry: CameraEntry) -> _Tracked:
        silence = Silence(after=silent_after(0, override=None), now=self._clock.monotonic())
        session = CameraSession(entry, self._session_settings, silence)
        committer = Committer(
            self._ledger,
            session.beliefs,
            on_refused=lambda: self._directory.refresh(session.lot_id),
        )
        session.on_belief = committer.kick
        session.on_proposal = partial(self._realign, session)
        task = self._tasks.create_task(committer.run())
        tracked = _Tracked(session, committer, task)
        self._tracked[session.camera_id] = tracked
        return tracked

    def _begin(self, session: CameraSession, hello: Hello) -> None:
        # When it was last heard stays: a camera that only reconnects, again and again, is silent.
        session.silence.after = silent_after(
            hello.frames_per_second, override=self._settings.silent_after
        )
        if session.tally.boot_id != hello.boot_id:
            self._retire(session.tally)
            session.tally = Tally(boot_id=hello.boot_id)
            session.new_boot()

    def _retire(self, tally: Tally) -> None:
        self._past.frames += tally.frames
        self._past.lost += tally.dropped
        self._past.last_frame_at_us = max(self._past.last_frame_at_us, tally.last_frame_at_us)

    def _forget(self, camera_id: str) -> None:
        tracked = self._tracked.pop(camera_id)
        tracked.session.close()
        tracked.task.cancel()
        self._retire(tracked.session.tally)

    # ---- silence -------------------------------------------------------------------------------

    async def _tick(self) -> None:
        now = self._clock.monotonic()
        gone = []
        for camera_id, tracked in list(self._tracked.items()):
            if tracked.stream is None and tracked.session.silence.silent:
                if tracked.session.beliefs.settled:
                    self._forget(camera_id)
            elif tracked.session.silence.overdue(now):
                if tracked.stream is None:
                    gone.append(camera_id)
                elif not tracked.session.complains:
                    self._fall_silent(tracked.session)
        if gone:
            await self._give_up(gone)

    async def _give_up(self, camera_ids: Iterable[str]) -> None:
        """These cameras' streams ended and did not come back: here, that is."""
        try:
            status = await self._ledger.service_status()
        except LedgerError as error:
            logger.debug("cannot ask where cameras went, asking again: %s", error)
            return
        elsewhere = {
            node.report.node_id
            for node in status.nodes
            if node.report.kind is NodeKind.CAMERA
            and node.alive
            and node.report.reported_by not in ("", self._settings.processor_id)
        }
        for camera_id in camera_ids:
            tracked = self._tracked.get(camera_id)
            if tracked is None or tracked.stream is not None:
                continue  # it came back, or went altogether, while we asked
            if camera_id not in elsewhere:
                self._fall_silent(tracked.session)
            elif tracked.session.beliefs.settled:
                logger.info("camera streams to another processor camera=%s", camera_id)
                self._forget(camera_id)

    def _fall_silent(self, session: CameraSession) -> None:
        logger.warning(
            "camera silent camera=%s after=%.1fs", session.camera_id, session.silence.after
        )
        session.fall_silent(self._clock.wall_us())

    # ---- the ledger's word ---------------------------------------------------------------------

    def _adopt(self, camera_ids: Set[str]) -> None:
        for camera_id in camera_ids & self._tracked.keys():
            tracked, entry = self._tracked[camera_id], self._directory.entry(camera_id)
            if entry is None:
                logger.info("camera is in no layout any more camera=%s", camera_id)
                if tracked.stream is not None:
                    tracked.stream.end(unknown_camera(camera_id))
                self._forget(camera_id)
            elif not tracked.session.adopt(entry):
                self._directory.refresh(entry.lot_id)

    def _is_news(self, change: OccupancyChange) -> bool:
        """Return whether a change in a lot that is served here was not brought about here."""
        tracked = self._tracked.get(change.camera_id)
        if tracked is not None:
            return not tracked.session.expects(change)
        return any(t.session.lot_id == change.lot_id for t in self._tracked.values())

    def _realign(self, session: CameraSession, proposal: Proposal) -> None:
        tracked = self._tracked.get(session.camera_id)
        if tracked is None or (tracked.realigning and not tracked.realigning.done()):
            return  # a camera proposes once a plan, so the one under way will do
        tracked.realigning = self._tasks.create_task(
            commit_realigned(
                self._ledger,
                lot_id=session.lot_id,
                camera_id=session.camera_id,
                layout_version=session.view.layout_version,
                proposal=proposal,
            )
        )

    @property
    def streaming(self) -> int:
        """How many cameras stream here now."""
        return sum(tracked.stream is not None for tracked in self._tracked.values())

    # ---- reports and shutdown ------------------------------------------------------------------

    def reports(self, own: NodeReport) -> tuple[NodeReport, ...]:
        """Return `own` filled with totals, and a report for each camera that streams here.

        A camera without a stream is not reported: it may be with another processor by now.
        """
        now = self._clock.monotonic()
        cameras = tuple(
            _camera_report(tracked.session, own.node_id, now=now)
            for tracked in self._tracked.values()
            if tracked.stream is not None
        )
        tallies = [tracked.session.tally for tracked in self._tracked.values()]
        return (_processor_report(own, [self._past, *tallies]), *cameras)

    def stop(self) -> None:
        """Take no more streams and end those there are, their frames in work done."""
        self._stopping = True
        for tracked in self._tracked.values():
            if tracked.stream is not None:
                tracked.stream.end(unavailable("the processor is shutting down"))

    async def flush(self) -> bool:
        """Wait for what is believed to be committed; return False if that takes too long."""
        try:
            async with asyncio.timeout(self._settings.flush_seconds):
                for tracked in list(self._tracked.values()):
                    await tracked.committer.wait_idle()
        except TimeoutError:
            return False
        return True


def _camera_report(session: CameraSession, processor_id: str, *, now: float) -> NodeReport:
    tally = session.tally
    fault = tally.fault
    if session.silence.silent and not fault:
        fault = f"no frame for {session.silence.since(now):.0f} s"
    return NodeReport(
        node_id=session.camera_id,
        kind=NodeKind.CAMERA,
        boot_id=tally.boot_id,
        reported_by=processor_id,
        frames=tally.frames,
        frames_dropped=tally.dropped,
        last_frame_at_us=tally.last_frame_at_us,
        last_source_position_us=tally.last_source_position_us,
        fault=fault,
    )


def _processor_report(own: NodeReport, tallies: list[Tally]) -> NodeReport:
    return NodeReport(
        node_id=own.node_id,
        kind=NodeKind.PROCESSOR,
        boot_id=own.boot_id,
        reported_by=own.node_id,
        address=own.address,
        frames=sum(tally.frames for tally in tallies),
        frames_dropped=sum(tally.dropped for tally in tallies),
        last_frame_at_us=max(tally.last_frame_at_us for tally in tallies),
    )
