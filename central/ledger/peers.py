"""Messages between replicas over gRPC: one stream from each to each. They may be lost, not forged.

Raft needs no delivery guarantee, so nothing here waits or retries a message: while a peer is away
its messages are dropped, and its queue is bounded. `receiver` is the other end.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import grpc

from central.ledger.channels import channel_options, raft_stub
from central.ledger.members import Standing, decode_places
from central.ledger.wire.consensus import message_to_proto
from central.raft import Message
from node.address import Address
from node.backoff import Backoff
from protos import raft_pb2

logger = logging.getLogger(__name__)

MAX_QUEUED = 256
"""Messages that wait for one peer. The newest are dropped beyond that: Raft sends them again."""

MAX_GUESTS = 16
"""Peers that are answered though our log does not name them. Others are not answered."""

REFUSED_DELAY = 1.0
"""Seconds until a peer that refused us is asked again: somebody has to do something first."""


@dataclass(frozen=True)
class Introduction:
    """What a replica says of itself at the beginning of each stream."""

    cluster_id: str
    replica_id: str
    incarnation: str


class Peers:
    """The streams to all other members, and to those that speak to us as members.

    A replica that lags behind does not know who was added since, and a newcomer knows nobody, yet
    must answer whoever leads (section 4.2.1): the leader's stream says where it is. It is our
    guest as long as that stream lasts.
    """

    def __init__(self, me: Introduction) -> None:
        self._me = me
        self._members: dict[str, Address] = {}
        self._index = 0  # of the configuration that says so
        self._named = False  # whether it names our incarnation
        self._guests: dict[str, tuple[Address, int]] = {}  # with the configuration's index
        self._guest_streams: Counter[str] = Counter()
        self._links: dict[str, tuple[_Link, asyncio.Task[None]]] = {}
        self._changed = asyncio.Event()

    def follow(self, standing: Standing) -> None:
        """Talk to these members from now on, and to no others."""
        places = decode_places(standing.configuration.context)
        self._members = {peer: place.address for peer, place in places.items()}
        mine = places.get(self._me.replica_id)
        self._index = standing.index
        self._named = mine is not None and mine.incarnation == self._me.incarnation
        self._changed.set()

    @contextmanager
    def hearing(self, peer: str, address: Address | None, *, index: int) -> Iterator[None]:
        """Answer a peer at that address for as long as it speaks, if our log does not name it.

        index: of the configuration in its log that says so; if ours is older, that counts more.
        """
        room = peer in self._guests or len(self._guests) < MAX_GUESTS
        if address is None or not room:
            yield
            return
        self._guests[peer] = (address, index)
        self._guest_streams[peer] += 1
        self._changed.set()
        try:
            yield
        finally:
            self._guest_streams[peer] -= 1
            if not self._guest_streams[peer]:
                del self._guests[peer], self._guest_streams[peer]
                self._changed.set()

    def send(self, messages: Iterable[Message]) -> None:
        """Queue messages for whoever they are addressed to; never waits."""
        for message in messages:
            if message.receiver in self._links:
                self._links[message.receiver][0].send(message)

    async def run(self) -> None:
        """Keep a stream open to each peer until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._changed.wait()
                self._changed.clear()
                self._relink(tasks)

    def _relink(self, tasks: asyncio.TaskGroup) -> None:
        wanted = dict(self._members)
        for peer, (address, index) in self._guests.items():
            if peer not in wanted or index > self._index:
                wanted[peer] = address
        mine = self._members.get(self._me.replica_id)
        wanted.pop(self._me.replica_id, None)
        for peer, (link, task) in list(self._links.items()):
            if wanted.get(peer) != link.address or link.my_address != mine:
                task.cancel()
                del self._links[peer]
        for peer, address in wanted.items():
            if peer not in self._links:
                link = _Link(self._me, mine, peer, address)
                self._links[peer] = (link, tasks.create_task(link.run()))
            self._links[peer][0].index = self._index
            self._links[peer][0].named = self._named


class _Link:
    """The stream to one peer."""

    def __init__(
        self, me: Introduction, my_address: Address | None, peer: str, address: Address
    ) -> None:
        self._me = me
        self.my_address = my_address
        self._peer = peer
        self.address = address
        self.index = 0  # told, like the next one, at the beginning of the next stream
        self.named = False
        self._queue: deque[Message] = deque()
        self._wake = asyncio.Event()
        self._connected = False
        self._refused = ""
        self._streams = 0  # that have ended

    def send(self, message: Message) -> None:
        if self._connected and len(self._queue) < MAX_QUEUED:
            self._queue.append(message)
            self._wake.set()

    async def run(self) -> None:
        backoff = Backoff(first=0.05, limit=0.5)
        async with grpc.aio.insecure_channel(
            str(self.address), options=channel_options()
        ) as channel:
            exchange = raft_stub(channel).Exchange
            while True:
                delay = 0.0
                try:
                    await exchange(self._outgoing(backoff))
                except grpc.aio.AioRpcError as error:
                    if error.code() is grpc.StatusCode.FAILED_PRECONDITION:
                        delay = REFUSED_DELAY
                    self._tell(error, first=backoff.attempts == 0)
                finally:
                    self._end_stream()
                await asyncio.sleep(max(delay, backoff.next_delay()))

    def _end_stream(self) -> None:
        self._streams += 1
        self._connected = False
        self._queue.clear()
        self._wake.set()  # gRPC may still wait for the next envelope: there is none

    def _tell(self, error: grpc.aio.AioRpcError, *, first: bool) -> None:
        detail = error.details() or error.code().name
        if error.code() is grpc.StatusCode.FAILED_PRECONDITION:
            if detail != self._refused:
                logger.error("peer %s at %s refuses us: %s", self._peer, self.address, detail)
            self._refused = detail
        elif self._connected or first:
            logger.warning("peer %s at %s is away: %s", self._peer, self.address, detail)

    async def _outgoing(self, backoff: Backoff) -> AsyncIterator[raft_pb2.RaftEnvelope]:
        """What goes over one stream. gRPC asks for the second envelope once the first has left."""
        number = self._streams
        yield raft_pb2.RaftEnvelope(
            cluster_id=self._me.cluster_id,
            sender_id=self._me.replica_id,
            receiver_id=self._peer,
            sender_incarnation=self._me.incarnation,
            sender_address=str(self.my_address or ""),
            sender_configuration_index=self.index,
            sender_named=self.named,
        )
        self._connected = True
        if not self._refused:
            logger.info("peer %s at %s is there", self._peer, self.address)
        backoff.reset()
        while True:
            await self._wake.wait()
            if number != self._streams:
                return
            self._wake.clear()
            if self._queue:
                messages = [message_to_proto(message) for message in self._queue]
                self._queue.clear()
                self._refused = ""
                yield raft_pb2.RaftEnvelope(messages=messages)
