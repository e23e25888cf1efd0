"""Asks processors for pictures and previews. The only file of the web that knows their wire."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

import grpc
import grpc.aio

from central.layout.document import Corner
from central.web.problems import Problem
from node.address import Address
from protos import parking_pb2, picture_pb2
from protos.picture_pb2_grpc import PictureServiceStub

if TYPE_CHECKING:  # the generated stubs know it, the generated code does not
    from protos.picture_pb2_grpc import PictureServiceAsyncStub

KEPT_S = 0.5
"""Seconds for which a picture serves all who look: a crowd costs the processor one viewer."""
MAX_KEPT = 64
MAX_PICTURE = 16 * 1024 * 1024
TIME_OUT_S = 3.0

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Picture:
    """A camera's last picture."""

    jpeg: bytes
    captured_at_us: int
    width: int
    height: int


@dataclass(frozen=True)
class Preview:
    """What the classifier says of regions, in their order."""

    probabilities: tuple[float, ...]
    occupied_above: float
    vacant_below: float
    captured_at_us: int


class Pictures:
    """The processors that may be asked, and what they showed last. Make it in an event loop."""

    def __init__(self, processors: Sequence[Address]) -> None:
        options = [("grpc.max_receive_message_length", MAX_PICTURE)]
        self._channels = [
            grpc.aio.insecure_channel(str(address), options=options) for address in processors
        ]
        self._kept: dict[str, tuple[float, Picture]] = {}
        self._asking: dict[str, asyncio.Task[Picture]] = {}

    async def picture(self, camera_id: str) -> Picture:
        """Return a camera's last picture, at most half a second old; raises Problem."""
        kept = self._kept.get(camera_id)
        if kept is not None and time.monotonic() - kept[0] < KEPT_S:
            return kept[1]
        if camera_id not in self._asking:
            asking = asyncio.create_task(self._picture(camera_id))
            asking.add_done_callback(lambda _: self._asking.pop(camera_id, None))
            self._asking[camera_id] = asking
        return await asyncio.shield(self._asking[camera_id])

    async def preview(self, camera_id: str, regions: Sequence[Sequence[Corner]]) -> Preview:
        """Return what the classifier says of quadrilaterals in millionths; raises Problem."""
        request = picture_pb2.PreviewRequest(
            camera_id=camera_id,
            regions=[
                parking_pb2.Region(
                    corners=[parking_pb2.Corner(x_millionths=x, y_millionths=y) for x, y in region]
                )
                for region in regions
            ],
        )
        found = await self._any(camera_id, lambda stub: stub.Preview(request, timeout=TIME_OUT_S))
        return Preview(
            tuple(found.probabilities),
            found.occupied_above,
            found.vacant_below,
            found.captured_at_us,
        )

    async def close(self) -> None:
        """Close connections."""
        await asyncio.gather(*(channel.close() for channel in self._channels))

    async def _picture(self, camera_id: str) -> Picture:
        request = picture_pb2.GetPictureRequest(camera_id=camera_id)
        found = await self._any(
            camera_id, lambda stub: stub.GetPicture(request, timeout=TIME_OUT_S)
        )
        picture = Picture(found.jpeg, found.captured_at_us, found.width, found.height)
        self._kept.pop(camera_id, None)
        self._kept[camera_id] = (time.monotonic(), picture)
        while len(self._kept) > MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        return picture

    async def _any(
        self, camera_id: str, ask: "Callable[[PictureServiceAsyncStub], Awaitable[Answer]]"
    ) -> Answer:
        """Ask the processors in turn: the one that the camera streams to now has its picture."""
        if not self._channels:
            raise Problem.of(
                404, "no-picture", "no processor is known here: start with --processor"
            )
        fault = ""
        for channel in self._channels:
            try:
                stub = cast("PictureServiceAsyncStub", PictureServiceStub(channel))
                return await ask(stub)
            except grpc.aio.AioRpcError as error:
                match error.code():
                    case grpc.StatusCode.INVALID_ARGUMENT:
                        raise Problem.of(422, "bad-value", error.details() or "") from error
                    case grpc.StatusCode.RESOURCE_EXHAUSTED:
                        fault = "the processor is busy"
                    case grpc.StatusCode.NOT_FOUND | grpc.StatusCode.UNIMPLEMENTED:
                        pass
                    case code:
                        fault = f"a processor does not answer ({code.name})"
        if fault:
            raise Problem.of(503, "no-picture", fault, headers={"Retry-After": "1"})
        raise Problem.of(
            404,
            "no-picture",
            f"no processor holds a picture of camera '{camera_id}': it is private, or does not "
            "stream, or its processor runs without --pictures",
        )
