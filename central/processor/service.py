"""A whole processor: puts its parts together, listens, and ends in order."""

import asyncio
import logging

import grpc.aio

from central.ledger.interface import Ledger
from central.ledger.records import NodeKind, NodeReport
from central.processor.cameras import Cameras
from central.processor.classifier import Classifier, model_name
from central.processor.clock import Clock
from central.processor.directory import Directory
from central.processor.heartbeats import Heartbeats
from central.processor.ingest import MESSAGE_OVERHEAD, VideoStreamService
from central.processor.lanes import Lanes
from central.processor.metrics import Metrics
from central.processor.picture_service import PictureService
from central.processor.pictures import Pictures
from central.processor.pipeline import Workers
from central.processor.recording import Recordings
from central.processor.session import SessionSettings
from central.processor.settings import ProcessorSettings
from node.address import Address
from node.identifiers import new_boot_id
from node.listening import check_free
from node.metrics import MetricsServer
from protos.picture_pb2_grpc import add_PictureServiceServicer_to_server
from protos.video_stream_pb2_grpc import add_VideoStreamServiceServicer_to_server

logger = logging.getLogger(__name__)

_STOP_GRACE = 1.0
"""Seconds for calls to end by themselves once every stream has been told to."""

_PICTURE_BYTES = 1024 * 1024
"""What of a stream may arrive before it is asked for: more than most pictures have."""


class Processor:
    """Made in a running event loop; `start()` binds, `run()` serves until told to stop."""

    def __init__(
        self,
        settings: ProcessorSettings,
        *,
        classifier: Classifier,
        ledger: Ledger,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or Clock()
        self._settings = settings
        self._model = model_name(classifier)
        self._boot_id = new_boot_id()
        self._workers = Workers(classifier, workers=settings.workers)
        self._directory = Directory(ledger, settings.directory)
        self._metrics = Metrics()
        self._metrics_server = (
            None if settings.metrics is None else MetricsServer(settings.metrics, self.metrics)
        )
        session_settings = SessionSettings(
            evidence=settings.evidence,
            spec=classifier.spec,
            model=self._model,
            processor_boot_id=self._boot_id,
            reuse=settings.reuse,
            metrics=self._metrics,
            recordings=None
            if settings.record is None
            else Recordings(settings.record, settings.record_bytes),
        )
        self._cameras = Cameras(
            settings, session_settings, ledger=ledger, directory=self._directory, clock=clock
        )
        self._heartbeats = Heartbeats(ledger, self._reports, on_return=self._directory.refresh)
        self._pictures = Pictures() if settings.pictures else None
        self._lanes = Lanes(most=settings.limits.max_frame_bytes + MESSAGE_OVERHEAD)
        self._service = VideoStreamService(
            settings.processor_id,
            cameras=self._cameras,
            workers=self._workers,
            heartbeats=self._heartbeats,
            limits=settings.limits,
            clock=clock,
            lanes=self._lanes,
            pictures=self._pictures,
        )
        self._server = grpc.aio.server(options=_server_options(settings))
        self.address = settings.listen
        self.serving = asyncio.Event()

    @property
    def has_ledger(self) -> asyncio.Event:
        """Set once the ledger has been read: from then on cameras are welcome."""
        return self._directory.ready

    def metrics(self) -> str:
        """Return what is counted, in Prometheus' text format."""
        return self._metrics.text(streaming=self._cameras.streaming)

    @property
    def metrics_address(self) -> Address | None:
        """Where metrics are served, None where they are not."""
        return None if self._metrics_server is None else self._metrics_server.address

    def _reports(self) -> tuple[NodeReport, ...]:
        own = NodeReport(
            node_id=self._settings.processor_id,
            kind=NodeKind.PROCESSOR,
            boot_id=self._boot_id,
            reported_by=self._settings.processor_id,
            address=str(self.address),
        )
        return self._cameras.reports(own)

    async def start(self) -> None:
        """Bind the address (`address` then has the port); raises OperationError."""
        add_VideoStreamServiceServicer_to_server(self._service, self._server)
        if self._pictures is not None:
            pictures = PictureService(
                self._settings.processor_id, pictures=self._pictures, workers=self._workers
            )
            add_PictureServiceServicer_to_server(pictures, self._server)
        listen = self._settings.listen
        check_free(listen)
        port = self._server.add_insecure_port(str(listen))
        self.address = Address(host=listen.host, port=port)
        await self._lanes.open(Address(host=listen.host, port=self._settings.picture_port))
        if self._metrics_server is not None:
            await self._metrics_server.start()

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then finish what is in work and commit what is believed."""
        async with asyncio.TaskGroup() as tasks:
            background = [
                tasks.create_task(part.run())
                for part in (self._directory, self._cameras, self._heartbeats)
            ]
            try:
                await self._server.start()
                self.serving.set()
                logger.info(
                    "ready listen=%s processor=%s model=%s",
                    self.address,
                    self._settings.processor_id,
                    self._model,
                )
                await stop.wait()
                await self._shut_down()
            finally:
                await self._server.stop(grace=None)
                self._lanes.close()
                if self._metrics_server is not None:
                    await self._metrics_server.close()
                for task in background:
                    task.cancel()
        await asyncio.to_thread(self._workers.close)

    async def _shut_down(self) -> None:
        logger.info("shutting down")
        self._cameras.stop()
        await self._server.stop(grace=_STOP_GRACE)
        if not await self._cameras.flush():
            logger.warning(
                "detections not committed after %.1f s; the next processor sees the spots anew",
                self._settings.flush_seconds,
            )


def _server_options(settings: ProcessorSettings) -> list[tuple[str, int]]:
    limits = settings.limits
    return [
        # Two processors on one port would share its cameras at random.
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", limits.max_frame_bytes + MESSAGE_OVERHEAD),
        # A picture comes in one piece, unasked: pieces of 16 kB, each granted by a window that
        # probes the path, wake threads half as often again. Credits bound what may be under way.
        ("grpc.http2.max_frame_size", _PICTURE_BYTES),
        ("grpc.http2.lookahead_bytes", _PICTURE_BYTES),
        ("grpc.http2.bdp_probe", 0),
        # Cameras ping every 10 s to notice a dead path; the default forbids more than one in 5 min.
        ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
        ("grpc.keepalive_permit_without_calls", 1),
        # Ours, so that a camera that lost its power is noticed.
        ("grpc.keepalive_time_ms", 10_000),
        ("grpc.keepalive_timeout_ms", 5_000),
    ]
