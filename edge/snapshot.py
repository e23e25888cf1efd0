"""One frame of a source as a picture: what people draw regions on."""

import time
from collections.abc import Callable
from pathlib import Path

from edge.capture import check_file
from edge.encode import encode_jpeg
from edge.frames import Image
from edge.reader import Reader, SourceUnavailable
from edge.readers import open_source
from edge.source import Source, SourceKind
from edge.stills import holds_picture
from node.errors import OperationError, UsageError
from node.files import write_whole

_QUALITY = 100
# Webcams adjust to the light first, and a network stream may begin between two key frames.
_SETTLE_S = 1.5


def take_snapshot(
    source: Source,
    path: Path,
    *,
    open_reader: Callable[[Source], Reader] = open_source,
    settle_s: float = _SETTLE_S,
) -> tuple[int, int]:
    """Write one full-size frame of `source` to `path` as JPEG; returns its width and height.

    A file's first frame; of a live source one after `settle_s` seconds. Raises UsageError,
    OperationError.
    """
    if path.suffix.lower() not in (".jpg", ".jpeg"):
        raise UsageError(f"snapshot '{path}': name it *.jpg, it is written as JPEG")
    image = one_picture(source, open_reader=open_reader, settle_s=settle_s)
    try:
        write_whole(path, encode_jpeg(image, quality=_QUALITY))
    except OSError as error:
        raise UsageError(
            f"snapshot '{path}' cannot be written ({error.strerror}); check the folder"
        ) from error
    return image.shape[1], image.shape[0]


def one_picture(
    source: Source,
    *,
    open_reader: Callable[[Source], Reader] = open_source,
    settle_s: float = _SETTLE_S,
) -> Image:
    """Return a file's first frame, or one of a live source; raises UsageError, OperationError."""
    if not source.live:
        check_file(source)
    if source.kind is SourceKind.STILLS and not holds_picture(source):
        raise OperationError(f"{source.name} holds no picture: name a folder or pattern of stills")
    try:
        reader = open_reader(source)
    except SourceUnavailable as error:
        raise OperationError(f"{error}: check that it is connected and switched on") from error
    try:
        settles = source.live and source.kind is not SourceKind.STILLS
        image = _one_frame(reader, settle_s if settles else 0.0)
    finally:
        reader.release()
    if image is None:
        raise OperationError(f"source '{source.name}' gave no picture: try again")
    return image


def _one_frame(reader: Reader, settle_s: float) -> Image | None:
    ready_at = time.monotonic() + settle_s
    while reader.grab():
        if time.monotonic() >= ready_at:
            return reader.retrieve()
    return None
