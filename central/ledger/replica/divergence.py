"""Replicas compare heads at equal index; one whose state is not that of the others stops.

Replicas that applied the same log must have the same head. If two do not, one of them has a faulty
disk, memory or program, or somebody has changed its state. A majority is right; a replica that
finds itself outside of it answers nobody any more and marks its directory, so that no restart
brings it back. While nobody has a majority (one replica is away, or behind) both go on comparing
for a while; then one of them stops, maybe both, without the mark, and without a quorum the ledger
stands still. Who is right is told when all of them are there again.
"""

import asyncio
import logging
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import grpc

from central.ledger.errors import Diverged
from central.ledger.interface import HistoryDropped
from central.ledger.proof import FORMAT, Head, first_difference
from central.ledger.replica.replica import Replica
from central.ledger.wire import audit
from central.ledger.wire.channels import Context, audit_stub, channel_options
from central.ledger.wire.status_codes import abort
from central.raft.quorum import majority
from node.address import Address
from node.errors import OperationError
from node.values import frozen
from protos import audit_pb2

logger = logging.getLogger(__name__)

COMPARE_EVERY = 5.0  # seconds
ANSWER_TIME_OUT = 1.0  # seconds that a peer has to tell its head
UNDECIDED_ROUNDS = 6  # comparisons without a majority after which a replica stops
FAREWELL = 1.0  # seconds in which a replica that stops tells its clients why
HAND_OVER = 0.5  # seconds that another replica has to take over

MARK = "diverged"


def check_mark(directory: Path) -> None:
    """Raise OperationError if the state in a directory is known not to be that of the others."""
    mark = directory / MARK
    if mark.exists():
        raise OperationError(f"{mark.read_text(encoding='utf-8').strip()} (noted in {mark})")


@frozen
class _Peer:
    """A peer's head, and whether ours at that index is the same."""

    replica_id: str
    address: Address
    head: Head
    same: bool


class HeadWatch:
    """Compares this replica's heads with those of its peers, and stops it if they differ."""

    def __init__(self, replica: Replica, *, every: float = COMPARE_EVERY) -> None:
        self._replica = replica
        self._every = every
        self._undecided = 0
        self.fault: Diverged | None = None

    async def run(self) -> None:
        """Compare now and then until cancelled; raises Diverged once this replica must stop."""
        while True:
            await asyncio.sleep(self._every)
            try:
                fault = await self._compare()
            except Diverged as damage:
                fault = damage
            if fault is not None:
                logger.error("%s", fault)
                await self._replica.membership.hand_over(timeout=HAND_OVER)
                self.fault = fault
                await asyncio.sleep(FAREWELL)
                raise fault

    async def _compare(self) -> Diverged | None:
        """Return why this replica must stop, if it must."""
        applied = self._replica.applied_index
        if applied == 0:
            return None  # a newcomer has nothing to compare
        addresses = self._replica.addresses
        voters = self._replica.membership.configuration.voters
        answers = await asyncio.gather(
            *(
                self._ask(replica_id, addresses[replica_id], applied)
                for replica_id in sorted(voters & addresses.keys())
                if replica_id != self._me
            )
        )
        peers = [peer for peer in answers if peer is not None]
        other = next((peer for peer in peers if not peer.same), None)
        if other is None:
            self._undecided = 0 if peers else self._undecided
            return None
        index = await self._first_difference(other)
        if index is None:
            return None  # it went away meanwhile
        # Whoever is not there yet cannot tell.
        told = [peer for peer in peers if peer.head.index >= index]
        needed = majority(len(voters))
        if 1 + sum(peer.same for peer in told) >= needed:
            logger.error(
                "replica %s has another state than a majority from index %d on: it must be "
                "replaced",
                other.replica_id,
                index,
            )
            self._undecided = 0
            return None
        return self._stop(index, other, told, needed=needed)

    def _stop(
        self, index: int, other: _Peer, told: Sequence[_Peer], *, needed: int
    ) -> Diverged | None:
        directory = self._replica.settings.directory
        differs = (
            f"replica '{self._me}' has another state than replica '{other.replica_id}' from index "
            f"{index} on"
        )
        if sum(not peer.same for peer in told) >= needed:
            message = (
                f"{differs}, and so a majority: it stops serving; keep {directory} to find out "
                "why ('parkledger verify --data'), remove it with 'parkledger members remove "
                f"{self._me}', and add an empty one under a new id"
            )
            _mark(directory, message)
            return Diverged(message)
        self._undecided += 1
        logger.error(
            "%s; who is right cannot be told yet (%d)", differs, UNDECIDED_ROUNDS - self._undecided
        )
        if self._undecided < UNDECIDED_ROUNDS:
            return None
        return Diverged(
            f"{differs}, and no majority tells who is right: it stops serving; start all replicas, "
            "or look with 'parkledger verify --data' which of the two is damaged"
        )

    async def _first_difference(self, other: _Peer) -> int | None:
        async with grpc.aio.insecure_channel(
            str(other.address), options=channel_options()
        ) as channel:

            async def theirs(index: int) -> bytes:
                return (await _head(channel, index)).digest

            try:
                dropped = await self._replica.query(lambda queries: queries.checkpoint().size)
                high = other.head.index
                low = min(dropped, high - 1)
                return await first_difference(self._ours, theirs, low=low, high=high)
            except (grpc.aio.AioRpcError, HistoryDropped):
                return None  # one of the two dropped that part meanwhile: next time

    async def _ask(self, replica_id: str, address: Address, index: int) -> _Peer | None:
        async with grpc.aio.insecure_channel(str(address), options=channel_options()) as channel:
            try:
                head = await _head(channel, index)
            except grpc.aio.AioRpcError:
                return None  # it is away, or from before there were heads
        if head.format != FORMAT or not 0 < head.index <= index:
            return None
        try:
            return _Peer(replica_id, address, head, await self._ours(head.index) == head.digest)
        except HistoryDropped:
            return None  # it is so far behind that nobody can tell any more

    async def _ours(self, index: int) -> bytes:
        try:
            _, digest = await self._replica.query(lambda queries: queries.head(index))
        except (sqlite3.DatabaseError, ValueError) as error:
            raise Diverged(
                f"the state in {self._replica.settings.directory} is damaged ({error}): it stops "
                "serving; find out more with 'parkledger verify --data', and put an empty replica "
                "in its place"
            ) from error
        return digest

    @property
    def _me(self) -> str:
        return self._replica.settings.replica_id


class Gate(grpc.aio.ServerInterceptor):
    """Refuses every call once the replica is known to have another state than the others."""

    def __init__(self, watch: HeadWatch) -> None:
        self._watch = watch

    async def intercept_service(  # type: ignore[no-untyped-def]  # the stubs' types do not fit aio
        self, continuation, handler_call_details
    ):
        """Answer with the fault in the place of the service's own answer."""
        handler = await continuation(handler_call_details)
        fault = self._watch.fault
        if fault is None or handler is None:
            return handler

        async def refuse(_: object, context: Context) -> None:
            await abort(context, fault, {})

        return {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, False): grpc.stream_unary_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }[bool(handler.request_streaming), bool(handler.response_streaming)](refuse)


async def _head(channel: grpc.aio.Channel, index: int) -> Head:
    request = audit_pb2.GetHeadRequest(index=index)
    return audit.head_from_proto(
        await audit_stub(channel).GetHead(request, timeout=ANSWER_TIME_OUT)
    )


def _mark(directory: Path, message: str) -> None:
    descriptor = os.open(directory / MARK, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, f"{message}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
