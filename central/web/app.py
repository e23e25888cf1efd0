"""The application: routes, errors, and the OpenAPI document."""

from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse

from central.web import pages, problems
from central.web.docs_page import docs_page
from central.web.reading import Reader
from central.web.routes import (
    audit,
    cameras,
    cluster,
    events,
    exports,
    layouts,
    lots,
    past,
    pictures,
    proposals,
)
from central.web.site import Site

_DESCRIPTION = """\
Parking occupancy as the ledger committed it.

Every answer carries the ledger's applied index and its age, in `ledger` and in the headers
`Ledger-Index`, `Ledger-Age` (seconds) and `Ledger-Stale`. Times are UTC with their offset; a lot's
`time_zone` is for display only. Errors are problem details (RFC 9457).
"""


def create_app(site: Site) -> FastAPI:
    """Return the application of a site; nothing of the site is started."""
    app = FastAPI(
        title="Parkledger",
        version=version("parkledger"),
        description=_DESCRIPTION,
        docs_url=None,  # FastAPI's own page loads its script from elsewhere
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    problems.install(app, missing=pages.missing)
    if site.settings.allow_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=site.settings.allow_origins,
            allow_methods=["GET"],  # nobody writes from another site
            expose_headers=["ETag", "Ledger-Age", "Ledger-Index", "Ledger-Stale"],
        )
    api = APIRouter(prefix="/api/v1")
    reader = Reader(site)
    api.include_router(lots.router(reader))
    api.include_router(cameras.router(reader))
    api.include_router(pictures.router(reader))
    api.include_router(past.router(reader))
    api.include_router(layouts.router(reader))
    api.include_router(exports.router(reader))
    api.include_router(cluster.router(reader))
    api.include_router(events.router(site))
    api.include_router(proposals.router(site))
    api.include_router(audit.router(reader))
    app.include_router(api)
    app.include_router(pages.router())

    @app.get("/docs", include_in_schema=False, response_class=HTMLResponse)
    async def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(app.openapi()), headers=pages.HEADERS)

    return app
