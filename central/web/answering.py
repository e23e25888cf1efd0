"""How an answer leaves: mark in body and headers, entity tag, 304, and bodies that are made once.

The body of a state is made once a change, not once a request: the mark, which differs from request
to request, is put behind what was made.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from hashlib import blake2b

from fastapi import Request
from fastapi.responses import Response

from central.web.answers.marks import LedgerMark, Marked
from central.web.freshness import Mark

NOW = "no-cache"
"""Cache-Control of the present: may be kept, must be asked for again (304)."""
PAST = "public, max-age=31536000, immutable"
"""Cache-Control of what cannot change any more."""

MAX_BODIES = 512
MAX_KEPT_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Body:
    """What is sent, and what its entity tag is made of: both are worked out once."""

    content: bytes
    digest: str

    @classmethod
    def of(cls, content: bytes) -> "Body":
        """Return the body of that content."""
        return cls(content, blake2b(content, digest_size=12).hexdigest())

    def tag(self, mark: Mark) -> str:
        """Return the entity tag: weak, for the mark that goes with it differs each time."""
        return f'W/"{self.digest}{"-stale" if mark.stale else ""}"'


class Bodies:
    """The bodies made last, by what they are made of; the least used go first."""

    def __init__(self) -> None:
        self._made: OrderedDict[Hashable, Body] = OrderedDict()
        self._bytes = 0

    def body(self, key: Hashable, make: Callable[[], Marked]) -> Body:
        """Return what was made for the key, or make it."""
        found = self._made.get(key)
        if found is not None:
            self._made.move_to_end(key)
            return found
        body = unmarked(make())
        if len(body.content) <= MAX_KEPT_BYTES // 4:
            self._made[key] = body
            self._bytes += len(body.content)
        while len(self._made) > MAX_BODIES or self._bytes > MAX_KEPT_BYTES:
            _, dropped = self._made.popitem(last=False)
            self._bytes -= len(dropped.content)
        return body


def unmarked(answer: Marked) -> Body:
    """Return an answer's JSON without its mark."""
    return Body.of(answer.model_dump_json(exclude={"ledger"}).encode())


def answer(
    request: Request, body: Body, mark: Mark, *, cache: str = NOW, tag: str = ""
) -> Response:
    """Return the answer to a request, or 304 if the client has it already.

    body: of `unmarked`. The entity tag is weak, for the mark's age differs each time; it is of
    what else the answer says, and of whether that is stale; or it is `tag`.
    """
    tag = tag or body.tag(mark)
    headers = {"ETag": tag, "Cache-Control": cache, **mark_headers(mark)}
    if _has(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    sent = LedgerMark.of(mark).model_dump_json().encode()
    separator = b"" if body.content == b"{}" else b","
    content = body.content[:-1] + separator + b'"ledger":' + sent + b"}"
    return Response(content, media_type="application/json", headers=headers)


def tagged(
    request: Request, body: bytes, mark: Mark, *, media_type: str, cache: str = NOW
) -> Response:
    """Return a whole body in somebody else's format; its mark is in the headers only."""
    headers = {"ETag": Body.of(body).tag(mark), "Cache-Control": cache, **mark_headers(mark)}
    if _has(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def mark_headers(mark: Mark) -> dict[str, str]:
    """Return the headers that every answer of the ledger's state carries."""
    headers = {"Ledger-Index": str(mark.index), "Ledger-Stale": "true" if mark.stale else "false"}
    if mark.age_us is not None:
        headers["Ledger-Age"] = f"{mark.age_us / 1e6:.3f}"
    return headers


def _has(if_none_match: str | None, tag: str) -> bool:
    if if_none_match is None:
        return False
    asked = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return "*" in asked or tag.removeprefix("W/") in asked
