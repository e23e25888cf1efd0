"""The operator's pages: files of this package, served as they are; nothing is from elsewhere."""

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from central.web.problems import Problem

STATIC = Path(__file__).parent / "static"

_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
# Pages run no script but their own and load nothing from elsewhere. Styles may be inline: shapes
# are placed by them. Pictures come as blobs, so that one that is missing shows no broken frame.
_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    # Always asked about, answered with 304 while it is the same: an upgrade shows at once.
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True)
class _File:
    content: bytes
    media_type: str
    etag: str

    @classmethod
    def read(cls, path: Path) -> "_File":
        content = path.read_bytes()
        guessed = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
        return cls(
            content=content,
            media_type=guessed or "application/octet-stream",
            etag=f'"{hashlib.sha256(content).hexdigest()[:24]}"',
        )

    def answer(self, request: Request) -> Response:
        headers = {**HEADERS, "ETag": self.etag}
        if request.headers.get("if-none-match") == self.etag:
            return Response(status_code=304, headers=headers)
        return Response(self.content, media_type=self.media_type, headers=headers)


def missing(request: Request) -> Response | None:
    """Return the page for a browser that asked for one which is not there, None for others."""
    path, accepts = request.url.path, request.headers.get("accept", "")
    if path.startswith("/api/") or "text/html" not in accepts:
        return None
    content = (STATIC / "missing.html").read_bytes()
    return Response(content, status_code=404, media_type="text/html", headers=HEADERS)


def router() -> APIRouter:
    """Return the routes of the pages and of what they load. Reads every file once."""
    files = {
        path.relative_to(STATIC).as_posix(): _File.read(path)
        for path in sorted(STATIC.rglob("*"))
        if path.is_file()
    }
    routes = APIRouter(include_in_schema=False)

    def page(path: str, name: str) -> None:
        async def show(request: Request) -> Response:
            return files[name].answer(request)

        routes.add_api_route(path, show, methods=["GET", "HEAD"])

    page("/", "lots.html")
    page("/lots/{lot_id}", "lot.html")
    page("/lots/{lot_id}/edit", "edit.html")
    page("/cluster", "cluster.html")
    page("/audit", "audit.html")
    page("/board/{lot_id}", "board.html")
    page("/favicon.ico", "icon.svg")

    @routes.api_route("/static/{path:path}", methods=["GET", "HEAD"])
    async def static(request: Request, path: str) -> Response:
        # Only what was read at the start can be asked for: no path leads out of the folder.
        if path not in files:
            raise Problem.of(404, "not-found", f"nothing is at {request.url.path}")
        return files[path].answer(request)

    return routes
