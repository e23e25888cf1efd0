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
from central.raft import (
    AppendEntries,
    AppendReply,
    Entry,
    Message,
    RequestVote,
    TimeoutNow,
    VoteReply,
)
from node.address import Address
from node.backoff import Backoff
from protos import raft_pb2, raft_pb2_grpc

logger = logging.getLogger(__name__)

MAX_QUEUED = 256
"""Messages that wait for one peer. The newest are dropped beyond that: Raft sends them again."""


class Peers:
    """The streams to all other replicas."""

    def __init__(
        self, *, replica_id: str, cluster_id: str, addresses: Mapping[str, Address]
    ) -> None:
        self._links = {
            peer: _Link(replica_id, peer, cluster_id, address)
            for peer, address in addresses.items()
        }

    def send(self, messages: Iterable[Message]) -> None:
        """Queue messages for whoever they are addressed to; never waits."""
        for message in messages:
            self._links[message.receiver].send(message)

    async def run(self) -> None:
        """Keep a stream open to each peer until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for link in self._links.values():
                tasks.create_task(link.run())


class _Link:
    """The stream to one peer."""

    def __init__(self, me: str, peer: str, cluster_id: str, address: Address) -> None:
        self._me = me
        self._peer = peer
        self._cluster_id = cluster_id
        self._address = address
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
            str(self._address), options=channel_options()
        ) as channel:
            exchange = raft_stub(channel).Exchange
            while True:
                try:
                    await exchange(self._outgoing(backoff))
                except grpc.aio.AioRpcError as error:
                    if self._connected or backoff.attempts == 0:
                        logger.warning(
                            "peer %s at %s is away: %s", self._peer, self._address, error.details()
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
        logger.info("peer %s at %s is there", self._peer, self._address)
        backoff.reset()
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._queue:
                messages = [to_proto(message) for message in self._queue]
                self._queue.clear()
                yield raft_pb2.RaftEnvelope(messages=messages)


@dataclass(frozen=True)
class RaftReceiver(raft_pb2_grpc.RaftServiceServicer):
    """The server's side: hands what peers send to the replica."""

    replica_id: str
    cluster_id: str
    voters: frozenset[str]
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
                from_proto(message, sender=sender, receiver=self.replica_id)
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
        if first.sender_id not in self.voters:
            return f"replica '{first.sender_id}' is not in this replica's --peers"
        return ""


def to_proto(message: Message) -> raft_pb2.RaftMessage:
    """Return a message as it goes over the wire; sender and receiver belong to the stream."""
    match message:
        case RequestVote():
            return raft_pb2.RaftMessage(
                term=message.term,
                request_vote=raft_pb2.RequestVote(
                    pre_vote=message.pre_vote,
                    last_log_index=message.last_log_index,
                    last_log_term=message.last_log_term,
                    transfer=message.transfer,
                ),
            )
        case TimeoutNow():
            return raft_pb2.RaftMessage(term=message.term, timeout_now=raft_pb2.TimeoutNow())
        case VoteReply():
            return raft_pb2.RaftMessage(
                term=message.term,
                vote_reply=raft_pb2.VoteReply(pre_vote=message.pre_vote, granted=message.granted),
            )
        case AppendEntries():
            return raft_pb2.RaftMessage(
                term=message.term,
                append_entries=raft_pb2.AppendEntries(
                    previous_index=message.previous_index,
                    previous_term=message.previous_term,
                    commit_index=message.commit_index,
                    read_round=message.read_round,
                    entries=[
                        raft_pb2.LogEntry(index=entry.index, term=entry.term, data=entry.data)
                        for entry in message.entries
                    ],
                ),
            )
        case AppendReply():
            return raft_pb2.RaftMessage(
                term=message.term,
                append_reply=raft_pb2.AppendReply(
                    accepted=message.accepted,
                    match_index=message.match_index,
                    hint_index=message.hint_index,
                    hint_term=message.hint_term,
                    read_round=message.read_round,
                    refused_index=message.refused_index,
                ),
            )


def from_proto(message: raft_pb2.RaftMessage, *, sender: str, receiver: str) -> Message:
    """Return the message that `to_proto` wrote. Raises ValueError if it has no body we know."""
    match message.WhichOneof("body"):
        case "request_vote":
            vote = message.request_vote
            return RequestVote(
                sender=sender,
                receiver=receiver,
                term=message.term,
                last_log_index=vote.last_log_index,
                last_log_term=vote.last_log_term,
                pre_vote=vote.pre_vote,
                transfer=vote.transfer,
            )
        case "timeout_now":
            return TimeoutNow(sender=sender, receiver=receiver, term=message.term)
        case "vote_reply":
            return VoteReply(
                sender=sender,
                receiver=receiver,
                term=message.term,
                granted=message.vote_reply.granted,
                pre_vote=message.vote_reply.pre_vote,
            )
        case "append_entries":
            append = message.append_entries
            return AppendEntries(
                sender=sender,
                receiver=receiver,
                term=message.term,
                previous_index=append.previous_index,
                previous_term=append.previous_term,
                commit_index=append.commit_index,
                read_round=append.read_round,
                entries=tuple(Entry(e.index, e.term, e.data) for e in append.entries),
            )
        case "append_reply":
            reply = message.append_reply
            return AppendReply(
                sender=sender,
                receiver=receiver,
                term=message.term,
                accepted=reply.accepted,
                match_index=reply.match_index,
                read_round=reply.read_round,
                refused_index=reply.refused_index,
                hint_index=reply.hint_index,
                hint_term=reply.hint_term,
            )
    raise ValueError(f"a message of replica '{sender}' has no body that this version knows")
