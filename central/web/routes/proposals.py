"""Proposals of regions from a clip that the operator sends."""

import asyncio
import tempfile

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from central.layout.proposals import propose, sampled
from central.web.answers.proposals import Proposal, ProposalsAnswer
from central.web.problems import Problem
from central.web.routes.parameters import problems
from central.web.site import Site
from central.web.writing import writer

MAX_CLIP_BYTES = 200 * 1024 * 1024

_BODY = {
    "requestBody": {
        "required": True,
        "description": f"a video of a camera that stands still, up to {MAX_CLIP_BYTES >> 20} MiB",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def router(site: Site) -> APIRouter:
    """Return the route."""
    routes = APIRouter(tags=["layouts"])
    # One at a time: it keeps a core busy for seconds, and the same process serves everyone else.
    turn = asyncio.Semaphore(1)

    @routes.post(
        "/proposals",
        response_model=ProposalsAnswer,
        responses=problems(400, 401, 403, 413, 422, 503),
        dependencies=[Depends(writer(site.settings.token))],
        openapi_extra=_BODY,
    )
    async def proposals(request: Request) -> Response:
        """Propose regions from a clip: where cars came to stand or left. The clip is not kept."""
        if turn.locked():
            raise Problem.of(503, "busy", "another clip is looked at; try again in a minute")
        async with turn:
            with tempfile.NamedTemporaryFile(suffix=".video") as file:
                size = 0
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > MAX_CLIP_BYTES:
                        raise Problem.of(
                            413, "too-large", f"a clip may have {MAX_CLIP_BYTES >> 20} MiB; cut it"
                        )
                    file.write(chunk)
                file.flush()
                try:
                    found = await asyncio.to_thread(lambda: propose(sampled(file.name)))
                except ValueError as error:
                    raise Problem.of(422, "bad-value", f"the clip: {error}; send MP4") from error
        answer = ProposalsAnswer(proposals=[Proposal.of(one) for one in found])
        return JSONResponse(answer.model_dump())

    return routes
