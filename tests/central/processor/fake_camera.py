"""One stream of a camera node, over a real gRPC channel."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self, cast

import grpc.aio

from central.layout.document import MILLION
from central.ledger.records import CameraCondition
from central.processor.service import Processor
from edge.encode import Colour, encode_patches
from models.patches import PatchCutter, PatchSpec
from protos import parking_pb2 as parking
from protos import video_stream_pb2 as wire
from protos.video_stream_pb2_grpc import VideoStreamServiceStub
from tests.central.processor.fake_classifier import DEADLINE
from tests.central.processor.fake_ledger import FakeLedger
from tests.central.processor.harness import HEIGHT, WIDTH, decoded_picture, picture

_Call = grpc.aio.StreamStreamCall[wire.CameraMessage, wire.ProcessorMessage]

BOOT = "00000000000000b1"
AGREEING = 3  # observations that the tests' processors ask for


class FakeCamera:
    """One stream of a camera node; `async with` connects and says hello."""

    def __init__(
        self,
        processor: Processor,
        camera_id: str = "cam1",
        *,
        boot_id: str = BOOT,
        frames_per_second: float = 1.0,
        next_sequence: int = 1,
        cuts_strips: bool = False,
    ) -> None:
        self.next_sequence = next_sequence
        self._reports = 0
        self._hello = wire.CameraHello(
            camera_id=camera_id,
            boot_id=boot_id,
            frames_per_second=frames_per_second,
            cuts_strips=cuts_strips,
        )
        self._channel = grpc.aio.insecure_channel(
            str(processor.address), options=[("grpc.max_send_message_length", -1)]
        )

    async def __aenter__(self) -> Self:
        # The generated stubs know the synchronous call only.
        self._call: _Call = cast("Any", VideoStreamServiceStub(self._channel)).StreamVideo()
        try:
            await self.send(wire.CameraMessage(hello=self._hello))
            self.welcome = (await self._read()).welcome
        except BaseException:
            await self._channel.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._channel.close()

    async def ping(self) -> wire.PingResponse:
        """Ask for a sign of life, beside the stream."""
        stub: Any = VideoStreamServiceStub(self._channel)
        response: wire.PingResponse = await stub.Ping(wire.PingRequest(), timeout=DEADLINE)
        return response

    async def say_nothing(self) -> tuple[grpc.StatusCode, str]:
        """Open a stream without a hello; return how it ends."""
        async with self._channel:
            self._call = cast("Any", VideoStreamServiceStub(self._channel)).StreamVideo()
            return await end_of(self)

    async def send(self, message: wire.CameraMessage) -> None:
        """Send any message."""
        await self._call.write(message)

    async def _read(self) -> wire.ProcessorMessage:
        async with asyncio.timeout(DEADLINE):
            message = await self._call.read()
        if not isinstance(message, wire.ProcessorMessage):
            raise AssertionError("the stream ended without an error")
        return message

    async def read_ack(self) -> wire.FrameAck:
        """Return the next ack; raises AioRpcError if the stream was ended."""
        return (await self._read()).ack

    async def send_frame(
        self, jpeg: bytes, *, width: int = WIDTH, height: int = HEIGHT, sequence: int | None = None
    ) -> int:
        """Send one frame, captured one second after the one before; return its sequence."""
        number = self.next_sequence if sequence is None else sequence
        self.next_sequence = number + 1
        seconds = min(number, 1_000_000)  # the wire's times are smaller than its sequences
        frame = wire.Frame(
            sequence=number,
            captured_at_us=seconds * 1_000_000,
            width=width,
            height=height,
            jpeg=jpeg,
            source_position_us=seconds * 1_000,
        )
        await self.send(wire.CameraMessage(frame=frame))
        return number

    async def complain(
        self, condition: CameraCondition, *, since_us: int = 5, detail: str = ""
    ) -> None:
        """Say what is the matter with the pictures."""
        self._reports += 1
        report = wire.ConditionReport(
            condition=parking.CameraCondition.ValueType(condition),
            since_us=since_us,
            detail=detail,
            number=self._reports,
        )
        await self.send(wire.CameraMessage(condition=report))

    async def read_plan(self) -> wire.CutPlan:
        """Return the next message, which is to be a new plan."""
        message = await self._read()
        assert message.WhichOneof("message") == "plan"
        return message.plan

    async def send_strip(
        self,
        plan: wire.CutPlan,
        state: str,
        places: Sequence[int] | None = None,
        *,
        fine: Sequence[int] = (),
        width: int = WIDTH,
    ) -> wire.FrameAck:
        """Cut a picture of that state by the plan, as a camera does; send some places of it.

        fine: those that come in a JPEG of their own.
        """
        spec = PatchSpec(plan.geometry.size, plan.geometry.margin, plan.geometry.surroundings)
        regions = [corners_of(region) for region in plan.regions]
        shown = range(len(regions)) if places is None else places
        cutter = PatchCutter(regions, width=WIDTH, height=HEIGHT, spec=spec)
        patches = cutter.sample(decoded_picture(state))
        coarse = [place for place in shown if place not in fine]
        jpeg = encode_patches(patches[coarse], quality=80, colour=Colour.QUARTER)
        number = self.next_sequence
        self.next_sequence += 1
        strip = wire.Strip(
            sequence=number,
            captured_at_us=number * 1_000_000,
            width=width,
            height=HEIGHT,
            plan_id=plan.plan_id,
            places=shown,
            jpeg=jpeg + encode_patches(patches[list(fine)], quality=95, colour=Colour.FULL),
            fine=fine,
            fine_at=len(jpeg),
            source_position_us=-1,
        )
        await self.send(wire.CameraMessage(strip=strip))
        ack = await self.read_ack()
        assert ack.sequence == number
        return ack

    async def show(self, state: str, *, times: int = AGREEING) -> wire.FrameAck:
        """Send a picture so many times, each after the ack of the one before; return the last."""
        jpeg = picture(state)
        for _ in range(times):
            number = await self.send_frame(jpeg)
            ack = await self.read_ack()
            assert ack.sequence == number
        return ack

    async def done_writing(self) -> None:
        """Say that no more frames will come."""
        await self._call.done_writing()

    async def finish(self) -> None:
        """End the stream as a camera does whose file is over; returns once the processor has."""
        await self._call.done_writing()
        async with asyncio.timeout(DEADLINE):
            assert await self._call.code() == grpc.StatusCode.OK


def corners_of(region: wire.PlannedRegion) -> list[tuple[float, float]]:
    """Return a planned region's corners as fractions."""
    flat = [value / MILLION for value in region.corners_millionths]
    return list(zip(flat[::2], flat[1::2], strict=True))


async def refusal(camera: FakeCamera) -> tuple[grpc.StatusCode, str]:
    """Connect; return the status and detail with which the camera is refused."""
    try:
        async with camera:
            raise AssertionError("the camera was welcomed")
    except grpc.aio.AioRpcError as error:
        return error.code(), error.details() or ""


async def end_of(camera: FakeCamera) -> tuple[grpc.StatusCode, str]:
    """Return the status and detail with which an open stream ends, reading what comes before."""
    try:
        while True:
            await camera.read_ack()
    except grpc.aio.AioRpcError as error:
        return error.code(), error.details() or ""


async def show_until(camera: FakeCamera, ledger: FakeLedger, state: str, *, batches: int) -> None:
    """Show a picture until the ledger has applied so many batches."""
    for _ in range(2_000):
        await camera.show(state, times=1)
        if len(ledger.applied) >= batches:
            return
    raise AssertionError(f"{len(ledger.applied)} batches after 2000 frames")
