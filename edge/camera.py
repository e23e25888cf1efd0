"""A camera node, put together: source -> grab thread -> handoff -> outbox -> uplink."""

import asyncio
import importlib.metadata
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from edge.capture import check_file
from edge.conditions import Conditions
from edge.detectors import DetectorLimits
from edge.encoder import Encoder, SendSettings
from edge.frames import CapturedFrame
from edge.grabber import Grabber
from edge.handoff import Handoff
from edge.nudge_judge import NudgeLimits
from edge.nudge_watch import NudgeWatch
from edge.outbox import Counts, Outbox
from edge.reader import Reader
from edge.readers import open_key_frames, open_source
from edge.realign import Proposals
from edge.session import Limits
from edge.source import Source
from edge.uplink import Uplink
from edge.watch import Watch
from edge.wire import Hello
from node.address import Address
from node.backoff import Backoff
from node.errors import OperationError
from node.identifiers import new_boot_id

logger = logging.getLogger(__name__)

# SIGTERM is to end the process within a second: both of these and change.
_CLOSE_S = 0.6
_JOIN_S = 0.2


@dataclass(frozen=True)
class CameraSettings:
    """What the command line says."""

    source: Source
    camera_id: str
    processors: tuple[Address, ...]
    fps: float
    speed: float
    loop: bool
    key_frames: bool = False
    detectors: DetectorLimits = field(default_factory=DetectorLimits)
    nudges: NudgeLimits = field(default_factory=NudgeLimits)
    realign: bool = False
    sending: SendSettings = field(default_factory=SendSettings)
    drain_s: float = 5.0


class CameraNode:
    """One run of a camera node."""

    def __init__(
        self,
        settings: CameraSettings,
        *,
        open_reader: Callable[[Source], Reader] | None = None,
        limits: Limits | None = None,
    ) -> None:
        if not settings.source.live:
            check_file(settings.source)
        self._settings = settings
        default = open_key_frames if settings.key_frames else open_source
        self._open_reader = open_reader or default
        self._limits = limits
        self._outbox: Outbox[CapturedFrame] = Outbox()
        self._conditions = Conditions(now_us=time.time_ns() // 1000)
        self._encoder = Encoder(settings.sending)
        self._proposals = Proposals()
        self._handoff: Handoff[CapturedFrame] = Handoff()
        self.source_is_stuck = False
        """True after run() if the grab thread still sits in a call of OpenCV."""

    @property
    def counts(self) -> Counts:
        """What has become of the frames so far."""
        return self._outbox.counts

    async def run(self, stop: asyncio.Event) -> int:
        """Stream until the source ends or `stop` is set; returns the exit code.

        Raises UsageError (this camera can never stream), OperationError (the source is lost
        for good, or it ended before any processor took a frame).
        """
        uplink = self._make_uplink()
        source_ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        nudges = NudgeWatch(
            self._conditions,
            self._settings.nudges,
            plan=lambda: self._encoder.plan,
            on_change=uplink.condition_changed,
            proposals=self._proposals if self._settings.realign else None,
        )
        grabber, watch = self._make_grabber(uplink, nudges, source_ended)
        watching = asyncio.create_task(watch.run())
        stopped: asyncio.Future[Any] = asyncio.create_task(stop.wait())
        streaming: asyncio.Future[Any] = asyncio.create_task(uplink.run())
        grabber.start()
        try:
            await asyncio.wait(
                {stopped, streaming, source_ended}, return_when=asyncio.FIRST_COMPLETED
            )
            if source_ended.done() and not stop.is_set():
                uplink.drain()
                await asyncio.wait(
                    {stopped, streaming},
                    timeout=self._settings.drain_s,
                    return_when=asyncio.FIRST_COMPLETED,
                )
        finally:
            grabber.stop()
            uplink.close()
            await asyncio.wait({streaming}, timeout=_CLOSE_S)
            await nudges.close()
            for task in (stopped, streaming, watching):
                task.cancel()
            results = await asyncio.gather(stopped, streaming, watching, return_exceptions=True)
            self.source_is_stuck = not await asyncio.to_thread(grabber.join, _JOIN_S)
            logger.info("stopped %s %s", self.counts, self._encoder.counts)
        self._raise_what_went_wrong(results[1], source_ended, stop)
        return 0

    def _raise_what_went_wrong(
        self, streaming: object, source_ended: asyncio.Future[None], stop: asyncio.Event
    ) -> None:
        if isinstance(streaming, Exception):
            raise streaming
        if not source_ended.done():
            return
        source_ended.result()
        if not self.counts.acked and not stop.is_set():
            raise OperationError(
                f"source '{self._settings.source.name}' ended before any processor took a frame: "
                "start the processor first, or play with --loop"
            )

    def _make_uplink(self) -> Uplink:
        settings = self._settings
        hello = Hello(
            camera_id=settings.camera_id,
            boot_id=new_boot_id(),
            frames_per_second=settings.fps,
            source_kind=settings.source.kind.value,
            software_version=importlib.metadata.version("parkledger"),
            cuts_strips=True,  # whatever is sent: the plan has the masks and the reference, too
            private=settings.sending.private,
        )
        logger.info(
            "starting camera_id=%s boot_id=%s source=%s fps=%g processors=%s",
            hello.camera_id,
            hello.boot_id,
            settings.source.name,
            settings.fps,
            ",".join(map(str, settings.processors)),
        )
        return Uplink(
            hello,
            settings.processors,
            outbox=self._outbox,
            conditions=self._conditions,
            proposals=self._proposals,
            encoder=self._encoder,
            backoff=Backoff(),
            limits=self._limits
            or Limits.among(len(settings.processors), picture_s=settings.sending.picture_s),
        )

    def _make_grabber(
        self, uplink: Uplink, nudges: NudgeWatch, source_ended: asyncio.Future[None]
    ) -> tuple[Grabber, Watch]:
        loop = asyncio.get_running_loop()
        settings = self._settings

        def collect() -> None:
            frame, missed = self._handoff.take()
            if frame is not None:
                self._outbox.capture(frame, missed=missed)
                uplink.frame_waiting()

        def deliver(frame: CapturedFrame) -> None:
            self._handoff.put(frame)
            loop.call_soon_threadsafe(collect)
            watch.inspect(frame)  # afterwards, so that sending does not wait for it
            nudges.inspect(frame)

        def note_end(error: BaseException | None) -> None:
            if error is None:
                source_ended.set_result(None)
            else:
                source_ended.set_exception(error)

        def ended(error: BaseException | None) -> None:
            loop.call_soon_threadsafe(note_end, error)

        grabber = Grabber(
            settings.source,
            fps=settings.fps,
            speed=settings.speed,
            loop=settings.loop,
            open_reader=self._open_reader,
            deliver=deliver,
            ended=ended,
            backoff=Backoff(first=0.5, limit=10.0),
        )
        watch = Watch(
            self._conditions,
            settings.detectors,
            on_change=uplink.condition_changed,
            trouble=lambda: grabber.trouble,
        )
        return grabber, watch
