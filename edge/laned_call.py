"""A call of StreamVideo that goes over to its lane, where the processor offers one.

What a lane is stands in `node/lanes.py`. Everything is read from both; what is written goes to the
lane once it is there. The call says how the stream ends.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from node.lanes import Offer, offer_of
from node.picture_lane import PictureLane
from protos import video_stream_pb2 as pb

if TYPE_CHECKING:
    Call = grpc.aio.StreamStreamCall[pb.CameraMessage, pb.ProcessorMessage]
else:  # generic in the type stubs only
    Call = grpc.aio.StreamStreamCall

LANE_TIME_OUT = 0.5
"""Seconds within which a lane is there, or the stream does without: a firewall may drop it."""

_GOODBYE_S = 1.0
"""Seconds by which the last of a call and the last of its lane come apart at most."""

_MOST_BYTES = 1 << 20  # of an answer


class LanedCall:
    """As the call that it is made of; the first message that is read is the welcome."""

    def __init__(self, call: Call, host: str) -> None:
        """host: of the processor."""
        self._call = call
        self._host = host
        self._lane: PictureLane | None = None  # once it may be used
        self._arrived: deque[pb.ProcessorMessage] = deque()  # few: as many as frames unacked
        self._news = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._cutting: asyncio.TimerHandle | None = None
        self._is_cut = False  # only the lane broke

    async def write(self, message: pb.CameraMessage, picture: bytes = b"") -> None:
        """Send a message with its picture; raises what a call's `write` does."""
        if self._lane is not None:
            try:
                self._lane.write(message.SerializeToString(), picture)
                await self._lane.drain()
            except ConnectionError as error:
                raise asyncio.InvalidStateError(str(error)) from error
            return
        match message.WhichOneof("message"):
            case "frame":
                message.frame.jpeg = picture
            case "strip":
                message.strip.jpeg = picture
        await self._call.write(message)

    async def read(self) -> object:
        """Return the next message, as a call's `read` does, and raise what it raises."""
        if self._pump is None:
            welcome = await self._call.read()
            if isinstance(welcome, pb.ProcessorMessage):
                await self._go_over()
                self._pump = asyncio.create_task(self._read_call())
            return welcome
        while not self._arrived:
            if self._is_cut:
                return grpc.aio.EOF
            if self._pump.done():
                return await self._call.read()  # it is over, and tells again how
            self._news.clear()
            await self._news.wait()
        return self._arrived.popleft()

    async def done_writing(self) -> None:
        """No more will be sent; what was sent may still be answered."""
        if self._lane is None:
            await self._call.done_writing()
        else:
            self._lane.write_end()

    async def code(self) -> grpc.StatusCode:
        """Return how the stream ended."""
        if self._is_cut:
            return grpc.StatusCode.UNAVAILABLE
        return await self._call.code()

    async def details(self) -> str | None:
        """Return why, if the other side said so."""
        if self._is_cut:
            return "the connection for its pictures broke"
        return await self._call.details()

    def cancel(self) -> None:
        """End call and lane at once."""
        self._call.cancel()
        if self._lane is not None:
            self._lane.abort()
        if self._pump is not None:
            self._pump.cancel()
        if self._cutting is not None:
            self._cutting.cancel()

    # ---- parts ---

    async def _go_over(self) -> None:
        offer = offer_of(await self._call.initial_metadata())
        if offer is None:
            return
        with suppress(OSError, TimeoutError):  # then the call will do
            self._lane = await _open(self._host, offer, took=self._took, over=self._lose)

    def _took(self, message: bytes) -> None:
        try:
            self._arrived.append(pb.ProcessorMessage.FromString(message))
        except DecodeError as error:
            raise ValueError(str(error)) from error
        self._news.set()

    def _lose(self) -> None:
        """The lane is over. The call's own end says why, and soon, unless only the lane broke."""
        if self._lane is not None:
            self._lane.close()
        self._cutting = asyncio.get_running_loop().call_later(_GOODBYE_S, self._cut)

    def _cut(self) -> None:
        self._is_cut = self._call.cancel()
        self._news.set()

    async def _read_call(self) -> None:
        try:
            while isinstance(message := await self._call.read(), pb.ProcessorMessage):
                self._arrived.append(message)
                self._news.set()
        except grpc.aio.AioRpcError:
            pass  # whoever reads next is told again
        finally:
            if self._lane is not None:  # what was answered last may still be on its way there
                with suppress(TimeoutError):
                    async with asyncio.timeout(_GOODBYE_S):
                        await self._lane.lost.wait()
            self._news.set()


async def _open(
    host: str, offer: Offer, *, took: Callable[[bytes], None], over: Callable[[], None]
) -> PictureLane:
    """Return a lane that the processor answered on. Raises OSError or TimeoutError."""
    there: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    given_up = False  # it may have answered just then

    def arrived(message: bytes, _: bytes) -> None:
        if not there.done():  # the token's answer, an empty message
            there.set_result(None)
        elif not given_up:
            took(message)

    def ended() -> None:
        if not there.done():
            there.set_exception(ConnectionResetError("the processor knows no such lane"))
        elif not given_up:
            over()

    lane = PictureLane(arrived, most=_MOST_BYTES, over=ended)
    try:
        async with asyncio.timeout(LANE_TIME_OUT):
            await asyncio.get_running_loop().create_connection(
                lambda: lane, host.strip("[]"), offer.port
            )
            lane.write(offer.token.encode())
            await there
    except BaseException:
        given_up = True
        there.cancel()
        lane.abort()
        raise
    return lane
