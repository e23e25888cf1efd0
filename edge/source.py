"""What `--source` names, and what may be said about it in a log."""

import enum
import glob
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import click

from node.errors import UsageError

_WEBCAM = re.compile(r"(?:/dev/video)?([0-9]{1,3})")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_URL_KINDS = {"rtsp": "rtsp", "rtsps": "rtsp", "http": "mjpeg", "https": "mjpeg"}


class SourceKind(enum.Enum):
    """The values go into CameraHello.source_kind."""

    FILE = "file"
    WEBCAM = "webcam"
    RTSP = "rtsp"
    MJPEG = "mjpeg"
    STILLS = "stills"


@dataclass(frozen=True)
class Source:
    """A video source.

    location: path, folder or pattern, webcam index in digits or path, or URL. Kept out of repr: a
    URL may hold a password.
    name: what logs and messages call it; never a user, password, path or query of a URL.
    """

    kind: SourceKind
    location: str = field(repr=False)
    name: str

    @property
    def live(self) -> bool:
        """True if it plays at a pace of its own and comes back after a loss."""
        return self.kind is not SourceKind.FILE


def parse_source(text: str) -> Source:
    """Read FILE, FOLDER, PATTERN, INDEX, /dev/videoINDEX, rtsp://… or http://….

    Raises UsageError for anything else.
    """
    if webcam := _WEBCAM.fullmatch(text):
        return Source(SourceKind.WEBCAM, webcam[1], f"webcam {int(webcam[1])}")
    if scheme := _SCHEME.match(text):
        return _parse_url(text, scheme[1].lower())
    if not text:
        raise UsageError("source '': name a file, a folder, a webcam's index or an address")
    path = Path(text)
    if path.is_char_device() and _WEBCAM.fullmatch(str(path.resolve())):
        # A name such as /dev/v4l/by-id/…: kept, as the index may be another after plugging in.
        return Source(SourceKind.WEBCAM, text, f"webcam {text}")
    if path.is_dir():
        return Source(SourceKind.STILLS, text, text)
    if path.is_file():
        return Source(SourceKind.FILE, text, text)
    if path.exists():
        raise UsageError(f"source '{text}' is neither a file nor a folder")
    if glob.has_magic(text):
        return Source(SourceKind.STILLS, text, text)
    raise UsageError(
        f"source '{text}': no such file or folder (a webcam is an index such as 0, "
        "a network camera rtsp://HOST/… or http://HOST/…)"
    )


def _parse_url(url: str, scheme: str) -> Source:
    name = redact(url)
    kind = _URL_KINDS.get(scheme)
    if kind is None:
        raise UsageError(
            f"source '{name}': '{scheme}' is not supported; use a video file, a folder of stills, "
            "a webcam index, rtsp://HOST/… or http://HOST/…"
        )
    if name.endswith("://…"):
        raise UsageError(
            f"source '{name}' names no host: write {scheme}://[USER:PASSWORD@]HOST[:PORT]/PATH, "
            "with '/', '?', '#', '@' and ':' in a password written as %2F, %3F, %23, %40 and %3A"
        )
    return Source(SourceKind(kind), url, name)


def redact(url: str) -> str:
    """Return scheme, host and port of `url` and nothing else.

    Cameras take passwords before the host, in the query and even in the path, so all of them
    go. If an unescaped character makes it doubtful where the host begins, the host goes too.
    """
    scheme, _, rest = url.partition("://")
    hidden = f"{scheme}://…"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return hidden
    stray_at = rest.count("@") > parts.netloc.count("@") or parts.netloc.count("@") > 1
    if not host or stray_at:
        return hidden
    bracketed = f"[{host}]" if ":" in host else host
    return f"{scheme}://{bracketed}{f':{port}' if port else ''}/…"


class SourceType(click.ParamType[Source]):
    """A click parameter that is a video source."""

    name = "FILE|FOLDER|INDEX|rtsp://…|http://…"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Source:
        if isinstance(value, Source):
            return value
        try:
            return parse_source(str(value))
        except UsageError as error:
            self.fail(str(error), param, ctx)
