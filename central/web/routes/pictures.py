"""A camera's latest picture, and a preview of the classifier's answer on it."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from central.layout.geometry import quantise
from central.web.answers.pictures import PreviewAnswer, PreviewRequest
from central.web.instants import text_of
from central.web.pictures import Picture
from central.web.reading import Reader
from central.web.routes.cameras import unknown_camera
from central.web.routes.parameters import CameraId, problems
from central.web.writing import writer


def router(reader: Reader) -> APIRouter:
    """Return the routes."""
    site = reader.site
    routes = APIRouter(tags=["cameras"])

    def check(camera_id: str) -> None:
        lots = (held.state.layout for held in site.view.lots.values())
        if not any(layout is not None and layout.camera(camera_id) for layout in lots):
            raise unknown_camera(camera_id)

    @routes.get(
        "/cameras/{camera_id}/picture",
        response_class=Response,
        status_code=200,
        responses={
            200: {"description": "its last picture", "content": {"image/jpeg": {}}},
            304: {"description": "as the client has it (If-None-Match)"},
            **problems(404, 422, 503),
        },
    )
    async def picture(request: Request, camera_id: CameraId) -> Response:
        """Return a camera's last picture, where processors are started with --pictures."""
        check(camera_id)
        return _answer(request, await site.pictures.picture(camera_id))

    @routes.post(
        "/cameras/{camera_id}/preview",
        response_model=PreviewAnswer,
        responses=problems(400, 401, 403, 404, 422, 503),
        dependencies=[Depends(writer(site.settings.token))],
    )
    async def preview(camera_id: CameraId, asked: PreviewRequest) -> PreviewAnswer:
        """Return what the classifier says of regions in the last picture; records nothing.

        It takes the processor's time, so it needs the token, as writing does.
        """
        check(camera_id)
        regions = [[(quantise(x), quantise(y)) for x, y in region] for region in asked.regions]
        return PreviewAnswer.of(await site.pictures.preview(camera_id, regions))

    return routes


def _answer(request: Request, picture: Picture) -> Response:
    tag = f'"{picture.captured_at_us}"'
    headers = {
        "ETag": tag,
        # Pictures may show people: no cache on the way keeps them.
        "Cache-Control": "private, no-cache",
        "Captured-At": text_of(picture.captured_at_us),
        "Picture-Size": f"{picture.width}x{picture.height}",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(picture.jpeg, media_type="image/jpeg", headers=headers)
