"""The door for lanes: plain TCP connections on which cameras send pictures and are answered.

What a lane is stands in `node/lanes.py`, what goes over it in `node/picture_lane.py`: messages of
video_stream.proto, their picture beside them. Knows none of those messages.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from node.address import Address
from node.errors import OperationError
from node.lanes import Offer
from node.picture_lane import PictureLane

logger = logging.getLogger(__name__)

MAX_STRANGERS = 256
"""Connections that have not said which stream they are of; more are closed as they come."""

TOKEN_TIME_OUT = 5.0
"""Seconds that a connection has to say it."""

_TOKEN_BYTES = 16
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
        self._server: asyncio.Server | None = None
        self._offered: dict[str, CameraLane] = {}
        self._strangers: set[_Caller] = set()
        self.port = 0

    async def open(self, listen: Address) -> None:
        """Take connections; port 0 is any that is free. Raises OperationError."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: _Caller(self, self._most).lane, listen.host.strip("[]"), listen.port
            )
        except OSError as error:
            raise OperationError(
                f"cannot take cameras' pictures on {listen}: {error.strerror}; "
                "choose another port with --picture-port"
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Take no more connections; lanes end with their streams."""
        if self._server is not None:
            self._server.close()
        for stranger in list(self._strangers):
            stranger.lane.abort()

    @contextmanager
    def offering(self, lane: CameraLane) -> Iterator[tuple[tuple[str, str], ...]]:
        """Yield what is to be said to the camera; its lane ends with the context."""
        if self._server is None:
            yield ()
            return
        offer = Offer(self.port, secrets.token_hex(_TOKEN_BYTES))
        self._offered[offer.token] = lane
        try:
            yield (offer.metadata,)
        finally:
            self._offered.pop(offer.token, None)
            lane.close()

    # ---- for callers ---

    def admit(self, stranger: "_Caller") -> bool:
        """Return whether there is room for one who has not said what it wants."""
        if len(self._strangers) >= MAX_STRANGERS:
            logger.warning("a camera's connection is closed: too many say no token")
            return False
        self._strangers.add(stranger)
        return True

    def claim(self, token: bytes, stranger: "_Caller") -> CameraLane | None:
        """Return the lane that a token is for; it is for one connection only."""
        self._strangers.discard(stranger)
        return self._offered.pop(token.decode("ascii", errors="replace"), None)

    def forget(self, stranger: "_Caller") -> None:
        """It is gone."""
        self._strangers.discard(stranger)


class _Caller:
    """One connection: its first message is a token, what comes then is for the token's lane."""

    def __init__(self, lanes: Lanes, most: int) -> None:
        self.lane = PictureLane(self._took, most=_STRANGERS_MOST, over=self._end)
        self._most = most
        self._lanes = lanes
        self._camera: CameraLane | None = None
        self._deadline: asyncio.TimerHandle | None = None
        if lanes.admit(self):
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(TOKEN_TIME_OUT, self.lane.abort)
        else:
            self.lane.abort()

    def _took(self, message: bytes, picture: bytes) -> None:
        if self._camera is not None:
            self._camera.took((message, picture))
            return
        self._camera = self._lanes.claim(message, self)
        if self._camera is None:
            self.lane.abort()
            return
        self._stop_waiting()
        self.lane.most = self._most
        self._camera.attach(self.lane)

    def _end(self) -> None:
        self._stop_waiting()
        self._lanes.forget(self)
        if self._camera is not None:
            self._camera.end()

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
