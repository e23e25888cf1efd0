"""Key frames only, through PyAV: the rest of the stream is read and never decoded.

OpenCV cannot skip. A key frame is a whole picture of its own, so a camera node that sends one
frame a second from a stream of 25 decodes a fifteenth as much.
"""

import contextlib
import importlib.util
from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

import numpy as np

from edge.frames import Image
from edge.reader import OPEN_TIMEOUT_S, READ_TIMEOUT_S, SourceUnavailable
from edge.rtsp_trouble import explain_refusal
from edge.source import Source, SourceKind
from node.errors import UsageError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

_GUESSED_INTERVAL_S = 2.0


def check_installed() -> None:
    """Raise UsageError unless PyAV is there."""
    if importlib.util.find_spec("av") is None:
        raise UsageError(
            "--key-frames needs the package 'av': pip install 'parkledger[av]', "
            "or leave the option out"
        )


class KeyFrameReader:
    """A Reader whose frames are a stream's key frames."""

    piles_up = True

    def __init__(self, container: "InputContainer", stream: "VideoStream") -> None:
        self._container = container
        self._stream = stream
        self._packets: Iterator[Packet[VideoStream]] = container.demux(stream)
        self._packet: Packet[VideoStream] | None = None
        self._first_us: int | None = None

    @classmethod
    def open(cls, source: Source) -> Self:
        """Open `source`; raises SourceUnavailable with a reason fit for a log."""
        import av  # an extra: whoever does not ask for key frames need not have it

        av.logging.set_level(av.logging.PANIC)  # its messages may hold what the URL holds
        options = {"rtsp_transport": "tcp"} if source.kind is SourceKind.RTSP else {}
        try:
            container = av.open(
                source.location, options=options, timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S)
            )
        except (av.FFmpegError, OSError):
            raise SourceUnavailable(explain_refusal(source)) from None
        if not container.streams.video:
            container.close()
            raise SourceUnavailable(f"{source.name} has no video stream")
        stream = container.streams.video[0]
        # One at a time and at once: threads would hold a picture back.
        stream.codec_context.thread_count = 1
        return cls(container, stream)

    @property
    def interval_s(self) -> float:
        return _GUESSED_INTERVAL_S

    def grab(self) -> bool:
        import av

        try:
            for packet in self._packets:
                if packet.is_keyframe and packet.size:
                    self._packet = packet
                    return True
        except (av.FFmpegError, OSError):
            return False
        return False

    def position_us(self) -> int:
        packet = self._packet
        if packet is None or packet.pts is None or packet.time_base is None:
            return 0
        stamp_us = round(packet.pts * packet.time_base * 1_000_000)
        if self._first_us is None:
            self._first_us = stamp_us
        return stamp_us - self._first_us

    def captured_at_us(self) -> int | None:
        return None

    def retrieve(self) -> Image | None:
        import av

        if self._packet is None:
            return None
        context = self._stream.codec_context
        try:
            frames = context.decode(self._packet)
            # Without this the decoder waits for what a later frame might refer to.
            frames += context.decode(None)
            context.flush_buffers()
        except av.FFmpegError:
            context.flush_buffers()
            return None
        if not frames:
            return None
        return np.asarray(frames[-1].to_ndarray(format="bgr24"), np.uint8)

    def interrupt(self) -> None:
        """A read that blocks ends by its time-out."""

    def release(self) -> None:
        self._packet = None
        with contextlib.suppress(OSError):
            self._container.close()
