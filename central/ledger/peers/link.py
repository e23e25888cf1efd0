"""The connection to one peer: found, introduced, written to, and made again when it is lost."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import cast

import grpc
from google.protobuf.message import DecodeError

from central.ledger.wire.channels import channel_options, raft_stub
from central.ledger.wire.consensus import Encoder
from central.ledger.wire.framing import Frames, frame
from central.ledger.wire.sockets import notice_silence
from central.ledger.wire.status_codes import words_of
from central.raft import Message
from node.address import Address
from node.backoff import Backoff
from node.errors import OperationError
from node.values import frozen
from protos import raft_pb2

logger = logging.getLogger(__name__)

MAX_QUEUED = 256
"""Messages that wait for one peer. The newest are dropped beyond that: Raft sends them again."""

MAX_BUFFERED_BYTES = 1 << 20
"""Bytes that the system has not taken yet, beyond which messages wait, unencoded."""

CONNECT_TIME_OUT = 2.0
"""Seconds that a peer has to say where its port is, and again to welcome us."""

REFUSED_DELAY = 1.0
"""Seconds until a peer that refused us is asked again: somebody has to do something first."""


class Refused(OperationError):
    """The peer does not listen to us: the message says why, in its words."""


@frozen
class Introduction:
    """What a replica says of itself at the beginning of each connection."""

    cluster_id: str
    replica_id: str
    incarnation: str


class Link:
    """Belongs to the event loop; `run` keeps it connected."""

    def __init__(
        self,
        me: Introduction,
        my_address: Address | None,
        my_port: int,
        peer: str,
        address: Address,
        on_there: Callable[[str], None],
        encoder: Encoder,
    ) -> None:
        """`on_there` is told of the peer whenever messages reach it again. `encoder`: that of all
        links.
        """
        self._me = me
        self.my_address = my_address
        self._my_port = my_port
        self._peer = peer
        self._on_there = on_there
        self._encoder = encoder
        self.address = address
        self.index = 0  # told, like the next one, at the beginning of the next connection
        self.named = False
        self._line: _Line | None = None  # once it is welcome
        self._queue: deque[Message] = deque()
        self._port = 0  # where the peer was last known to take connections
        self._retry = asyncio.Event()
        self._refused = ""
        self._backoff = Backoff(first=0.05, limit=0.5)

    def send(self, messages: Sequence[Message]) -> None:
        """Send, or drop if the peer is away or has too much to read; never waits."""
        if self._line is None:
            return
        if self._line.is_full:
            self._queue.extend(messages[: MAX_QUEUED - len(self._queue)])
        else:
            self._line.write(messages)

    def is_back(self, port: int) -> None:
        """Note that the peer has just connected to us: it need not be waited for."""
        if self._line is None:
            self._port = port
            self._retry.set()

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        while True:
            delay, met = 0.0, False
            self._retry.clear()
            try:
                line = await self._connect()
                met = True
                await line.lost
            except Refused as error:
                delay = REFUSED_DELAY
                if str(error) != self._refused:
                    logger.error("peer %s at %s refuses us: %s", self._peer, self.address, error)
                self._refused = str(error)
            except (OSError, TimeoutError, grpc.aio.AioRpcError) as error:
                if self._backoff.attempts == 0:
                    logger.warning(
                        "peer %s at %s is away: %s", self._peer, self.address, _reason(error)
                    )
            finally:
                self._disconnected()
            if met:
                logger.warning("peer %s at %s is away", self._peer, self.address)
            await self._wait(max(delay, self._backoff.next_delay()))

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._retry.wait()

    async def _connect(self) -> "_Line":
        """Raises Refused; OSError, TimeoutError or AioRpcError if nobody is there."""
        port, self._port = self._port, 0
        if not port:
            port = await _ask_port(self.address)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_TIME_OUT):
            _, line = await loop.create_connection(
                lambda: _Line(self._encoder, self._drain), self.address.host.strip("[]"), port
            )
            try:
                refusal = await line.introduce(self._introduction())
            except BaseException:
                line.close()
                raise
        if refusal:
            line.close()
            raise Refused(refusal)
        self._line, self._refused = line, ""
        self._backoff.reset()
        logger.info("peer %s at %s is there", self._peer, self.address)
        self._on_there(self._peer)
        return line

    def _introduction(self) -> raft_pb2.PeerIntroduction:
        return raft_pb2.PeerIntroduction(
            cluster_id=self._me.cluster_id,
            sender_id=self._me.replica_id,
            receiver_id=self._peer,
            sender_incarnation=self._me.incarnation,
            sender_address=str(self.my_address or ""),
            sender_configuration_index=self.index,
            sender_named=self.named,
            sender_peer_port=self._my_port,
        )

    def _drain(self) -> None:
        """Send what waited while the line was full."""
        while self._queue and self._line is not None and not self._line.is_full:
            self._line.write((self._queue.popleft(),))

    def _disconnected(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None
        self._queue.clear()


class _Line(asyncio.Protocol):
    """One connection, from our side: we write, and read nothing but the welcome."""

    def __init__(self, encoder: Encoder, on_room: Callable[[], None]) -> None:
        """`on_room` is called whenever more can be written after `is_full`."""
        self._encode = encoder.encode
        self._on_room = on_room
        loop = asyncio.get_running_loop()
        self._welcome: asyncio.Future[str] = loop.create_future()
        self.lost: asyncio.Future[None] = loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._frames = Frames()
        self.is_full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=MAX_BUFFERED_BYTES)
        notice_silence(transport)

    async def introduce(self, introduction: raft_pb2.PeerIntroduction) -> str:
        """Say who we are; returns why we are refused, empty if we are not. Raises OSError."""
        assert self._transport is not None
        self._transport.write(frame(introduction.SerializeToString()))
        return await self._welcome

    def write(self, messages: Iterable[Message]) -> None:
        """Send with one write."""
        assert self._transport is not None
        frames = [frame(self._encode(message)) for message in messages]
        self._transport.write(b"".join(frames))

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._frames.feed(data):
                if not self._welcome.done():
                    self._welcome.set_result(raft_pb2.PeerWelcome.FromString(message).refusal)
        except (ValueError, DecodeError) as error:
            logger.warning("no replica takes connections there: %s", error)
            self.close()

    def pause_writing(self) -> None:
        self.is_full = True

    def resume_writing(self) -> None:
        self.is_full = False
        self._on_room()

    def connection_lost(self, error: Exception | None) -> None:
        self.is_full = True
        if not self._welcome.done():
            self._welcome.set_exception(error or ConnectionResetError("the connection was closed"))
        if not self.lost.done():
            self.lost.set_result(None)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


async def _ask_port(address: Address) -> int:
    """Raises AioRpcError, or OSError where only an earlier version runs."""
    async with grpc.aio.insecure_channel(str(address), options=channel_options()) as channel:
        answer = await raft_stub(channel).GetPeerPort(
            raft_pb2.GetPeerPortRequest(), timeout=CONNECT_TIME_OUT
        )
    return answer.port


def _reason(error: Exception) -> str:
    if isinstance(error, grpc.aio.AioRpcError):
        return words_of(error)
    return str(error) or "it does not answer"
