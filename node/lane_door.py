"""The door of a server's lanes: who connects says a token, and gets the stream that it is for.

What a lane is stands in `node/lanes.py`. What goes over one, before the token and behind it, is
for those who open the door.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from node.address import Address
from node.lanes import Offer
from node.listening import take_connections

logger = logging.getLogger(__name__)

Stream = TypeVar("Stream")
"""What a token is for, to those who open the door."""

Metadata = tuple[tuple[str, str], ...]

MAX_STRANGERS = 256
"""Connections that have not said which stream they are of; more are closed as they come."""

TOKEN_TIME_OUT = 5.0
"""Seconds that a connection has to say it."""

_TOKEN_BYTES = 16


class LaneDoor(Generic[Stream]):
    """Offers each stream a lane. Belongs to the event loop; `open` it or there is none."""

    def __init__(self, what: str, *, option: str) -> None:
        """what: it lets in, for people; option: chooses its port."""
        self._what = what
        self._option = option
        self._server: asyncio.Server | None = None
        self._port = 0
        self._offered: dict[str, Stream] = {}
        self._strangers: set[Stranger[Stream]] = set()

    async def open(self, listen: Address, connection: Callable[[], asyncio.BaseProtocol]) -> None:
        """Take connections, each of which is to `meet` us; port 0 is any that is free.

        Raises OperationError.
        """
        self._server = await take_connections(
            connection, listen, what=self._what, option=self._option
        )
        self._port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Take no more connections; lanes end with their streams."""
        if self._server is not None:
            self._server.close()
        for stranger in list(self._strangers):
            stranger.abort()

    @contextmanager
    def offering(self, stream: Stream) -> Iterator[Metadata]:
        """Yield what is to be said to who wants the stream; its token ends with the context."""
        if self._server is None:
            yield ()
            return
        offer = Offer(self._port, secrets.token_hex(_TOKEN_BYTES))
        self._offered[offer.token] = stream
        try:
            yield (offer.metadata,)
        finally:
            self._offered.pop(offer.token, None)

    def meet(self, abort: Callable[[], None]) -> "Stranger[Stream]":
        """Take in a connection that has said nothing yet; `abort` ends it, perhaps at once."""
        stranger = Stranger(self, abort)
        if len(self._strangers) < MAX_STRANGERS:
            self._strangers.add(stranger)
            stranger.wait(TOKEN_TIME_OUT)
        else:
            logger.warning("a connection for %s is closed: too many say no token", self._what)
            abort()
        return stranger

    # ---- for strangers ---

    def claim(self, token: bytes) -> Stream | None:
        """Return the stream that a token is for; it is for one connection only."""
        return self._offered.pop(token.decode("ascii", errors="replace"), None)

    def forget(self, stranger: "Stranger[Stream]") -> None:
        """Note that it is gone, or no stranger any more."""
        self._strangers.discard(stranger)


class Stranger(Generic[Stream]):
    """A connection until it has said its token, for which it has not long."""

    def __init__(self, door: LaneDoor[Stream], abort: Callable[[], None]) -> None:
        self._door = door
        self.abort = abort
        self._deadline: asyncio.TimerHandle | None = None

    def wait(self, seconds: float) -> None:
        """End it unless it `introduces` itself by then."""
        self._deadline = asyncio.get_running_loop().call_later(seconds, self.abort)

    def introduce(self, token: bytes) -> Stream | None:
        """Return the stream that it is a lane of; who knows no token is cut off."""
        self.leave()
        stream = self._door.claim(token)
        if stream is None:
            self.abort()
        return stream

    def leave(self) -> None:
        """It is gone; harmless once it has introduced itself."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._door.forget(self)
