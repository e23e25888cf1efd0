"""Messages between replicas over gRPC: one stream from each to each. They may be lost, not forged.

Raft needs no delivery guarantee, so nothing here waits or retries a message: while a peer is away
its messages are dropped, and its queue is bounded.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass

import grpc

from central.ledger.channels import Context, channel_options, raft_stub
from central.ledger.wire.consensus import message_from_proto, message_to_proto
from central.raft import Message
from node.address import Address
from node.backoff import Backoff
from protos import raft_pb2, raft_pb2_grpc

logger = logging.getLogger(__name__)

MAX_QUEUED = 256
"""Messages that wait for one peer. The newest are dropped beyond that: Raft sends them again."""


class Peers:
    """The streams to all other members, whoever these are just now."""

    def __init__(self, *, replica_id: str, cluster_id: str) -> None:
        self._me = replica_id
        self._cluster_id = cluster_id
        self._addresses: dict[str, Address] = {}
        self._links: dict[str, tuple[_Link, asyncio.Task[None]]] = {}
        self._changed = asyncio.Event()

    def follow(self, addresses: Mapping[str, Address]) -> None:
        """Talk to these members from now on, and to no others."""
        self._addresses = {peer: at for peer, at in addresses.items() if peer != self._me}
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
        for peer, (link, task) in list(self._links.items()):
            if self._addresses.get(peer) != link.address:
                task.cancel()
                del self._links[peer]
        for peer, address in self._addresses.items():
            if peer not in self._links:
                link = _Link(self._me, peer, self._cluster_id, address)
                self._links[peer] = (link, tasks.create_task(link.run()))


class _Link:
    """The stream to one peer."""

    def __init__(self, me: str, peer: str, cluster_id: str, address: Address) -> None:
        self._me = me
        self._peer = peer
        self._cluster_id = cluster_id
        self.address = address
        self._queue: deque[Message] = deque()
        self._wake = asyncio.Event()
        self._connected = False

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
                try:
                    await exchange(self._outgoing(backoff))
                except grpc.aio.AioRpcError as error:
                    if self._connected or backoff.attempts == 0:
                        logger.warning(
                            "peer %s at %s is away: %s", self._peer, self.address, error.details()
                        )
                self._connected = False
                self._queue.clear()
                await asyncio.sleep(backoff.next_delay())

    async def _outgoing(self, backoff: Backoff) -> AsyncIterator[raft_pb2.RaftEnvelope]:
        """What goes over one stream. gRPC asks for the second envelope once the first has left."""
        yield raft_pb2.RaftEnvelope(
            cluster_id=self._cluster_id, sender_id=self._me, receiver_id=self._peer
        )
        self._connected = True
        logger.info("peer %s at %s is there", self._peer, self.address)
        backoff.reset()
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._queue:
                messages = [message_to_proto(message) for message in self._queue]
                self._queue.clear()
                yield raft_pb2.RaftEnvelope(messages=messages)


@dataclass(frozen=True)
class RaftReceiver(raft_pb2_grpc.RaftServiceServicer):
    """The server's side: hands what peers send to the replica."""

    replica_id: str
    cluster_id: str
    receive: Callable[[Iterable[Message]], None]

    async def Exchange(  # noqa: N802 - the name is the service's
        self,
        request_iterator: AsyncIterator[raft_pb2.RaftEnvelope],
        context: Context,
    ) -> raft_pb2.ExchangeSummary:
        """Take one peer's messages until it goes away."""
        sender = ""
        async for envelope in request_iterator:
            if not sender:
                sender = envelope.sender_id
                problem = self._problem(envelope)
                if problem:
                    logger.warning("refused peer %s: %s", sender, problem)
                    await context.abort(grpc.StatusCode.FAILED_PRECONDITION, problem)
            self.receive(
                message_from_proto(message, sender=sender, receiver=self.replica_id)
                for message in envelope.messages
            )
        return raft_pb2.ExchangeSummary()

    def _problem(self, first: raft_pb2.RaftEnvelope) -> str:
        if first.cluster_id != self.cluster_id:
            return (
                f"replica '{first.sender_id}' is of cluster '{first.cluster_id}', this one of "
                f"'{self.cluster_id}': give all replicas the same ids in --peers and --cluster"
            )
        if first.receiver_id != self.replica_id:
            return (
                f"replica '{first.sender_id}' looks for '{first.receiver_id}' where "
                f"'{self.replica_id}' listens: correct its --peers"
            )
        return ""
