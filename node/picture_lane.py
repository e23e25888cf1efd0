"""Either end of a lane for pictures: messages, each with a picture or none.

On the wire: four bytes that say how long the message is and four how long the picture, big-endian,
the message, the picture. A picture is read into a buffer of its size: as a message among others it
would be copied four times and wake three threads a dozen times.
"""

import asyncio
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import cast

_LENGTHS = struct.Struct(">II")
_SHUT = "the lane is shut"
_COPIED = 65_536
"""Bytes of a picture that is copied behind its message: else the other end would be woken twice."""


class PictureLane(asyncio.BufferedProtocol):
    """One connection. Belongs to the event loop."""

    def __init__(
        self,
        took: Callable[[bytes, bytes], None],
        *,
        most: int,
        over: Callable[[], None] = lambda: None,
    ) -> None:
        """took: is given each message and its picture; a ValueError of it shuts the lane.

        most: bytes of message and picture together; whoever sends more is cut off; it may be set
        anew. over: called once, when the other end sends no more; it may still be answered.
        """
        self._took = took
        self.most = most
        self._over: Callable[[], None] | None = over
        self._transport: asyncio.Transport | None = None
        self._lengths: tuple[int, int] | None = None  # of what is being read
        self._buffer = bytearray(_LENGTHS.size)
        self._at = 0
        self._is_unwanted = False
        self._room = asyncio.Event()
        self._room.set()
        self.lost = asyncio.Event()  # nothing can be sent any more

    # ---- asyncio's side ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._is_unwanted:
            self._transport.abort()

    def get_buffer(self, sizehint: int) -> memoryview:
        return memoryview(self._buffer)[self._at :]

    def buffer_updated(self, nbytes: int) -> None:
        self._at += nbytes
        if self._at < len(self._buffer):
            return
        if self._lengths is None:
            self._begin(*_LENGTHS.unpack(self._buffer))
        else:
            self._end(self._lengths[0])

    def eof_received(self) -> bool:
        self._end_reading()
        return True  # the other end may still be answered

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.set()
        self._room.set()
        self._end_reading()

    # ---- ours ---

    def write(self, message: bytes, picture: bytes = b"") -> None:
        """Send it behind what was written before; raises ConnectionError once the lane is lost."""
        if self._transport is None or self.lost.is_set() or self._transport.is_closing():
            raise ConnectionResetError(_SHUT)
        lengths = _LENGTHS.pack(len(message), len(picture))
        if len(picture) <= _COPIED:
            self._transport.write(b"".join((lengths, message, picture)))
        else:
            self._transport.write(lengths + message)
            self._transport.write(picture)

    async def drain(self) -> None:
        """Wait until the system has taken nearly all that was written; raises ConnectionError."""
        if not self._room.is_set():
            await self._room.wait()
        if self.lost.is_set():
            raise ConnectionResetError(_SHUT)

    def write_end(self) -> None:
        """Say that no more will come; the other end may still answer."""
        if self._transport is not None and not self._transport.is_closing():
            with suppress(OSError):  # it is gone already
                self._transport.write_eof()

    def pause(self) -> None:
        """Read no more until `resume`."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        """Send what was written, then end the connection."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End the connection at once, or as soon as it is there."""
        self._is_unwanted = True
        if self._transport is not None:
            self._transport.abort()

    # ---- parts ---

    def _begin(self, message: int, picture: int) -> None:
        if message + picture > self.most:
            self.abort()
            return
        self._lengths = (message, picture)
        self._buffer = bytearray(message + picture)
        self._at = 0
        if not self._buffer:
            self._end(0)

    def _end(self, message: int) -> None:
        arrived = memoryview(self._buffer)
        self._lengths = None
        self._buffer = bytearray(_LENGTHS.size)
        self._at = 0
        try:
            self._took(bytes(arrived[:message]), bytes(arrived[message:]))
        except ValueError:
            self.abort()

    def _end_reading(self) -> None:
        over, self._over = self._over, None
        if over is not None:
            over()
