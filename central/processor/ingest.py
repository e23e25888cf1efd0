"""The rim towards cameras: but for plans.py the only file that knows the wire's messages."""

import asyncio
import logging
import math
import re
from collections.abc import Callable
from functools import partial

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from central.ledger.records import CameraCondition, CameraReport
from central.processor.camera_view import CameraView
from central.processor.cameras import Cameras
from central.processor.clock import Clock
from central.processor.frames import CameraWord, Frame, Hello, Outcome, Verdict
from central.processor.heartbeats import Heartbeats
from central.processor.lanes import CameraLane, Lanes
from central.processor.pictures import Pictures
from central.processor.pipeline import Workers
from central.processor.plans import plan_of
from central.processor.realign import Proposal
from central.processor.refusal import Refused, invalid
from central.processor.session import CameraSession
from central.processor.settings import StreamLimits
from central.processor.stream import CameraStream, StreamGone
from models.strips import Cut
from node.errors import UsageError
from node.identifiers import check_id
from protos import video_stream_pb2 as wire
from protos.video_stream_pb2_grpc import VideoStreamServiceServicer

logger = logging.getLogger(__name__)

MESSAGE_OVERHEAD = 1024 * 1024
"""Bytes by which a message may exceed the largest JPEG, so that the refusal is ours and says what
to do. What is larger still gRPC refuses itself, unread, with the same status."""

_MAX_DETAIL = 200  # characters of a condition's detail that go into the ledger
_BOOT_ID = re.compile(r"[0-9a-f]{16}")
_OUTCOMES = {
    Outcome.CLASSIFIED: wire.FRAME_OUTCOME_CLASSIFIED,
    Outcome.CORRUPT: wire.FRAME_OUTCOME_CORRUPT,
    Outcome.OVERLOADED: wire.FRAME_OUTCOME_OVERLOADED,
    Outcome.WRONG_SIZE: wire.FRAME_OUTCOME_WRONG_SIZE,
    Outcome.FAILED: wire.FRAME_OUTCOME_FAILED,
    Outcome.DISTRUSTED: wire.FRAME_OUTCOME_DISTRUSTED,
    Outcome.STALE_PLAN: wire.FRAME_OUTCOME_STALE_PLAN,
}
_Context = grpc.aio.ServicerContext[wire.CameraMessage, wire.ProcessorMessage]


def hello_of(message: wire.CameraMessage) -> Hello:
    """Check and convert a camera's first message; raises Refused."""
    if message.WhichOneof("message") != "hello":
        raise invalid("the first message must be a hello")
    hello = message.hello
    try:
        check_id("camera", hello.camera_id)
    except UsageError as error:
        raise invalid(str(error)) from error
    if not _BOOT_ID.fullmatch(hello.boot_id):
        raise invalid(f"boot id '{hello.boot_id[:80]}': 16 hex digits are needed")
    rate = hello.frames_per_second
    if not math.isfinite(rate) or rate < 0:
        raise invalid(f"frames_per_second is {rate}: a number of at least 0 is needed")
    return Hello(
        camera_id=hello.camera_id,
        boot_id=hello.boot_id,
        frames_per_second=rate,
        cuts_strips=hello.cuts_strips,
        private=hello.private,
    )


def message_of(
    message: wire.CameraMessage, picture: bytes | None = None
) -> Frame | CameraWord | Proposal:
    """Check and convert any later message; raises Refused.

    picture: the JPEG where it came beside the message; None: it is in it.
    """
    match message.WhichOneof("message"):
        case "frame":
            return _frame_of(message.frame, picture)
        case "strip":
            return _frame_of(message.strip, picture, _cut_of(message.strip))
        case "realign":
            realign = message.realign
            return Proposal(realign.plan_id, tuple(realign.homography), realign.reference)
        case "condition":
            return _word_of(message.condition)
        case _:
            raise invalid("after the hello only frames, strips, conditions and proposals may come")


def _word_of(word: wire.ConditionReport) -> CameraWord:
    try:
        condition = CameraCondition(word.condition)
    except ValueError as error:
        raise invalid(f"a camera's condition cannot be {word.condition}") from error
    detail = " ".join(word.detail.split())[:_MAX_DETAIL]
    return CameraWord(CameraReport(condition, word.since_us, detail), word.number)


def _cut_of(strip: wire.Strip) -> Cut:
    return Cut(strip.plan_id, tuple(strip.places), tuple(strip.fine), strip.fine_at)


def _frame_of(
    frame: wire.Frame | wire.Strip, picture: bytes | None, cut: Cut | None = None
) -> Frame:
    return Frame(
        sequence=frame.sequence,
        captured_at_us=frame.captured_at_us,
        width=frame.width,
        height=frame.height,
        jpeg=frame.jpeg if picture is None else picture,
        dropped_total=frame.dropped_total,
        source_position_us=frame.source_position_us,
        cut=cut,
    )


