"""Errors as RFC 9457 problem details, for every way in which a request can fail."""

import logging
from collections.abc import Callable, Mapping
from typing import Self

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from central.ledger.interface import LedgerError, LedgerRefused, LedgerUnavailable, VersionConflict
from node.errors import ParkledgerError, UsageError

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2
"""Seconds after which a ledger that was away has usually elected a primary."""

_TITLES = {
    400: "The request cannot be read",
    401: "A token is needed",
    403: "This is not allowed here",
    404: "There is no such thing",
    405: "The method does not go with this address",
    409: "Someone else was first",
    412: "The lot is at another version",
    413: "The request is too large",
    415: "The body is of another type",
    422: "A value is wrong",
    428: "The version that is to be replaced must be named",
    500: "The service has a fault of its own",
    503: "Not now",
}


class ProblemDetails(BaseModel):
    """RFC 9457. `type` names the kind of problem for programs, `detail` is for people."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(examples=["urn:parkledger:problem:unknown-lot"])
    title: str
    status: int
    detail: str
    instance: str = Field(description="path of the request")


class Problem(Exception):
    """Ends a request with problem details."""

    def __init__(self, details: ProblemDetails, headers: Mapping[str, str]) -> None:
        super().__init__(details.detail)
        self.details = details
        self.headers = dict(headers)

    @classmethod
    def of(
        cls, status: int, kind: str, detail: str, *, headers: Mapping[str, str] | None = None
    ) -> Self:
        """Return the problem of that kind, such as "unknown-lot"."""
        details = ProblemDetails(
            type=f"urn:parkledger:problem:{kind}",
            title=_TITLES.get(status, "The request failed"),
            status=status,
            detail=" ".join(detail.split()),
            instance="",
        )
        return cls(details, headers or {})


def problem_of(error: ParkledgerError) -> Problem:
    """Return what an error of the ledger is to a client of this API."""
    match error:
        case VersionConflict():
            return Problem.of(412, "version-conflict", str(error))
        case LedgerRefused() | UsageError():
            return Problem.of(422, "refused", str(error))
        case LedgerUnavailable() | LedgerError():
            return away(str(error))
    return Problem.of(500, "fault", str(error))


def away(detail: str) -> Problem:
    """Return the problem of a ledger that does not answer."""
    return Problem.of(503, "ledger-away", detail, headers={"Retry-After": str(RETRY_AFTER_S)})


def respond(request: Request, problem: Problem) -> Response:
    """Return a problem as an answer."""
    details = problem.details.model_copy(update={"instance": request.url.path})
    return JSONResponse(
        details.model_dump(),
        status_code=details.status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **problem.headers},
    )


def install(app: FastAPI, *, missing: Callable[[Request], Response | None]) -> None:
    """Make the application answer every error with problem details.

    missing: what is answered instead where nothing is at a path, None: problem details.
    """

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return respond(request, error)

    async def on_ledger(request: Request, error: Exception) -> Response:
        assert isinstance(error, ParkledgerError)
        return respond(request, problem_of(error))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404 and (page := missing(request)) is not None:
            return page
        detail = {
            404: f"nothing is at {request.url.path}; see /docs",
            405: f"{request.method} {request.url.path}: see /docs for what can be asked",
        }.get(error.status_code, str(error.detail))
        kind = {404: "not-found", 405: "method"}.get(error.status_code, "http")
        problem = Problem.of(error.status_code, kind, detail, headers=error.headers)
        return respond(request, problem)

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return respond(request, Problem.of(422, "bad-value", _validation_detail(error)))

    async def on_fault(request: Request, error: Exception) -> Response:
        # The traceback is in the log; a client gets no inner detail.
        logger.error("fault path=%s", request.url.path, exc_info=error)
        return respond(request, Problem.of(500, "fault", "see the log of the web service"))

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(ParkledgerError, on_ledger)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(Exception, on_fault)


def _validation_detail(error: RequestValidationError) -> str:
    faults = []
    for one in error.errors()[:5]:
        place = ".".join(str(part) for part in one["loc"][1:]) or str(one["loc"][0])
        faults.append(f"{place[:80]}: {one['msg']}")
    return "; ".join(faults)
