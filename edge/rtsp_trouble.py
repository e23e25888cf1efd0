"""Why an RTSP camera cannot be opened, which FFmpeg tells nobody but its own log.

One DESCRIBE without credentials (RFC 2326, 10.2): its status, or the socket's error, says enough to
know what to mend. Nothing of the URL but its host is ever quoted.
"""

import socket
from urllib.parse import urlsplit, urlunsplit

from edge.source import Source

_TIMEOUT_S = 2.0
_DEFAULT_PORT = 554
_STATUS_BYTES = 64


def explain_refusal(source: Source) -> str:
    """Return one line: that the source cannot be opened, and why if that can be told."""
    parts = urlsplit(source.location)
    plain = f"{source.name} cannot be opened"
    if parts.scheme.lower() != "rtsp" or not parts.hostname:
        return plain
    url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    try:
        status = _describe(parts.hostname, parts.port or _DEFAULT_PORT, url)
    except TimeoutError:
        return f"{plain}: no answer in {_TIMEOUT_S:g} s"
    except (OSError, ValueError) as error:  # ValueError: a host that no resolver takes
        reason = error.strerror if isinstance(error, OSError) else None
        return f"{plain}: {reason or 'the connection failed'}"
    match status:
        case 401 | 403 if parts.username:
            advice = "check user and password, with special characters written as %XX"
            return f"{plain}: it refuses this login; {advice}"
        case 401 | 403:
            return f"{plain}: it asks for a login; write {parts.scheme}://USER:PASSWORD@HOST/PATH"
        case 404:
            return f"{plain}: it has no such stream; check the path"
    return plain


def _describe(host: str, port: int, url: str) -> int | None:
    """Return the status of the answer, None if it is no RTSP; raises OSError."""
    request = f"DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n"
    with socket.create_connection((host, port), timeout=_TIMEOUT_S) as connection:
        connection.sendall(request.encode("utf-8", "replace"))
        line = connection.recv(_STATUS_BYTES)
    words = line.split(maxsplit=2)
    if len(words) < 2 or not words[0].startswith(b"RTSP/") or not words[1].isdigit():
        return None
    return int(words[1])
