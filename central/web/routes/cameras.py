"""Cameras: what they see, and what is the matter with them."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from central.web.answering import answer, unmarked
from central.web.answers.cameras import Camera, CameraAnswer, CamerasAnswer
from central.web.paging import page_of
from central.web.problems import Problem
from central.web.reading import Moment, Reader, with_layout
from central.web.routes.parameters import READ, CameraId, Limit, LotId, Page


def router(reader: Reader) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["cameras"], responses=READ)

    def respond(request: Request, cameras: list[Camera], limit: int, page: str | None) -> Response:
        cameras.sort(key=lambda camera: camera.id)
        shown, following = page_of(cameras, key=lambda one: one.id, token=page, limit=limit)
        body = unmarked(CamerasAnswer(cameras=shown, next_page=following))
        return answer(request, body, reader.site.mark())

    @routes.get("/cameras", response_model=CamerasAnswer)
    async def cameras(request: Request, limit: Limit = 100, page: Page = None) -> Response:
        """Return the cameras of all lots by id, with their regions and conditions."""
        moment = await reader.moment(at=None, fresh=False)
        return respond(request, cameras_of(moment), limit, page)

    @routes.get("/lots/{lot_id}/cameras", response_model=CamerasAnswer)
    async def cameras_of_lot(
        request: Request, lot_id: LotId, limit: Limit = 100, page: Page = None
    ) -> Response:
        """Return the cameras of one lot by id."""
        moment = await reader.moment((lot_id,), at=None, fresh=False)
        _, layout = moment.lot(lot_id)
        held = moment.view.lots[lot_id]
        found = [Camera.of_layout(held, camera) for camera in layout.cameras]
        return respond(request, found, limit, page)

    @routes.get("/cameras/{camera_id}", response_model=CameraAnswer)
    async def camera(request: Request, camera_id: CameraId) -> Response:
        """Return one camera."""
        moment = await reader.moment(at=None, fresh=False)
        for one in cameras_of(moment):
            if one.id == camera_id:
                return answer(request, unmarked(CameraAnswer(camera=one)), reader.site.mark())
        raise unknown_camera(camera_id)

    return routes


def cameras_of(moment: Moment) -> list[Camera]:
    """Return the cameras of all lots."""
    return [
        Camera.of_layout(held, camera)
        for held in moment.view.lots.values()
        for camera in with_layout(held.state)[1].cameras
    ]


def unknown_camera(camera_id: str) -> Problem:
    """Return the problem of a camera that no layout has."""
    return Problem.of(
        404, "unknown-camera", f"camera '{camera_id[:80]}' is in no layout; see /api/v1/cameras"
    )
