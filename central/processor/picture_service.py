"""PictureService: what a camera last showed, and what the classifier would say of regions."""

import asyncio
from typing import NoReturn

import grpc
import grpc.aio

from central.layout.document import MILLION, Camera, Corner, Region
from central.layout.geometry import quadrilateral_fault
from central.processor.camera_view import CameraView
from central.processor.frames import Frame, Verdict
from central.processor.pictures import Pictures
from central.processor.pipeline import Workers
from protos import parking_pb2
from protos import picture_pb2 as wire
from protos.picture_pb2_grpc import PictureServiceServicer

MAX_REGIONS = 1000
MAX_WAITING = 4
"""Previews at a time: drawing must not take the workers from the cameras."""

_Context = grpc.aio.ServicerContext[object, object]


class PictureService(PictureServiceServicer):
    """Answers one processor's `--pictures`."""

    def __init__(self, processor_id: str, *, pictures: Pictures, workers: Workers) -> None:
        self._processor_id = processor_id
        self._pictures = pictures
        self._workers = workers
        self._previews = 0

    async def GetPicture(  # noqa: N802
        self, request: wire.GetPictureRequest, context: _Context
    ) -> wire.GetPictureResponse:
        """See picture.proto."""
        frame = await self._latest(request.camera_id, context)
        return wire.GetPictureResponse(
            jpeg=frame.jpeg,
            captured_at_us=frame.captured_at_us,
            width=frame.width,
            height=frame.height,
            processor_id=self._processor_id,
        )

    async def Preview(  # noqa: N802
        self, request: wire.PreviewRequest, context: _Context
    ) -> wire.PreviewResponse:
        """See picture.proto."""
        frame = await self._latest(request.camera_id, context)
        try:
            regions = regions_of(request)
        except ValueError as error:
            await _abort(context, grpc.StatusCode.INVALID_ARGUMENT, str(error))
        if self._previews >= MAX_WAITING:
            await _abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "others preview now")
        self._previews += 1
        try:
            return await self._preview(Camera(request.camera_id, regions=regions), frame, context)
        finally:
            self._previews -= 1

    async def _preview(
        self, camera: Camera, frame: Frame, context: _Context
    ) -> wire.PreviewResponse:
        view = CameraView(camera, layout_version=0, spec=self._workers.classifier.spec)
        async with self._workers.turn:
            result = await self._workers.classify(view, frame)
        if isinstance(result, Verdict):
            await _abort(context, grpc.StatusCode.INVALID_ARGUMENT, result.detail)
        thresholds = self._workers.classifier.thresholds
        return wire.PreviewResponse(
            probabilities=[float(value) for value in result.probabilities],
            occupied_above=thresholds.occupied_above,
            vacant_below=thresholds.vacant_below,
            captured_at_us=frame.captured_at_us,
        )

    async def _latest(self, camera_id: str, context: _Context) -> Frame:
        frame = self._pictures.latest(camera_id)
        if frame is None:
            detail = f"no picture of camera '{camera_id[:80]}' is here: it streams none to us"
            await _abort(context, grpc.StatusCode.NOT_FOUND, detail)
        return frame


def regions_of(request: wire.PreviewRequest) -> tuple[Region, ...]:
    """Check and convert the regions; raises ValueError, in words for a person."""
    if not 1 <= len(request.regions) <= MAX_REGIONS:
        raise ValueError(f"{len(request.regions)} regions: give 1 to {MAX_REGIONS}")
    return tuple(_region(number, region) for number, region in enumerate(request.regions))


def _region(number: int, region: parking_pb2.Region) -> Region:
    corners: list[Corner] = [(one.x_millionths, one.y_millionths) for one in region.corners]
    if len(corners) != 4:
        raise ValueError(f"region {number}: has {len(corners)} corners; give four")
    if any(not 0 <= value <= MILLION for corner in corners for value in corner):
        raise ValueError(f"region {number}: a corner lies outside the picture")
    first, second, third, fourth = corners
    quadrilateral = (first, second, third, fourth)
    if (fault := quadrilateral_fault(quadrilateral)) is not None:
        raise ValueError(f"region {number}: {fault}")
    return Region(region.spot_id or f"region-{number}", quadrilateral)


async def _abort(context: _Context, code: grpc.StatusCode, detail: str) -> NoReturn:
    await context.abort(code, detail)
    raise asyncio.CancelledError("abort returned")
