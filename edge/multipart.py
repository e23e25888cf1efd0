"""PURE: the parts of a multipart/x-mixed-replace body, as network cameras send pictures (MJPEG).

RFC 2046, section 5.1, as far as cameras keep to it: some leave out Content-Length, some write the
boundary with its dashes already in the header, some put no line end before it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MAX_PART_BYTES = 32 * 2**20
_MAX_HEADER_BYTES = 16 * 2**10
_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


class NotMultipart(ValueError):
    """What came does not keep to the format; the message is one line."""


@dataclass(frozen=True)
class Part:
    """headers: names in lower case."""

    headers: Mapping[str, str]
    body: bytes


def boundary_of(content_type: str) -> bytes:
    """Return the delimiter, dashes included, that a Content-Type names; raises NotMultipart."""
    if not content_type.lower().startswith("multipart/"):
        raise NotMultipart(f"it sends '{content_type or 'no content type'}', not a stream of JPEGs")
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise NotMultipart(f"its content type '{content_type}' names no boundary")
    return b"--" + (found[1] or found[2]).removeprefix("--").encode("latin-1")


class PartReader:
    """Bytes in, whole parts out. Bounded by the largest part."""

    def __init__(self, boundary: bytes) -> None:
        self._boundary = boundary
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Part]:
        """Take what came; yield the parts that are complete. Raises NotMultipart."""
        self._buffer += data
        while (part := self._next()) is not None:
            yield part
        if len(self._buffer) > MAX_PART_BYTES:
            raise NotMultipart(f"a picture of more than {MAX_PART_BYTES} bytes came")

    def _next(self) -> Part | None:
        start = self._buffer.find(self._boundary)
        if start < 0:
            return None
        begin = start + len(self._boundary)
        blank = _BLANK_LINE.search(self._buffer, begin)
        if blank is None:
            if len(self._buffer) - begin > _MAX_HEADER_BYTES:
                raise NotMultipart("a part's header has no end")
            return None
        headers = _headers(bytes(self._buffer[begin : blank.start()]))
        end = self._end(headers, blank.end())
        if end is None:
            return None
        part = Part(headers, bytes(self._buffer[blank.end() : end]))
        del self._buffer[:end]
        return part

    def _end(self, headers: Mapping[str, str], body: int) -> int | None:
        """Return where the part ends, None if that has not come yet."""
        length = headers.get("content-length", "")
        if length.isdigit():
            end = body + int(length)
            if end - body > MAX_PART_BYTES:
                raise NotMultipart(f"a picture of {length} bytes was announced")
            return end if end <= len(self._buffer) else None
        end = self._buffer.find(self._boundary, body)
        return end if end >= 0 else None


def _headers(lines: bytes) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines.decode("latin-1").splitlines() if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
