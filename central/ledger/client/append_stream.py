"""The client's append stream: coalesces what waits, keeps few requests in flight, sends again.

While requests are in flight, batches gather and go together in the next one: the cost of a commit
is per message, so that throughput grows with the number of writers. After a break everything
unacked is sent again in its first order; the ledger knows the keys and applies nothing twice.
"""

import asyncio
import logging
from collections import deque
from typing import TypeAlias

import grpc

from central.ledger import wire
from central.ledger.client.append_lines import Call, CallLine, LaneLine, Line, open_lane
from central.ledger.client.coalescing import MAX_REQUESTS_IN_FLIGHT, next_size
from central.ledger.client.replicas import Replicas
from central.ledger.interface import LedgerError, LedgerRefused
from central.ledger.records import AppendResult, DetectionBatch
from central.ledger.wire.channels import parking_stub
from central.ledger.wire.columns import takes_columns
from central.ledger.wire.lanes import offer_of
from central.ledger.wire.status_codes import final_error
from node.address import Address
from node.backoff import Backoff
from node.values import frozen
from protos import parking_pb2

logger = logging.getLogger(__name__)

ACK_TIME_OUT = 2.0
"""Seconds without an ack after which the replica is taken for dead and another one tried."""

LAST_WORDS = 0.2
"""Seconds that a stream whose lane is lost has to say why."""


_Waiting: TypeAlias = "tuple[DetectionBatch, asyncio.Future[AppendResult]]"
"""A batch, and who waits for what it comes to. Made for each record, so it is no class."""


@frozen
class _Request:
    number: int
    sent_at: float  # event loop's time, seconds
    batches: list[_Waiting]


