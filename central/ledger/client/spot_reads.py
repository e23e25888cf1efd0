"""The client's reads of single spots: those that wait at the same time go in one request.

A request costs both ends far more than a spot in it, and the replica asks the quorum once for all
of them. Linearizable as each alone: all were asked before the request left.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from central.ledger.interface import LedgerError, LedgerRefused
from central.ledger.records import SpotReading
from central.ledger.wire.spots import MAX_SPOTS, SpotName
from node.values import frozen

MAX_REQUESTS_IN_FLIGHT = 2
"""While the replica works on one, the client makes the next; more would make them smaller."""

Ask = Callable[[Sequence[SpotName], float], Awaitable[Sequence[SpotReading | LedgerRefused]]]
"""Asks the primary about these, within so many seconds. Raises LedgerError."""


@frozen
class _Waiting:
    name: SpotName
    due: float  # event loop's time, seconds
    done: asyncio.Future[SpotReading]


class SpotReads:
    """Bounded by its callers: each waits for its own spot."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._waiting: deque[_Waiting] = deque()
        self._requests: set[asyncio.Task[None]] = set()
        self._is_due = False

    async def read(self, name: SpotName, *, timeout: float) -> SpotReading:
        """Return how a spot stands. Raises as `Ledger.get` does."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[SpotReading] = loop.create_future()
        self._waiting.append(_Waiting(name, loop.time() + timeout, done))
        self._soon()
        return await done

    async def close(self) -> None:
        """Stop; whoever waits is cancelled."""
        for request in self._requests:
            request.cancel()
        await asyncio.gather(*self._requests, return_exceptions=True)
        for one in self._waiting:
            one.done.cancel()

    def _soon(self) -> None:
        # Not at once: who else asks in this turn of the event loop is to come along.
        if not self._is_due and len(self._requests) < MAX_REQUESTS_IN_FLIGHT:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._start)

    def _start(self) -> None:
        self._is_due = False
        together: list[_Waiting] = []
        while self._waiting and len(together) < MAX_SPOTS:
            one = self._waiting.popleft()
            if not one.done.done():  # who waited may have gone
                together.append(one)
        if together:
            request = asyncio.create_task(self._request(together))
            self._requests.add(request)
            request.add_done_callback(self._ended)
        if self._waiting:
            self._soon()

    def _ended(self, request: asyncio.Task[None]) -> None:
        self._requests.discard(request)
        if self._waiting:
            self._soon()

    async def _request(self, together: Sequence[_Waiting]) -> None:
        # As long as the most patient one waits: who waits less leaves by itself.
        timeout = max(one.due for one in together) - asyncio.get_running_loop().time()
        answers: Sequence[SpotReading | LedgerError]
        try:
            answers = await self._ask([one.name for one in together], timeout)
        except LedgerError as error:
            answers = [error] * len(together)
        except asyncio.CancelledError:
            for one in together:
                one.done.cancel()
            raise
        for one, answer in zip(together, answers, strict=True):
            if one.done.done():
                continue
            if isinstance(answer, LedgerError):
                one.done.set_exception(answer)
            else:
                one.done.set_result(answer)
