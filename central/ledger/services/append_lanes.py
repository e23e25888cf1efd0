"""The door for lanes: plain TCP connections that carry what belongs to append streams.

What a lane is stands in `wire/lanes.py`.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from google.protobuf.message import DecodeError

from central.ledger.errors import OutcomeUnknown
from central.ledger.services.append_service import Appending
from central.ledger.wire.framing import Frames, frame
from central.ledger.wire.lanes import Offer
from central.ledger.wire.sockets import notice_silence
from node.address import Address
from node.errors import OperationError, UsageError
from protos import parking_pb2

logger = logging.getLogger(__name__)

MAX_STRANGERS = 256
"""Connections that have not said which stream they are of; more are closed as they come."""

TOKEN_TIME_OUT = 5.0
"""Seconds that a connection has to say it."""

TOKEN_BYTES = 16


class Lanes:
    """Offers each append stream a lane. Belongs to the event loop; `open` it or there is none."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._port = 0
        self._offered: dict[str, Appending] = {}
        self._strangers: set[_Lane] = set()
        self._lanes: dict[Appending, _Lane] = {}

    async def open(self, listen: Address) -> None:
        """Take connections; port 0 is any that is free. Raises OperationError."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: _Lane(self), listen.host.strip("[]"), listen.port
            )
        except OSError as error:
            raise OperationError(
                f"cannot take the connections of append streams on {listen}: {error.strerror}; "
                "choose another port with --append-port"
            ) from error
        self._port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Take no more connections; lanes end with their streams."""
        if self._server is not None:
            self._server.close()
        for stranger in list(self._strangers):
            stranger.abort()

    @contextmanager
    def offering(self, appending: Appending) -> Iterator[tuple[tuple[str, str], ...]]:
        """Yield what is to be said to the client; its lane ends with the context."""
        if self._server is None:
            yield ()
            return
        offer = Offer(self._port, secrets.token_hex(TOKEN_BYTES))
        self._offered[offer.token] = appending
        try:
            yield (offer.metadata,)
        finally:
            self._offered.pop(offer.token, None)
            lane = self._lanes.pop(appending, None)
            if lane is not None:
                lane.close()

    # ---- for lanes ---

    def admit(self, stranger: "_Lane") -> bool:
        """Return whether there is room for one who has not said what it wants."""
        if len(self._strangers) >= MAX_STRANGERS:
            return False
        self._strangers.add(stranger)
        return True

    def claim(self, token: str, lane: "_Lane") -> Appending | None:
        """Return the stream that a token is for; it is for one connection only."""
        self._strangers.discard(lane)
        appending = self._offered.pop(token, None)
        if appending is not None:
            self._lanes[appending] = lane
        return appending

    def forget(self, lane: "_Lane") -> None:
        """Note that a connection without a stream is gone."""
        self._strangers.discard(lane)


class _Lane(asyncio.Protocol):
    """One connection. It reads no more while its stream is full or its acks are not taken."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._frames = Frames()
        self._arrived: deque[bytes] = deque()  # of one read at most: then no more is read
        self._appending: Appending | None = None
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._unread = False  # the client takes no acks
        self._reading = True

    # ---- asyncio's side ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if not self._lanes.admit(self):
            logger.warning("a connection of an append stream is closed: too many say no token")
            self._transport.abort()
            return
        notice_silence(transport)
        self._deadline = asyncio.get_running_loop().call_later(TOKEN_TIME_OUT, self.abort)

    def data_received(self, data: bytes) -> None:
        try:
            self._arrived.extend(self._frames.feed(data))
            if self._appending is None:
                self._introduce()
            self._work()
        except (ValueError, DecodeError) as error:
            self._refuse(f"what comes on the lane of an append stream makes no sense: {error}")

    def pause_writing(self) -> None:
        self._unread = True

    def resume_writing(self) -> None:
        self._unread = False
        self.go_on()

    def connection_lost(self, error: Exception | None) -> None:
        self._lanes.forget(self)
        self._arrived.clear()
        if self._deadline is not None:
            self._deadline.cancel()
        if self._appending is not None:
            self._appending.fail(OutcomeUnknown())

    # ---- the stream's side ---

    def answer(self, response: parking_pb2.AppendResponse) -> None:
        assert self._transport is not None
        self._transport.write(frame(response.SerializeToString()))

    def go_on(self) -> None:
        if self._arrived or not self._reading:
            try:
                self._work()
            except DecodeError as error:
                self._refuse(f"what comes on the lane of an append stream is no request: {error}")

    def close(self) -> None:
        """Send what was answered, then end the connection."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    # ---- parts ---

    def _introduce(self) -> None:
        if not self._arrived:
            return
        token = self._arrived.popleft().decode("ascii", errors="replace")
        self._appending = self._lanes.claim(token, self)
        if self._appending is None:
            self._arrived.clear()
            self.abort()
            return
        if self._deadline is not None:
            self._deadline.cancel()
        self.answer(parking_pb2.AppendResponse())

    def _work(self) -> None:
        """Hand on what has arrived as long as there is room, and read on only then."""
        if self._appending is None:
            return
        while self._arrived and not self._is_held():
            request = parking_pb2.AppendRequest.FromString(self._arrived.popleft())
            self._appending.take(request, self)
        reading = not self._arrived and not self._is_held()
        if reading != self._reading and self._transport is not None:
            self._reading = reading
            if reading:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _is_held(self) -> bool:
        return self._unread or (self._appending is not None and self._appending.is_full)

    def _refuse(self, fault: str) -> None:
        self._arrived.clear()
        if self._appending is None:
            self.abort()
        else:
            self._appending.fail(UsageError(fault))
