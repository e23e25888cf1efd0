"""Which reader reads which source."""

from edge.capture import VideoReader
from edge.key_frames import KeyFrameReader
from edge.reader import Reader
from edge.source import Source, SourceKind
from edge.stills import StillsReader


def open_source(source: Source) -> Reader:
    """Open `source`; raises SourceUnavailable with a reason fit for a log."""
    match source.kind:
        case SourceKind.MJPEG:
            # Here, as HTTP and TLS take megabytes that other sources can do without.
            from edge.jpeg_stream import JpegStreamReader

            return JpegStreamReader.open(source)
        case SourceKind.STILLS:
            return StillsReader.open(source)
        case _:
            return VideoReader.open(source)


def open_key_frames(source: Source) -> Reader:
    """Open `source` for its key frames only; raises SourceUnavailable."""
    return KeyFrameReader.open(source)
