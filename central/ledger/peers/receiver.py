"""The other end of `link`: takes what peers send, of those that may be listened to."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from contextlib import ExitStack
from typing import cast

from google.protobuf.message import DecodeError

from central.ledger.peers.acquaintances import Acquaintances
from central.ledger.peers.link import Introduction
from central.ledger.peers.peers import Caller, Peers
from central.ledger.wire.channels import Context
from central.ledger.wire.consensus import message_from_proto
from central.ledger.wire.framing import Frames, frame
from central.ledger.wire.sockets import notice_silence
from central.raft import Message
from node.address import Address
from node.errors import UsageError
from node.listening import take_connections
from protos import raft_pb2, raft_pb2_grpc

logger = logging.getLogger(__name__)

MAX_CALLERS = 64
"""Connections at a time; more are closed as they come."""

INTRODUCTION_TIME_OUT = 5.0
"""Seconds that a connection has to say who it is."""


class Door(raft_pb2_grpc.RaftServiceServicer):
    """Where peers connect; `open` it before anybody is told the port."""

    def __init__(
        self,
        me: Introduction,
        acquaintances: Acquaintances,
        peers: Peers,
        receive: Callable[[Iterable[Message]], None],
        *,
        lost: Callable[[str], None],
    ) -> None:
        """`receive` is given what may be listened to, and must not wait.

        `lost` is told of each peer whose connection has ended.
        """
        self.me = me
        self.acquaintances = acquaintances
        self.peers = peers
        self.receive = receive
        self.lost = lost
        self._callers: set[_Caller] = set()
        self._server: asyncio.Server | None = None

    async def open(self, listen: Address) -> None:
        """Take connections; port 0 is any that is free. Raises OperationError."""
        self._server = await take_connections(
            lambda: _Caller(self, self._callers),
            listen,
            what="peers' connections",
            option="--peer-port",
        )
        self.peers.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Take no more connections, and end those that there are."""
        if self._server is not None:
            self._server.close()
        for caller in list(self._callers):
            caller.close()

    async def GetPeerPort(  # noqa: N802 - the name is the service's
        self, request: raft_pb2.GetPeerPortRequest, context: Context
    ) -> raft_pb2.GetPeerPortResponse:
        """Tell where peers connect."""
        return raft_pb2.GetPeerPortResponse(port=self.peers.port)


class _Caller(asyncio.Protocol):
    """One peer's connection. Nothing of it is taken before `Acquaintances` admits it."""

    def __init__(self, door: Door, others: "set[_Caller]") -> None:
        self._door = door
        self._others = others
        self._frames = Frames()
        self._waiting: deque[bytes] = deque()  # of one read at most: then no more is read
        self._first: raft_pb2.PeerIntroduction | None = None
        self._sender = ("", "", 0)  # what `Acquaintances` is asked of it
        self._admitting: asyncio.Task[None] | None = None
        self._heard = ExitStack()  # while it is open we answer
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    # ---- asyncio's side ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if len(self._others) >= MAX_CALLERS:
            logger.warning("a peer's connection is closed: there are %d", MAX_CALLERS)
            self._transport.abort()
            return
        self._others.add(self)
        notice_silence(transport)
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(INTRODUCTION_TIME_OUT, self._too_late)

    def data_received(self, data: bytes) -> None:
        try:
            self._waiting.extend(self._frames.feed(data))
            self._work()
        except (ValueError, DecodeError, UsageError) as error:
            self._drop(f"what it sends makes no sense: {error}")

    def connection_lost(self, error: Exception | None) -> None:
        self._others.discard(self)
        self._heard.close()
        if self._first is not None:
            self._door.lost(self._first.sender_id)
        if self._deadline is not None:
            self._deadline.cancel()
        if self._admitting is not None:
            self._admitting.cancel()

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.abort()

    # ---- parts ---

    def _work(self) -> None:
        if self._admitting is not None or not self._waiting:
            return
        if self._first is None:
            first = raft_pb2.PeerIntroduction.FromString(self._waiting.popleft())
            self._begin(self._welcome(first))
            return
        if not self._door.acquaintances.knows(*self._sender):
            self._begin(self._admit(self._first))
            return
        sender, me = self._sender[0], self._door.me.replica_id
        read = raft_pb2.RaftMessage.FromString
        messages = [
            message_from_proto(read(data), sender=sender, receiver=me) for data in self._waiting
        ]
        self._waiting.clear()
        self._door.receive(messages)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        """Read no more until that is done, then go on."""
        assert self._transport is not None
        self._transport.pause_reading()
        self._admitting = asyncio.ensure_future(work)
        self._admitting.add_done_callback(self._go_on)

    def _go_on(self, done: asyncio.Future[None]) -> None:
        self._admitting = None
        if done.cancelled() or self._transport is None or self._transport.is_closing():
            return
        try:
            done.result()
            self._work()
        except (OSError, ValueError, DecodeError, UsageError) as error:
            self._drop(str(error))
            return
        if self._admitting is None:
            self._transport.resume_reading()

    async def _welcome(self, first: raft_pb2.PeerIntroduction) -> None:
        fault = self._wrong_door(first) or await self._door.acquaintances.admit(*_named(first))
        assert self._transport is not None
        self._transport.write(frame(raft_pb2.PeerWelcome(refusal=fault).SerializeToString()))
        if fault:
            logger.warning("refused peer %s: %s", first.sender_id, fault)
            self._transport.close()
            return
        if self._deadline is not None:
            self._deadline.cancel()
        address = Address.parse(first.sender_address) if first.sender_address else None
        caller = Caller(
            first.sender_id, address, first.sender_configuration_index, first.sender_peer_port
        )
        self._heard.enter_context(self._door.peers.hearing(caller))
        self._first, self._sender = first, _named(first)

    async def _admit(self, first: raft_pb2.PeerIntroduction) -> None:
        if fault := await self._door.acquaintances.admit(*_named(first)):
            self._drop(fault)

    def _wrong_door(self, first: raft_pb2.PeerIntroduction) -> str:
        me = self._door.me
        if first.cluster_id != me.cluster_id:
            return (
                f"replica '{first.sender_id}' is of cluster '{first.cluster_id}', this one of "
                f"'{me.cluster_id}': give all replicas the same ids in --peers and --cluster"
            )
        if first.receiver_id != me.replica_id:
            return (
                f"replica '{first.sender_id}' looks for '{first.receiver_id}' where "
                f"'{me.replica_id}' listens: correct its --peers"
            )
        return ""

    def _too_late(self) -> None:
        self._drop("it does not say who it is")

    def _drop(self, fault: str) -> None:
        name = self._first.sender_id if self._first is not None else "a peer"
        logger.warning("the connection of %s is closed: %s", name, fault)
        self._waiting.clear()
        self.close()


def _named(first: raft_pb2.PeerIntroduction) -> tuple[str, str, int]:
    known_since = first.sender_configuration_index if first.sender_named else 0
    return first.sender_id, first.sender_incarnation, known_since
