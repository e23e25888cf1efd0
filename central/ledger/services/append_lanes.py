"""The door for lanes: plain TCP connections that carry what belongs to append streams.

What a lane is stands in `wire/lanes.py`, who is let in in `node/lane_door.py`.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from google.protobuf.message import DecodeError

from central.ledger.errors import OutcomeUnknown
from central.ledger.services.append_service import Appending
from central.ledger.wire.framing import Frames, frame
from central.ledger.wire.sockets import notice_silence
from node.address import Address
from node.errors import UsageError
from node.lane_door import LaneDoor, Metadata, Stranger
from protos import parking_pb2


class Lanes:
    """Offers each append stream a lane. Belongs to the event loop; `open` it or there is none."""

    def __init__(self) -> None:
        self._door = LaneDoor[Appending](
            "the connections of append streams", option="--append-port"
        )
        self._lanes: dict[Appending, _Lane] = {}

    async def open(self, listen: Address) -> None:
        """Take connections; port 0 is any that is free. Raises OperationError."""
        await self._door.open(listen, lambda: _Lane(self._door, self._lanes))

    def close(self) -> None:
        """Take no more connections; lanes end with their streams."""
        self._door.close()

    @contextmanager
    def offering(self, appending: Appending) -> Iterator[Metadata]:
        """Yield what is to be said to the client; its lane ends with the context."""
        with self._door.offering(appending) as metadata:
            try:
                yield metadata
            finally:
                lane = self._lanes.pop(appending, None)
                if lane is not None:
                    lane.close()


class _Lane(asyncio.Protocol):
    """One connection. It reads no more while its stream is full or its acks are not taken."""

    def __init__(self, door: LaneDoor[Appending], lanes: "dict[Appending, _Lane]") -> None:
        """lanes: where it puts itself once it is known of which stream it is."""
        self._door = door
        self._lanes = lanes
        self._stranger: Stranger[Appending] | None = None
        self._frames = Frames()
        self._arrived: deque[bytes] = deque()  # of one read at most: then no more is read
        self._appending: Appending | None = None
        self._transport: asyncio.Transport | None = None
        self._has_carried = False  # a request
        self._unread = False  # the client takes no acks
        self._reading = True

    # ---- asyncio's side ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        notice_silence(transport)
        self._stranger = self._door.meet(self._transport.abort)

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
        self._arrived.clear()
        if self._stranger is not None:
            self._stranger.leave()
        if self._appending is not None and self._has_carried:
            # Else its client gave it up, which does without where it was answered on too late.
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
        if not self._arrived or self._stranger is None:
            return
        appending = self._stranger.introduce(self._arrived.popleft())
        if appending is None:
            self._arrived.clear()
            return
        self._appending = appending
        self._lanes[appending] = self
        self.answer(parking_pb2.AppendResponse())

    def _work(self) -> None:
        """Hand on what has arrived as long as there is room, and read on only then."""
        if self._appending is None:
            return
        while self._arrived and not self._is_held():
            request = parking_pb2.AppendRequest.FromString(self._arrived.popleft())
            self._has_carried = True
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
