"""What carries an append stream: the gRPC call it begins with, and the lane it may go over to.

What a lane is stands in `wire/lanes.py`.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, TypeAlias, cast

import grpc
from google.protobuf.message import DecodeError

from central.ledger.client.coalescing import MAX_REQUESTS_IN_FLIGHT
from central.ledger.wire.framing import Frames, frame
from central.ledger.wire.lanes import Offer
from central.ledger.wire.sockets import notice_silence
from protos import parking_pb2

Call: TypeAlias = "grpc.aio.StreamStreamCall[parking_pb2.AppendRequest, parking_pb2.AppendResponse]"
Take: TypeAlias = Callable[[parking_pb2.AppendResponse], None]

LANE_TIME_OUT = 2.0
"""Seconds within which a lane is there, or the stream does without: a firewall may drop it."""


class Line(Protocol):
    """Takes requests, and hands acks on as they come."""

    def write(self, request: parking_pb2.AppendRequest) -> None:
        """Send it; never waits, for few are in flight."""


class CallLine:
    """The gRPC call."""

    def __init__(self, call: Call, take: Take) -> None:
        """`take` is given each ack."""
        self._call = call
        self._take = take
        self._unsent: asyncio.Queue[parking_pb2.AppendRequest] = asyncio.Queue(
            MAX_REQUESTS_IN_FLIGHT
        )

    def write(self, request: parking_pb2.AppendRequest) -> None:
        """Send it as soon as what came before is sent."""
        self._unsent.put_nowait(request)

    async def run(self) -> None:
        """Return when the call ends in peace. Raises AioRpcError."""
        writer = asyncio.create_task(self._write())
        try:
            while isinstance(response := await self._call.read(), parking_pb2.AppendResponse):
                self._take(response)
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def _write(self) -> None:
        with suppress(asyncio.InvalidStateError, grpc.aio.AioRpcError):  # who reads is told why
            while True:
                await self._call.write(await self._unsent.get())


class LaneLine(asyncio.Protocol):
    """The lane. Once it is `lost`, nobody knows what became of what was written."""

    def __init__(self, token: str, take: Take) -> None:
        """`take` is given each ack."""
        self._token = token
        self._take = take
        self._frames = Frames()
        self._transport: asyncio.Transport | None = None
        loop = asyncio.get_running_loop()
        self.welcome: asyncio.Future[None] = loop.create_future()
        self.lost: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        notice_silence(transport)
        self._transport.write(frame(self._token.encode()))

    def write(self, request: parking_pb2.AppendRequest) -> None:
        """Send it at once."""
        assert self._transport is not None
        self._transport.write(frame(request.SerializeToString()))

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._frames.feed(data):
                response = parking_pb2.AppendResponse.FromString(message)
                if self.welcome.done():
                    self._take(response)
                else:
                    self.welcome.set_result(None)
        except (ValueError, DecodeError):  # it is no ledger that speaks there
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)
        if not self.welcome.done():
            self.welcome.set_exception(error or ConnectionResetError("the connection was closed"))

    def close(self) -> None:
        """End it at once."""
        if self._transport is not None:
            self._transport.abort()


async def open_lane(host: str, offer: Offer, take: Take) -> LaneLine:
    """Return the lane that a stream was offered. Raises OSError or TimeoutError if none is had."""
    line = LaneLine(offer.token, take)
    try:
        async with asyncio.timeout(LANE_TIME_OUT):
            await asyncio.get_running_loop().create_connection(
                lambda: line, host.strip("[]"), offer.port
            )
            await line.welcome
    except BaseException:
        line.close()
        raise
    return line
