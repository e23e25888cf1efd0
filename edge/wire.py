"""video_stream.proto <-> dataclasses: the only file of `edge` that sees proto types."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import grpc
import grpc.aio

from edge.conditions import Report
from edge.frames import EncodedFrame
from protos import parking_pb2 as parking
from protos import video_stream_pb2 as pb
from protos.video_stream_pb2_grpc import VideoStreamServiceStub

if TYPE_CHECKING:
    from protos.video_stream_pb2_grpc import VideoStreamServiceAsyncStub

    StreamCall = grpc.aio.StreamStreamCall[pb.CameraMessage, pb.ProcessorMessage]
else:  # generic in the type stubs only
    StreamCall = grpc.aio.StreamStreamCall

MAX_MESSAGE_BYTES = 64 * 2**20

CHANNEL_OPTIONS: tuple[tuple[str, int], ...] = (
    # A processor whose machine is gone is noticed within 15 s even when nothing is in flight.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    # Each attempt is to be an attempt: a shared subchannel would impose gRPC's own back-off.
    ("grpc.use_local_subchannel_pool", 1),
    # Processors are on the cameras' own network; a proxy from the environment is not.
    ("grpc.enable_http_proxy", 0),
)


class ContractBroken(Exception):
    """The other side sent what video_stream.proto does not allow."""


class StreamFailed(Exception):
    """The stream ended with a status other than OK."""

    def __init__(self, code: grpc.StatusCode, details: str | None) -> None:
        super().__init__(f"{code.name}: {details}")
        self.code = code
        self.details = details


class CannotWrite(Exception):
    """The stream is over; whoever reads learns why."""


@dataclass(frozen=True)
class Hello:
    """What a camera node says first. frames_per_second: what it intends to send."""

    camera_id: str
    boot_id: str
    frames_per_second: float
    source_kind: str
    software_version: str


@dataclass(frozen=True)
class Welcome:
    """The processor's answer. credit: frames that may be unacked; max_frame_bytes: of a JPEG."""

    processor_id: str
    credit: int
    layout_version: int
    max_frame_bytes: int


@dataclass(frozen=True)
class Ack:
    """The processor is done with a frame; `fault` is empty if it was classified."""

    sequence: int
    fault: str


def open_stream(channel: grpc.aio.Channel) -> StreamCall:
    """Start StreamVideo on `channel`."""
    # The stub's own type is that of the synchronous API; the channel decides.
    stub = cast("VideoStreamServiceAsyncStub", VideoStreamServiceStub(channel))
    return stub.StreamVideo()


async def write_hello(call: StreamCall, hello: Hello) -> None:
    """Send the first message; raises CannotWrite."""
    message = pb.CameraHello(
        camera_id=hello.camera_id,
        boot_id=hello.boot_id,
        frames_per_second=hello.frames_per_second,
        source_kind=hello.source_kind,
        software_version=hello.software_version,
    )
    await _write(call, pb.CameraMessage(hello=message))


async def write_frame(
    call: StreamCall, frame: EncodedFrame, *, sequence: int, dropped_total: int
) -> None:
    """Send one frame; raises CannotWrite."""
    message = pb.Frame(
        sequence=sequence,
        captured_at_us=frame.captured_at_us,
        width=frame.width,
        height=frame.height,
        jpeg=frame.jpeg,
        dropped_total=dropped_total,
        source_position_us=frame.position_us,
    )
    await _write(call, pb.CameraMessage(frame=message))


async def write_condition(call: StreamCall, report: Report) -> None:
    """Say what is the matter with the pictures; takes no credit. Raises CannotWrite."""
    message = pb.ConditionReport(
        condition=parking.CameraCondition.ValueType(report.condition),
        since_us=report.since_us,
        detail=report.detail,
        number=report.number,
    )
    await _write(call, pb.CameraMessage(condition=message))


async def read_welcome(call: StreamCall) -> Welcome | None:
    """Read the first answer; None if the stream ended well instead.

    Raises StreamFailed, ContractBroken.
    """
    message = await _read(call)
    if message is None:
        return None
    if message.WhichOneof("message") != "welcome":
        raise ContractBroken("it did not begin with a welcome")
    welcome = message.welcome
    if welcome.credits < 1:
        raise ContractBroken("it welcomed with no credits")
    return Welcome(
        processor_id=welcome.processor_id,
        credit=welcome.credits,
        layout_version=welcome.layout_version,
        max_frame_bytes=welcome.max_frame_bytes or MAX_MESSAGE_BYTES,
    )


async def read_ack(call: StreamCall) -> Ack | None:
    """Read one ack; None if the stream ended well. Raises StreamFailed, ContractBroken."""
    message = await _read(call)
    if message is None:
        return None
    if message.WhichOneof("message") != "ack":
        raise ContractBroken("it sent something other than an ack")
    ack = message.ack
    if ack.outcome == pb.FRAME_OUTCOME_CLASSIFIED:
        return Ack(ack.sequence, "")
    known = ack.outcome in pb.FrameOutcome.values()
    name = pb.FrameOutcome.Name(ack.outcome) if known else f"outcome {ack.outcome}"
    name = name.removeprefix("FRAME_OUTCOME_").lower()
    return Ack(ack.sequence, f"{name}: {ack.detail}" if ack.detail else name)


async def _write(call: StreamCall, message: pb.CameraMessage) -> None:
    try:
        await call.write(message)
    except (grpc.RpcError, asyncio.InvalidStateError) as error:
        raise CannotWrite from error


async def _read(call: StreamCall) -> pb.ProcessorMessage | None:
    try:
        message = await call.read()
    except grpc.aio.AioRpcError as error:
        raise StreamFailed(error.code(), error.details()) from error
    if isinstance(message, pb.ProcessorMessage):
        return message
    code = await call.code()
    if code is not grpc.StatusCode.OK:
        raise StreamFailed(code, await call.details())
    return None
