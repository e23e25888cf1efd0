"""video_stream.proto <-> dataclasses: here and in laned_call.py alone `edge` sees proto types."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import grpc
import grpc.aio

from edge.conditions import Report
from edge.frames import EncodedFrame
from edge.laned_call import LanedCall
from edge.plan import CutPlan, Polygon
from edge.realign import Realignment
from models.patches import PatchSpec
from protos import parking_pb2 as parking
from protos import video_stream_pb2 as pb
from protos.video_stream_pb2_grpc import VideoStreamServiceStub

if TYPE_CHECKING:
    from protos.video_stream_pb2_grpc import VideoStreamServiceAsyncStub

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


DISTRUSTED = "distrusted"
"""How the fault of an ack begins that only repeats what the camera said of its pictures."""


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
    cuts_strips: bool = False
    private: bool = False


@dataclass(frozen=True)
class Welcome:
    """The processor's answer. credit: frames that may be unacked; max_frame_bytes: of a JPEG.

    plan: if the hello asked for one and the processor has one to give.
    """

    processor_id: str
    credit: int
    layout_version: int
    max_frame_bytes: int
    plan: CutPlan | None = None


@dataclass(frozen=True)
class Ack:
    """The processor is done with a frame; `fault` is empty if it was classified, or if all that
    is wrong with a strip is that the plan changed while it was on its way.

    doubtful: places of which the processor wants a better look from now on.
    """

    sequence: int
    fault: str
    taken: bool = True
    doubtful: tuple[int, ...] = ()


def open_stream(channel: grpc.aio.Channel, host: str) -> LanedCall:
    """Start StreamVideo on `channel`, which is one to `host`."""
    # The stub's own type is that of the synchronous API; the channel decides.
    stub = cast("VideoStreamServiceAsyncStub", VideoStreamServiceStub(channel))
    return LanedCall(stub.StreamVideo(), host)


async def ping(channel: grpc.aio.Channel, *, timeout: float) -> bool:
    """Ask the processor for a sign of life; False if none comes within `timeout` seconds."""
    stub = cast("VideoStreamServiceAsyncStub", VideoStreamServiceStub(channel))
    try:
        await stub.Ping(pb.PingRequest(), timeout=timeout)
    except grpc.aio.AioRpcError as error:
        return error.code() is grpc.StatusCode.UNIMPLEMENTED  # an older one; it has answered
    return True


async def write_hello(call: LanedCall, hello: Hello) -> None:
    """Send the first message; raises CannotWrite."""
    message = pb.CameraHello(
        camera_id=hello.camera_id,
        boot_id=hello.boot_id,
        frames_per_second=hello.frames_per_second,
        source_kind=hello.source_kind,
        software_version=hello.software_version,
        cuts_strips=hello.cuts_strips,
        private=hello.private,
    )
    await _write(call, pb.CameraMessage(hello=message))


async def write_frame(
    call: LanedCall, frame: EncodedFrame, *, sequence: int, dropped_total: int
) -> None:
    """Send one frame, or the strip cut from it; raises CannotWrite."""
    if frame.cut is not None:
        strip = pb.Strip(
            sequence=sequence,
            captured_at_us=frame.captured_at_us,
            width=frame.width,
            height=frame.height,
            plan_id=frame.cut.plan_id,
            places=frame.cut.places,
            fine=frame.cut.fine,
            fine_at=frame.cut.fine_at,
            dropped_total=dropped_total,
            source_position_us=frame.position_us,
        )
        await _write(call, pb.CameraMessage(strip=strip), frame.jpeg)
        return
    message = pb.Frame(
        sequence=sequence,
        captured_at_us=frame.captured_at_us,
        width=frame.width,
        height=frame.height,
        dropped_total=dropped_total,
        source_position_us=frame.position_us,
    )
    await _write(call, pb.CameraMessage(frame=message), frame.jpeg)


async def write_condition(call: LanedCall, report: Report) -> None:
    """Say what is the matter with the pictures; takes no credit. Raises CannotWrite."""
    message = pb.ConditionReport(
        condition=parking.CameraCondition.ValueType(report.condition),
        since_us=report.since_us,
        detail=report.detail,
        number=report.number,
    )
    await _write(call, pb.CameraMessage(condition=message))


async def write_realign(call: LanedCall, proposal: Realignment) -> None:
    """Propose new regions; takes no credit. Raises CannotWrite."""
    message = pb.RealignProposal(
        plan_id=proposal.plan_id,
        homography=proposal.homography,
        reference=proposal.reference,
    )
    await _write(call, pb.CameraMessage(realign=message))


async def read_welcome(call: LanedCall) -> Welcome | None:
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
        plan=_plan(welcome.plan) if welcome.HasField("plan") else None,
    )


async def read_answer(call: LanedCall) -> Ack | CutPlan | None:
    """Read one ack or new plan; None if the stream ended well.

    Raises StreamFailed, ContractBroken.
    """
    message = await _read(call)
    if message is None:
        return None
    kind = message.WhichOneof("message")
    if kind == "plan":
        return _plan(message.plan)
    if kind != "ack":
        raise ContractBroken("it sent something other than an ack or a plan")
    ack = message.ack
    if ack.outcome == pb.FRAME_OUTCOME_CLASSIFIED:
        return Ack(ack.sequence, "", doubtful=tuple(ack.doubtful))
    if ack.outcome == pb.FRAME_OUTCOME_STALE_PLAN:
        return Ack(ack.sequence, "", taken=False)
    known = ack.outcome in pb.FrameOutcome.values()
    name = pb.FrameOutcome.Name(ack.outcome) if known else f"outcome {ack.outcome}"
    name = name.removeprefix("FRAME_OUTCOME_").lower()
    fault = f"{name}: {ack.detail}" if ack.detail else name
    return Ack(ack.sequence, fault, taken=False)


def _plan(message: pb.CutPlan) -> CutPlan:
    geometry = message.geometry
    try:
        spec = PatchSpec(
            size=geometry.size, margin=geometry.margin, surroundings=geometry.surroundings
        )
    except ValueError as error:
        raise ContractBroken(f"its plan cannot be cut by: {error}") from error
    regions = tuple(_polygon(region.corners_millionths) for region in message.regions)
    masks = tuple(_polygon(mask.corners_millionths) for mask in message.masks)
    if any(len(region) != 4 for region in regions) or any(len(mask) < 3 for mask in masks):
        raise ContractBroken("its plan has a region or a mask with too few or too many corners")
    return CutPlan(
        plan_id=message.plan_id,
        layout_version=message.layout_version,
        spec=spec,
        regions=regions,
        masks=masks,
        reference=message.reference,
    )


def _polygon(millionths: Sequence[int]) -> Polygon:
    pairs = zip(millionths[::2], millionths[1::2], strict=False)
    return tuple((x / 1_000_000, y / 1_000_000) for x, y in pairs)


async def _write(call: LanedCall, message: pb.CameraMessage, picture: bytes = b"") -> None:
    try:
        await call.write(message, picture)
    except (grpc.RpcError, asyncio.InvalidStateError) as error:
        raise CannotWrite from error


async def _read(call: LanedCall) -> pb.ProcessorMessage | None:
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
