"""The primary's side of an append stream: proposes each request as it comes, acks in order.

What was applied meanwhile is acked with one message, however many requests it was.
"""

import asyncio
from collections import deque
from typing import Protocol

from central.ledger import wire
from central.ledger.errors import OutcomeUnknown
from central.ledger.outcome import Appended, Outcome
from central.ledger.records import Rejected
from central.ledger.replica.replica import Replica
from central.raft import Overloaded
from node.errors import OperationError, UsageError
from protos import parking_pb2

MAX_IN_WORK = 8
"""Requests of one stream that are proposed and not answered; what carries it holds the rest."""

Errors = (OperationError, UsageError, Overloaded)


class Line(Protocol):
    """What carries a stream: the gRPC call, or its lane."""

    def answer(self, response: parking_pb2.AppendResponse) -> None:
        """Send it; never waits."""

    def go_on(self) -> None:
        """There is room for requests again."""


class Appending:
    """One stream, whatever carries it. Belongs to the event loop."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._in_work: deque[tuple[int, asyncio.Future[Outcome]]] = deque()
        self._line: Line | None = None
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Raises why nothing more is taken, after what was applied before is acked."""

    @property
    def is_idle(self) -> bool:
        """Whether all is answered."""
        return not self._in_work

    @property
    def is_full(self) -> bool:
        """Whether no more may be taken before `go_on`."""
        return len(self._in_work) >= MAX_IN_WORK

    def take(self, request: parking_pb2.AppendRequest, line: Line) -> None:
        """Propose a request, to be answered on `line`; after a failure it does nothing."""
        if self.over.done() or self._has_failed():
            return
        self._line = line
        try:
            outcome = self._replica.append(wire.batches_from_request(request))
        except Errors as error:
            self._in_work.append((request.number, _failed(error)))
            self._acknowledge()
            return
        self._in_work.append((request.number, outcome))
        outcome.add_done_callback(self._acknowledge)

    def fail(self, error: Exception) -> None:
        """Take nothing more: `over` raises this."""
        if not self.over.done():
            self.over.set_exception(error)
            self.over.exception()  # the call may have ended by itself: nobody need be told

    def close(self) -> None:
        """Forget what is not answered: nobody is left to be told."""
        self.fail(OutcomeUnknown())
        for _, outcome in self._in_work:
            if not outcome.cancel():
                outcome.exception()
        self._in_work.clear()

    def _has_failed(self) -> bool:
        """Return whether a request came to nothing: none may be proposed after it.

        Where one is not proposed, all behind it are not either: see Gathering.
        """
        if not self._in_work:
            return False
        _, last = self._in_work[-1]
        return last.done() and not last.cancelled() and last.exception() is not None

    def _acknowledge(self, _: "asyncio.Future[Outcome] | None" = None) -> None:
        """Ack, with one message, all that is applied up to the first that is not."""
        rejected: list[Rejected] = []
        through, failure = 0, None
        while self._in_work and self._in_work[0][1].done() and failure is None:
            number, outcome = self._in_work.popleft()
            failure = outcome.exception()
            if failure is None:
                through, result = number, outcome.result()
                if isinstance(result, Appended):
                    rejected += result.rejected
        if self._line is None or self.over.done():
            return
        if through:
            response = parking_pb2.AppendResponse(
                acked_through=through,
                index=self._replica.applied_index,
                rejected=[wire.rejected_to_proto(one) for one in rejected],
            )
            self._line.answer(response)
        if isinstance(failure, Exception):
            self.fail(failure)
        elif through:
            self._line.go_on()


def _failed(error: Exception) -> "asyncio.Future[Outcome]":
    outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    outcome.set_exception(error)
    return outcome
