"""The door for lanes: plain TCP connections on which cameras send pictures and are answered.

What a lane is stands in `node/lanes.py`, who is let in in `node/lane_door.py`, what goes over it in
`node/picture_lane.py`: messages of video_stream.proto, their picture beside them. Knows none of
those messages.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from node.address import Address
from node.lane_door import LaneDoor, Metadata, Stranger
from node.picture_lane import PictureLane

_STRANGERS_MOST = 256  # bytes of a stranger's message
_WAITING = 2
"""Messages that were read and not taken: then no more are read."""

Parts = tuple[bytes, bytes]
"""A message and its picture."""


class CameraLane:
    """The lane of one stream, if its camera comes to it; `used` once it has sent something."""

    def __init__(self) -> None:
        self.used = False
        self._lane: PictureLane | None = None
        self._arrived: deque[Parts] = deque()
        self._news = asyncio.Event()
        self._is_over = False

    async def read(self) -> Parts | None:
        """Return the next message and its picture; None once a camera that used it has ended."""
        while not self._arrived:
            if self._is_over and self.used:
                return None
            self._news.clear()
            await self._news.wait()
        parts = self._arrived.popleft()
        if len(self._arrived) == _WAITING - 1 and self._lane is not None:
            self._lane.resume()
        return parts

    def write(self, message: bytes) -> None:
        """Answer; raises ConnectionError once the camera is gone."""
        if self._lane is None:
            raise ConnectionResetError("there is no lane")
        self._lane.write(message)

    def close(self) -> None:
        """Send what was answered, then end the connection."""
        if self._lane is not None:
            self._lane.close()

    # ---- for the door ---

    def attach(self, lane: PictureLane) -> None:
        """The camera has come; it is told so by an empty message."""
        self._lane = lane
        with suppress(ConnectionError):  # it has gone again, and streams without
            lane.write(b"")

    def took(self, parts: Parts) -> None:
        """Take what the camera sent."""
        self.used = True
        self._arrived.append(parts)
        if len(self._arrived) >= _WAITING and self._lane is not None:
            self._lane.pause()
        self._news.set()

    def end(self) -> None:
        """The camera sends no more."""
        self._is_over = True
        self._news.set()


class Lanes:
    """Offers each stream a lane. Belongs to the event loop; `open` it or there is none."""

    def __init__(self, *, most: int) -> None:
        """most: bytes of a message and its picture."""
        self._most = most
        self._door = LaneDoor[CameraLane]("cameras' pictures", option="--picture-port")

    async def open(self, listen: Address) -> None:
        """Take connections; port 0 is any that is free. Raises OperationError."""
        await self._door.open(listen, lambda: _Caller(self._door, self._most).lane)

    def close(self) -> None:
        """Take no more connections; lanes end with their streams."""
        self._door.close()

    @contextmanager
    def offering(self, lane: CameraLane) -> Iterator[Metadata]:
        """Yield what is to be said to the camera; its lane ends with the context."""
        with self._door.offering(lane) as metadata:
            try:
                yield metadata
            finally:
                lane.close()


class _Caller:
    """One connection: its first message is a token, what comes then is for the token's lane."""

    def __init__(self, door: LaneDoor[CameraLane], most: int) -> None:
        self.lane = PictureLane(self._took, most=_STRANGERS_MOST, over=self._end)
        self._most = most
        self._stranger: Stranger[CameraLane] = door.meet(self.lane.abort)
        self._camera: CameraLane | None = None

    def _took(self, message: bytes, picture: bytes) -> None:
        if self._camera is not None:
            self._camera.took((message, picture))
            return
        self._camera = self._stranger.introduce(message)
        if self._camera is not None:
            self.lane.most = self._most
            self._camera.attach(self.lane)

    def _end(self) -> None:
        self._stranger.leave()
        if self._camera is not None:
            self._camera.end()
