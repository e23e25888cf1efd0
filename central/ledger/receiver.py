"""The other end of `peers`: takes what peers send, of those that may be listened to."""

import logging
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass

import grpc

from central.ledger.acquaintances import Acquaintances
from central.ledger.channels import Context
from central.ledger.peers import Introduction, Peers
from central.ledger.wire.consensus import message_from_proto
from central.raft import Message
from node.address import Address
from protos import raft_pb2, raft_pb2_grpc

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RaftReceiver(raft_pb2_grpc.RaftServiceServicer):
    """The server's side: hands what peers send to the replica."""

    me: Introduction
    acquaintances: Acquaintances
    peers: Peers
    receive: Callable[[Iterable[Message]], None]

    async def Exchange(  # noqa: N802 - the name is the service's
        self,
        request_iterator: AsyncIterator[raft_pb2.RaftEnvelope],
        context: Context,
    ) -> raft_pb2.ExchangeSummary:
        """Take one peer's messages until it goes away."""
        first = await anext(aiter(request_iterator), None)
        if first is None:
            return raft_pb2.ExchangeSummary()
        await self._check(first, self._wrong_door(first), context)
        sender = first.sender_id
        address = Address.parse(first.sender_address) if first.sender_address else None
        await self._admit(first, context)
        with self.peers.hearing(sender, address, index=first.sender_configuration_index):
            self._take(first, sender)
            async for envelope in request_iterator:
                await self._admit(first, context)
                self._take(envelope, sender)
        return raft_pb2.ExchangeSummary()

    def _take(self, envelope: raft_pb2.RaftEnvelope, sender: str) -> None:
        self.receive(
            message_from_proto(message, sender=sender, receiver=self.me.replica_id)
            for message in envelope.messages
        )

    async def _admit(self, first: raft_pb2.RaftEnvelope, context: Context) -> None:
        known_since = first.sender_configuration_index if first.sender_named else 0
        fault = await self.acquaintances.admit(
            first.sender_id, first.sender_incarnation, known_since=known_since
        )
        await self._check(first, fault, context)

    async def _check(self, first: raft_pb2.RaftEnvelope, fault: str, context: Context) -> None:
        if fault:
            logger.warning("refused peer %s: %s", first.sender_id, fault)
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, fault)

    def _wrong_door(self, first: raft_pb2.RaftEnvelope) -> str:
        if first.cluster_id != self.me.cluster_id:
            return (
                f"replica '{first.sender_id}' is of cluster '{first.cluster_id}', this one of "
                f"'{self.me.cluster_id}': give all replicas the same ids in --peers and --cluster"
            )
        if first.receiver_id != self.me.replica_id:
            return (
                f"replica '{first.sender_id}' looks for '{first.receiver_id}' where "
                f"'{self.me.replica_id}' listens: correct its --peers"
            )
        return ""
