"""The primary's side of an Append stream: proposes each request as it comes, acks in order.

What was applied meanwhile is acked with one message, however many requests it was.
"""

import asyncio
from collections import deque
from typing import Any

import grpc

from central.ledger import wire
from central.ledger.outcome import Appended, Outcome
from central.ledger.records import Rejected
from central.ledger.replica.replica import Replica
from central.ledger.wire.channels import Context
from central.ledger.wire.columns import METADATA
from protos import parking_pb2

MAX_IN_WORK = 8
"""Requests of one stream that are proposed and not answered; gRPC holds the rest back."""


class Appending:
    """One stream."""

    def __init__(self, replica: Replica, context: Context) -> None:
        self._replica = replica
        self._context = context
        self._in_work: deque[tuple[int, asyncio.Future[Outcome]]] = deque()
        self._changed = asyncio.Event()
        self._ended = False

    async def serve(self) -> None:
        """Return when the client has said all and is answered. Raises what a proposal raises."""
        await self._context.send_initial_metadata((METADATA,))
        proposer = asyncio.create_task(self._propose())
        try:
            while await self._there_is_work():
                number, rejected = await self._next_ack()
                await self._context.write(
                    parking_pb2.AppendResponse(
                        acked_through=number,
                        index=self._replica.applied_index,
                        rejected=[wire.rejected_to_proto(one) for one in rejected],
                    )
                )
            await proposer
        finally:
            proposer.cancel()
            for _, outcome in self._in_work:
                if not outcome.cancel():
                    outcome.exception()  # nobody is left to be told

    async def _propose(self) -> None:
        try:
            while (request := await self._read()) is not None and not self._has_failed():
                outcome = self._replica.append(wire.batches_from_request(request))
                self._in_work.append((request.number, outcome))
                self._changed.set()
                while len(self._in_work) >= MAX_IN_WORK:
                    self._changed.clear()
                    await self._changed.wait()
        finally:
            self._ended = True
            self._changed.set()

    def _has_failed(self) -> bool:
        """Return whether a request came to nothing: none may be proposed after it.

        Where one is not proposed, all behind it are not either: see Gathering.
        """
        if not self._in_work:
            return False
        _, last = self._in_work[-1]
        return last.done() and not last.cancelled() and last.exception() is not None

    async def _read(self) -> parking_pb2.AppendRequest | None:
        request: Any = await self._context.read()
        return None if request is grpc.aio.EOF else request

    async def _there_is_work(self) -> bool:
        while not self._in_work and not self._ended:
            self._changed.clear()
            await self._changed.wait()
        return bool(self._in_work)

    async def _next_ack(self) -> tuple[int, list[Rejected]]:
        """Wait for the first request; returns the last one that is applied with it."""
        rejected: list[Rejected] = []
        number, outcome = self._in_work[0]
        await outcome
        while self._in_work and self._in_work[0][1].done():
            number, outcome = self._in_work.popleft()
            result = outcome.result()
            if isinstance(result, Appended):
                rejected += result.rejected
        self._changed.set()
        return number, rejected
