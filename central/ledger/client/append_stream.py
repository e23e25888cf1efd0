"""The client's append stream: coalesces what waits, keeps few requests in flight, sends again.

While requests are in flight, batches gather and go together in the next one: the cost of a commit
is per message, so that throughput grows with the number of writers. After a break everything
unacked is sent again in its first order; the ledger knows the keys and applies nothing twice.
"""

import asyncio
import logging
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

import grpc

from central.ledger import wire
from central.ledger.client.coalescing import MAX_REQUESTS_IN_FLIGHT, next_size
from central.ledger.client.replicas import Replicas
from central.ledger.interface import LedgerError, LedgerRefused
from central.ledger.records import AppendResult, DetectionBatch
from central.ledger.wire.channels import parking_stub
from central.ledger.wire.columns import takes_columns
from central.ledger.wire.status_codes import final_error
from node.backoff import Backoff
from node.values import frozen
from protos import parking_pb2

Call: TypeAlias = "grpc.aio.StreamStreamCall[parking_pb2.AppendRequest, parking_pb2.AppendResponse]"

logger = logging.getLogger(__name__)

ACK_TIME_OUT = 2.0
"""Seconds without an ack after which the replica is taken for dead and another one tried."""


@dataclass(slots=True)
class _Waiting:
    batch: DetectionBatch
    done: asyncio.Future[AppendResult]


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
        self._takes_columns = False  # of the replica at the other end; not known yet
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def append(self, batch: DetectionBatch) -> AppendResult:
        """Commit a batch; returns once it is applied and on a quorum's disks."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        waiting = _Waiting(batch, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._wake.set()
        return await waiting.done

    async def close(self) -> None:
        """Stop; whoever waits is cancelled."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._requeue()
        for waiting in self._waiting:
            waiting.done.cancel()

    async def _run(self) -> None:
        backoff = Backoff(first=0.02, limit=0.1)
        while True:
            if not self._waiting and not self._in_flight:
                # Connect when there is something to say: who is primary may have changed.
                self._wake.clear()
                await self._wake.wait()
            target = self._replicas.target
            error: grpc.aio.AioRpcError | None = None
            final: LedgerError | None = None
            try:
                await self._stream(backoff)
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
                await asyncio.sleep(backoff.next_delay())

    async def _stream(self, backoff: Backoff) -> None:
        """Send and receive on one stream until it breaks (AioRpcError, TimeoutError) or ends.

        Raises LedgerRefused where a request cannot be made.
        """
        call = parking_stub(self._replicas.channel()).Append()
        self._takes_columns = False
        reader = asyncio.create_task(self._receive(call, backoff))
        reader.add_done_callback(lambda _: self._wake.set())
        watch = asyncio.create_task(self._watch(call))
        number = 0
        try:
            with suppress(asyncio.InvalidStateError):  # the call has ended: the reader knows why
                while (batches := await self._next_request(reader)) is not None:
                    number += 1
                    sent_at = asyncio.get_running_loop().time()
                    self._in_flight.append(_Request(number, sent_at, batches))
                    await call.write(self._request(number, [one.batch for one in batches]))
            await reader
        except asyncio.CancelledError:
            ours = asyncio.current_task()
            if ours is not None and ours.cancelling():
                raise
            raise TimeoutError from None  # the watch has cancelled the call
        finally:
            for task in (watch, reader):
                task.cancel()
            call.cancel()
            await asyncio.gather(watch, reader, return_exceptions=True)

    def _request(self, number: int, batches: list[DetectionBatch]) -> parking_pb2.AppendRequest:
        try:
            if self._takes_columns:
                return wire.columns_to_proto(number, batches)
            return wire.append_to_proto(number, batches)
        except (TypeError, ValueError) as error:
            raise LedgerRefused(f"a batch is refused, no message can hold it: {error}") from error

    async def _next_request(self, reader: "asyncio.Task[None]") -> list[_Waiting] | None:
        """Return the batches of the next request, or None when the stream has ended."""
        while not reader.done():
            self._drop_cancelled()
            if self._singly and self._waiting:
                if not self._in_flight:
                    self._singly -= 1
                    return [self._waiting.popleft()]
            elif self._waiting and len(self._in_flight) < MAX_REQUESTS_IN_FLIGHT:
                in_flight = sum(len(request.batches) for request in self._in_flight)
                size = next_size(waiting=len(self._waiting), in_flight=in_flight)
                return [self._waiting.popleft() for _ in range(size)]
            self._wake.clear()
            await self._wake.wait()
        return None

    async def _receive(self, call: Call, backoff: Backoff) -> None:
        """Take acks until the stream ends."""
        self._takes_columns = takes_columns(await call.initial_metadata())
        while True:
            response = await call.read()
            if not isinstance(response, parking_pb2.AppendResponse):
                return
            backoff.reset()
            rejected = {
                key.key: key.reason
                for key in (wire.rejected_from_proto(one) for one in response.rejected)
            }
            accepted = AppendResult(response.index)
            while self._in_flight and self._in_flight[0].number <= response.acked_through:
                for one in self._in_flight.popleft().batches:
                    if not one.done.done():
                        reason = rejected.get(one.batch.key) if rejected else None
                        result = AppendResult(response.index, reason) if reason else accepted
                        one.done.set_result(result)
            self._wake.set()

    async def _watch(self, call: Call) -> None:
        """Cancel the call once an ack is overdue: a replica that is paused reads nothing.

        Looked at now and then, for a timer a request would cost as much as the request.
        """
        while True:
            left = self._ack_due_in()
            if left <= 0:
                break
            await asyncio.sleep(max(left, ACK_TIME_OUT / 8))
        call.cancel()

    def _ack_due_in(self) -> float:
        """Return the seconds that the oldest request in flight has left; all, if there is none."""
        if not self._in_flight:
            return ACK_TIME_OUT
        return self._in_flight[0].sent_at + ACK_TIME_OUT - asyncio.get_running_loop().time()

    def _requeue(self) -> None:
        """Put everything unacked back in front, in its first order."""
        for request in reversed(self._in_flight):
            self._waiting.extendleft(reversed(request.batches))
        self._in_flight.clear()
        self._drop_cancelled()

    def _drop_cancelled(self) -> None:
        while self._waiting and self._waiting[0].done.done():
            self._waiting.popleft()

    def _blame(self, error: LedgerError, sent: int) -> None:
        """Tell the caller whose batch can never succeed, so that it blocks no other.

        A refused request names no batch: where more than one was sent, each goes by itself now.
        """
        if sent > 1:
            self._singly = sent
        elif self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done.done():
                waiting.done.set_exception(LedgerRefused(str(error)))
