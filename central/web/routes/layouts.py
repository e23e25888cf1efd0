"""Layouts: read, and write with a check that nobody else wrote first."""

import json
import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse, Response

from central.layout.document import Layout
from central.layout.toml import layout_of_tables, tables_of_layout
from central.ledger.interface import LedgerUnavailable
from central.ledger.records import ApplyResult
from central.web.answering import answer, unmarked
from central.web.answers.layouts import EXAMPLE, Applied, LayoutAnswer
from central.web.problems import Problem
from central.web.reading import Reader
from central.web.routes.parameters import READ, At, Fresh, LotId, problems
from central.web.writing import writer

MAX_LAYOUT_BYTES = 4 * 1024 * 1024
_VERSION_TAG = re.compile(r'(?:W/)?"v(\d{1,18})"')

_BODY = {
    "requestBody": {
        "required": True,
        "description": "the whole layout, as GET gives it under `layout`",
        "content": {"application/json": {"schema": {"type": "object"}, "example": EXAMPLE}},
    }
}

IfMatch = Annotated[
    str | None,
    Header(description='the version that is replaced, as the ETag of GET: "v3"', max_length=40),
]
IfNoneMatch = Annotated[
    str | None, Header(description="* where the lot must be new", max_length=40)
]


def router(reader: Reader) -> APIRouter:
    """Return the routes."""
    site = reader.site
    routes = APIRouter(tags=["layouts"])
    check = writer(site.settings.token)

    @routes.get("/lots/{lot_id}/layout", response_model=LayoutAnswer, responses=READ)
    async def layout(
        request: Request, lot_id: LotId, at: At = None, fresh: Fresh = False
    ) -> Response:
        """Return a lot's layout. Its ETag is what PUT wants as If-Match."""
        moment = await reader.moment((lot_id,), at=at, fresh=fresh)
        lot, document = moment.lot(lot_id)
        body = LayoutAnswer(version=lot.layout_version, layout=tables_of_layout(document))
        tag = f'"v{lot.layout_version}"'
        return answer(request, unmarked(body), moment.mark, cache=moment.cache, tag=tag)

    @routes.put(
        "/lots/{lot_id}/layout",
        response_model=Applied,
        responses=problems(400, 401, 403, 412, 413, 415, 422, 428, 503),
        dependencies=[Depends(check)],
        openapi_extra=_BODY,
    )
    async def put_layout(
        request: Request, lot_id: LotId, if_match: IfMatch = None, if_none_match: IfNoneMatch = None
    ) -> Response:
        """Commit a new layout of a lot, if it is still at the version that was read."""
        expected = _expected(if_match, if_none_match)
        document = _layout(await _json(request), lot_id)
        applied = await _apply(reader, document, expected)
        content = Applied(index=applied.index, version=applied.version, changed=applied.changed)
        headers = {"ETag": f'"v{applied.version}"', "Ledger-Index": str(applied.index)}
        return JSONResponse(content.model_dump(), headers=headers)

    return routes


async def _apply(reader: Reader, document: Layout, expected: int) -> ApplyResult:
    ledger = reader.site.ledger
    try:
        return await ledger.apply(document, expected_version=expected)
    except LedgerUnavailable as error:
        raise Problem.of(
            503,
            "outcome-unknown",
            f"{error}; read the layout before you write again",
            headers={"Retry-After": "2"},
        ) from error


def _expected(if_match: str | None, if_none_match: str | None) -> int:
    """Return the version that is to be replaced; 0 where the lot is to be new."""
    if if_match is None and if_none_match == "*":
        return 0
    if if_match is None:
        raise Problem.of(
            428,
            "version-needed",
            "send If-Match with the ETag of the layout that you replace, or If-None-Match: * "
            "for a new lot",
        )
    matched = _VERSION_TAG.fullmatch(if_match.strip())
    if matched is None:
        raise Problem.of(
            412, "version-conflict", f'If-Match {if_match}: give one ETag of GET, such as "v3"'
        )
    return int(matched[1])


async def _json(request: Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if kind != "application/json":
        raise Problem.of(415, "media-type", f"content-type '{kind[:60]}': send application/json")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_LAYOUT_BYTES:
            raise Problem.of(413, "too-large", f"a layout may have {MAX_LAYOUT_BYTES} bytes")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Problem.of(400, "bad-json", f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Problem.of(422, "bad-value", "layout: write a JSON object with lot, spots, cameras")
    return value


def _layout(value: dict[str, Any], lot_id: str) -> Layout:
    document = layout_of_tables(value, source="layout")
    if document.lot_id != lot_id:
        raise Problem.of(
            422, "bad-value", f"layout: lot.id is '{document.lot_id}', the address says '{lot_id}'"
        )
    return document