class AppendStream:
    """One stream to the primary. Bounded by its callers: each waits for its own batch."""

    def __init__(self, replicas: Replicas) -> None:
        self._replicas = replicas
        self._waiting: deque[_Waiting] = deque()
        self._in_flight: deque[_Request] = deque()
        self._singly = 0  # how many of those that wait are to go one by one
        self._number = 0  # of the stream's last request
        self._takes_columns = False  # of the replica at the other end; not known yet
        self._line: Line | None = None  # while there is a stream
        self._lane: LaneLine | None = None  # to be gone over to, once nothing is in flight
        self._broken: asyncio.Future[None] | None = None  # while there is a stream
        self._backoff = Backoff(first=0.02, limit=0.1)
        self._wake = asyncio.Event()
        self._sending_is_due = False
        self._loop: asyncio.AbstractEventLoop | None = None  # from the first append on
        self._task: asyncio.Task[None] | None = None

    def append(self, batch: DetectionBatch) -> asyncio.Future[AppendResult]:
        """Commit a batch; done once it is applied and on a quorum's disks."""
        if self._loop is None:
            # Once: asking for it asks the system for the process's number, as often as it is done.
            self._loop = asyncio.get_running_loop()
            self._task = self._loop.create_task(self._run())
        done: asyncio.Future[AppendResult] = self._loop.create_future()
        self._waiting.append((batch, done))
        if not self._sending_is_due:
            self._send_soon()
        return done

    async def close(self) -> None:
        """Stop; whoever waits is cancelled."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._requeue()
        for _, done in self._waiting:
            done.cancel()

    # ---- streams, one after the other ---

    async def _run(self) -> None:
        while True:
            if not self._waiting and not self._in_flight:
                # Connect when there is something to say: who is primary may have changed.
                self._wake.clear()
                await self._wake.wait()
            target = self._replicas.target
            error: grpc.aio.AioRpcError | None = None
            final: LedgerError | None = None
            try:
                await self._stream(target)
            except grpc.aio.AioRpcError as caught:
                error, final = caught, final_error(caught)
            except LedgerRefused as refused:
                final = refused
            except TimeoutError:
                logger.warning("replica at %s does not ack, trying another one", target)
            sent = sum(len(request.batches) for request in self._in_flight)
            self._requeue()
            if final is not None:
                self._blame(final, sent)
                continue
            if not self._replicas.failed(target, error):
                await asyncio.sleep(self._backoff.next_delay())

    async def _stream(self, target: Address) -> None:
        """Send and receive on one stream until it breaks (AioRpcError, TimeoutError) or ends.

        Raises LedgerRefused where a request cannot be made.
        """
        call = parking_stub(self._replicas.channel()).Append()
        line = CallLine(call, self._take)
        broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._begin(line, broken)
        running = asyncio.create_task(line.run())
        watch = asyncio.create_task(self._watch())
        lane = asyncio.create_task(self._widen(call, target))
        try:
            await asyncio.wait({running, watch, broken}, return_when=asyncio.FIRST_COMPLETED)
            if broken.done() and broken.exception() is None:  # its lane is lost
                await asyncio.wait({running}, timeout=LAST_WORDS)
            for end in (running, watch, broken):
                if end.cancelled():
                    raise TimeoutError  # by gRPC: nobody else has it
                if end.done():
                    end.result()
        finally:
            self._end()
            for task in (running, watch, lane):
                task.cancel()
            call.cancel()
            await asyncio.gather(running, watch, lane, return_exceptions=True)
            broken.cancel()

    def _begin(self, line: Line, broken: "asyncio.Future[None]") -> None:
        self._line, self._broken = line, broken
        self._number = 0
        self._takes_columns = False
        self._send_soon()

    def _end(self) -> None:
        self._line = self._broken = None
        if self._lane is not None:
            self._lane.close()
            self._lane = None

    async def _widen(self, call: Call, target: Address) -> None:
        """Do what the replica says that it can: take columns, and carry them on a lane."""
        metadata = await call.initial_metadata()
        self._takes_columns = takes_columns(metadata)
        offer = offer_of(metadata)
        if offer is None:
            return
        try:
            lane = await open_lane(target.host, offer, self._take)
        except (OSError, TimeoutError) as error:
            logger.info(
                "appends to %s go over gRPC alone, port %d of it takes no connection: %s",
                *(target, offer.port, error or "it does not answer"),
            )
            return
        self._lane = lane
        self._send_soon()
        await lane.lost
        if self._broken is not None and not self._broken.done():
            self._broken.set_result(None)

    async def _watch(self) -> None:
        """Raise TimeoutError once an ack is overdue: a replica that is paused reads nothing.

        Looked at now and then, for a timer a request would cost as much as the request.
        """
        while True:
            left = self._ack_due_in()
            if left <= 0:
                raise TimeoutError
            await asyncio.sleep(max(left, ACK_TIME_OUT / 8))

    def _ack_due_in(self) -> float:
        """Return the seconds that the oldest request in flight has left; all, if there is none."""
        if not self._in_flight:
            return ACK_TIME_OUT
        return self._in_flight[0].sent_at + ACK_TIME_OUT - asyncio.get_running_loop().time()

    # ---- requests and acks of one stream ---

    def _send_soon(self) -> None:
        # Not at once: who else appends in this turn of the event loop is to come along.
        if not self._sending_is_due:
            self._sending_is_due = True
            asyncio.get_running_loop().call_soon(self._send)

    def _send(self) -> None:
        """Send what may be sent now."""
        self._sending_is_due = False
        if self._line is None or self._broken is None or self._broken.done():
            self._wake.set()
            return
        if self._lane is not None and self._line is not self._lane:
            if self._in_flight:  # of one line first: the order of requests counts
                return
            self._line = self._lane
        try:
            while batches := self._next_request():
                self._number += 1
                sent_at = asyncio.get_running_loop().time()
                self._in_flight.append(_Request(self._number, sent_at, batches))
                self._line.write(self._request(self._number, [batch for batch, _ in batches]))
        except LedgerRefused as error:
            self._broken.set_exception(error)

    def _request(self, number: int, batches: list[DetectionBatch]) -> parking_pb2.AppendRequest:
        try:
            if self._takes_columns:
                return wire.columns_to_proto(number, batches)
            return wire.append_to_proto(number, batches)
        except (TypeError, ValueError) as error:
            raise LedgerRefused(f"a batch is refused, no message can hold it: {error}") from error

    def _next_request(self) -> list[_Waiting]:
        """Return the batches of the next request; none, if none may be sent now."""
        self._drop_cancelled()
        if not self._waiting:
            return []
        if self._singly:
            if self._in_flight:
                return []
            self._singly -= 1
            return [self._waiting.popleft()]
        if len(self._in_flight) >= MAX_REQUESTS_IN_FLIGHT:
            return []
        in_flight = sum(len(request.batches) for request in self._in_flight)
        size = next_size(waiting=len(self._waiting), in_flight=in_flight)
        return [self._waiting.popleft() for _ in range(size)]

    def _take(self, response: parking_pb2.AppendResponse) -> None:
        """Tell those whose batches are acked."""
        self._backoff.reset()
        rejected = {
            key.key: key.reason
            for key in (wire.rejected_from_proto(one) for one in response.rejected)
        }
        accepted = AppendResult(response.index)
        while self._in_flight and self._in_flight[0].number <= response.acked_through:
            for batch, done in self._in_flight.popleft().batches:
                if not done.done():
                    reason = rejected.get(batch.key) if rejected else None
                    done.set_result(AppendResult(response.index, reason) if reason else accepted)
        self._send_soon()

    def _requeue(self) -> None:
        """Put everything unacked back in front, in its first order."""
        for request in reversed(self._in_flight):
            self._waiting.extendleft(reversed(request.batches))
        self._in_flight.clear()
        self._drop_cancelled()

    def _drop_cancelled(self) -> None:
        while self._waiting and self._waiting[0][1].done():
            self._waiting.popleft()

    def _blame(self, error: LedgerError, sent: int) -> None:
        """Tell the caller whose batch can never succeed, so that it blocks no other.

        A refused request names no batch: where more than one was sent, each goes by itself now.
        """
        if sent > 1:
            self._singly = sent
        elif self._waiting:
            _, done = self._waiting.popleft()
            if not done.done():
                done.set_exception(LedgerRefused(str(error)))
