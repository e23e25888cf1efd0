"""A network camera that sends JPEGs over HTTP, one after the other.

Read here and not by FFmpeg, which decodes every picture: here only those are that will be sent.
"""

import http.client
import logging
import urllib.error
import urllib.request
from typing import Self
from urllib.parse import unquote, urlsplit, urlunsplit

from edge.frames import Image
from edge.http_login import opener_for
from edge.multipart import NotMultipart, PartReader, boundary_of
from edge.pictures import decode_picture
from edge.reader import READ_TIMEOUT_S, SourceUnavailable
from edge.source import Source

logger = logging.getLogger(__name__)

_CHUNK_BYTES = 64 * 1024
_GUESSED_INTERVAL_S = 0.1


class JpegStreamReader:
    """A Reader of multipart/x-mixed-replace."""

    piles_up = False

    def __init__(self, response: http.client.HTTPResponse, parts: PartReader, name: str) -> None:
        self._response = response
        self._parts = parts
        self._name = name
        self._waiting: list[tuple[bytes, int]] = []  # bounded: what one chunk completes
        self._jpeg = b""
        self._stamp_us = 0

    @classmethod
    def open(cls, source: Source) -> Self:
        """Open `source`; raises SourceUnavailable, which never holds what its URL holds."""
        url, user, password = _split_credentials(source.location)
        request = urllib.request.Request(url, headers={"Accept": "multipart/x-mixed-replace, */*"})
        try:
            response = opener_for(url, user, password).open(request, timeout=READ_TIMEOUT_S)
        except urllib.error.HTTPError as error:
            advice = ": check user and password" if error.code in (401, 403) else ""
            raise SourceUnavailable(f"{source.name} answers {error.code}{advice}") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise SourceUnavailable(f"{source.name} cannot be opened ({_kind(reason)})") from None
        try:
            boundary = boundary_of(response.headers.get("Content-Type", ""))
        except NotMultipart as error:
            response.close()
            raise SourceUnavailable(f"{source.name} is no camera's stream: {error}") from None
        return cls(response, PartReader(boundary), source.name)

    @property
    def interval_s(self) -> float:
        return _GUESSED_INTERVAL_S

    def grab(self) -> bool:
        try:
            while not self._waiting:
                data = self._response.read1(_CHUNK_BYTES)
                if not data:
                    return False
                for part in self._parts.feed(data):
                    if part.body:
                        self._waiting.append(
                            (part.body, _stamp_us(part.headers.get("x-timestamp")))
                        )
        except (OSError, http.client.HTTPException, NotMultipart) as error:
            logger.debug("%s: %s", self._name, error)
            return False
        self._jpeg, self._stamp_us = self._waiting.pop(0)
        return True

    def position_us(self) -> int:
        return self._stamp_us

    def captured_at_us(self) -> int | None:
        return None

    def retrieve(self) -> Image | None:
        return decode_picture(self._jpeg)

    def interrupt(self) -> None:
        """Nothing ends a blocked read of a socket from outside; the time-out does."""

    def release(self) -> None:
        self._response.close()


def _split_credentials(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    bare = urlunsplit(parts._replace(netloc=host))
    return bare, unquote(parts.username or ""), unquote(parts.password or "")


def _kind(reason: object) -> str:
    """Name the trouble without quoting anything that may hold what the URL holds."""
    if isinstance(reason, TimeoutError):
        return f"no answer in {READ_TIMEOUT_S:g} s"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return type(reason).__name__


def _stamp_us(text: str | None) -> int:
    """Read X-Timestamp, seconds with a fraction, as several servers send it; 0 if there is none."""
    try:
        seconds = float(text or 0)
    except ValueError:
        return 0
    return round(seconds * 1e6) if 0 < seconds < 1e11 else 0