class _GrpcTransport:
    """`stream.Transport` over one call and its lane: answers go where the camera last wrote."""

    def __init__(self, context: _Context) -> None:
        self._context = context
        self.lane = CameraLane()
        self.on_frame: Callable[[Frame], None] | None = None

    async def first(self, *, seconds: float) -> Hello:
        """Return the hello; raises Refused if none comes in time."""
        try:
            async with asyncio.timeout(seconds):
                message = await self._read()
        except TimeoutError as error:
            raise invalid(f"no hello within {seconds:g} s") from error
        if message is None:
            raise invalid("the stream ended before its hello")
        return hello_of(message)

    async def welcome(self, message: wire.Welcome) -> None:
        """Send the welcome; raises StreamGone."""
        await self._write(wire.ProcessorMessage(welcome=message))

    async def read(self) -> Frame | CameraWord | Proposal | None:
        message = await self._read()
        return None if message is None else self._noted(message_of(message))

    async def read_beside(self) -> Frame | CameraWord | Proposal | None:
        parts = await self.lane.read()
        if parts is None:
            return None
        try:
            message = wire.CameraMessage.FromString(parts[0])
        except DecodeError as error:
            raise invalid(f"what comes on the lane is no message: {error}") from error
        return self._noted(message_of(message, parts[1]))

    def _noted(self, read: Frame | CameraWord | Proposal) -> Frame | CameraWord | Proposal:
        if self.on_frame is not None and isinstance(read, Frame):
            self.on_frame(read)
        return read

    async def answer(self, sequence: int, verdict: Verdict) -> None:
        ack = wire.FrameAck(
            sequence=sequence,
            outcome=_OUTCOMES[verdict.outcome],
            detail=verdict.detail,
            doubtful=verdict.doubtful,
        )
        await self._write(wire.ProcessorMessage(ack=ack))

    async def replan(self, view: CameraView) -> None:
        await self._write(wire.ProcessorMessage(plan=plan_of(view)))

    async def _read(self) -> wire.CameraMessage | None:
        message = await self._context.read()
        # Also what a broken connection or a message over gRPC's limit looks like from here.
        return message if isinstance(message, wire.CameraMessage) else None

    async def _write(self, message: wire.ProcessorMessage) -> None:
        try:
            if self.lane.used:
                # Bounded without a wait: by what may be unanswered.
                self.lane.write(message.SerializeToString())
            else:
                await self._context.write(message)
        except ConnectionError as error:
            raise StreamGone from error
        except grpc.aio.BaseError as error:
            raise StreamGone from error


class VideoStreamService(VideoStreamServiceServicer):
    """One call a camera, from hello to end."""

    def __init__(
        self,
        processor_id: str,
        *,
        cameras: Cameras,
        workers: Workers,
        heartbeats: Heartbeats,
        limits: StreamLimits,
        clock: Clock,
        lanes: Lanes,
        pictures: Pictures | None = None,
    ) -> None:
        """pictures: where each camera's last frame is kept; None: nowhere."""
        self._processor_id = processor_id
        self._lanes = lanes
        self._pictures = pictures
        self._cameras = cameras
        self._workers = workers
        self._heartbeats = heartbeats
        self._limits = limits
        self._clock = clock

    async def StreamVideo(  # type: ignore[override]  # noqa: N802 - the stubs know no coroutines
        self, request_iterator: object, context: _Context
    ) -> None:
        """See video_stream.proto."""
        try:
            transport = _GrpcTransport(context)
            with self._lanes.offering(transport.lane) as offer:
                await context.send_initial_metadata(offer)
                await self._serve(transport)
        except StreamGone:
            logger.debug("camera went away before its welcome peer=%s", context.peer())
        except Refused as refusal:
            logger.info("stream refused peer=%s: %s", context.peer(), refusal.detail)
            await _abort(context, refusal)

    async def Ping(  # noqa: N802 - gRPC's name
        self, request: wire.PingRequest, context: object
    ) -> wire.PingResponse:
        """Show that the event loop turns; see video_stream.proto."""
        return wire.PingResponse()

    async def _serve(self, transport: _GrpcTransport) -> None:
        hello = await transport.first(seconds=self._limits.hello_seconds)
        stream = CameraStream(
            hello,
            workers=self._workers,
            transport=transport,
            limits=self._limits,
            clock=self._clock,
        )
        try:
            session = await self._cameras.open(stream)
            self._heartbeats.now()
            if self._pictures is not None and not hello.private:
                transport.on_frame = partial(self._pictures.note, hello.camera_id)
            await transport.welcome(self._welcome(session, stream))
            logger.info("stream open camera=%s boot=%s", hello.camera_id, hello.boot_id)
            await stream.run(session)
            logger.info("stream over camera=%s boot=%s", hello.camera_id, hello.boot_id)
        finally:
            stream.ended.set()
            self._cameras.close(stream)
            if self._pictures is not None and transport.on_frame is not None:
                self._pictures.forget(hello.camera_id)

    def _welcome(self, session: CameraSession, stream: CameraStream) -> wire.Welcome:
        stream.told = session.view.plan_id
        return wire.Welcome(
            processor_id=self._processor_id,
            credits=self._limits.credits,
            layout_version=session.view.layout_version,
            max_frame_bytes=self._limits.max_frame_bytes,
            plan=plan_of(session.view) if stream.hello.cuts_strips else None,
        )


async def _abort(context: _Context, refusal: Refused) -> None:
    try:
        await context.abort(refusal.status, refusal.detail)
    except grpc.aio.InternalError:
        logger.debug("the camera was gone before it could be told: %s", refusal.detail)
