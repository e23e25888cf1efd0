"""Who waits at a primary for what: proposals to be applied, reads to be confirmed.

Whoever waits is always told: the outcome, or that it is unknown.
"""

import asyncio
import itertools
from collections.abc import Iterable
from typing import Any, Protocol

from central.ledger.errors import OutcomeUnknown
from central.ledger.outcome import Outcome
from central.ledger.state.state_machine import Applied
from central.raft import ReadReady


class Waiter(Protocol):
    """Who wants to know what an entry came to: a future, or something like it."""

    def done(self) -> bool:
        """Return whether it need not be told any more."""

    def set_result(self, outcome: Outcome, /) -> None:
        """Tell it."""

    def set_exception(self, error: BaseException, /) -> None:
        """Tell it that nobody knows."""


class Requests:
    """Bounded by the core, which refuses what is too much before anybody waits here."""

    def __init__(self) -> None:
        self._proposals: dict[int, tuple[int, Waiter]] = {}  # index -> (term, …)
        self._reads: dict[int, asyncio.Future[int]] = {}
        self._numbers = itertools.count(1)

    def applied(self, index: int, *, term: int) -> asyncio.Future[Outcome]:
        """Return a future of what the entry proposed at that place comes to, or OutcomeUnknown."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.expect(index, term=term, waiter=future)
        return future

    def expect(self, index: int, *, term: int, waiter: Waiter) -> None:
        """Tell somebody what the entry proposed at that place comes to, or OutcomeUnknown."""
        self._proposals[index] = (term, waiter)

    def next_read(self) -> int:
        """Return a number that no read had."""
        return next(self._numbers)

    async def confirmed(self, number: int) -> int:
        """Wait for the index at which that read may be answered. Raises OutcomeUnknown."""
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._reads[number] = future
        try:
            return await future
        finally:
            self._reads.pop(number, None)

    def resolve(self, applied: Iterable[Applied]) -> None:
        """Tell those whose entries are applied; another leader's entry may stand in a place."""
        for one in applied:
            term, waiter = self._proposals.pop(one.index, (0, None))
            if waiter is None or waiter.done():
                continue
            if term == one.term:
                waiter.set_result(one.outcome)
            else:
                waiter.set_exception(OutcomeUnknown())

    def confirm(self, reads: Iterable[ReadReady]) -> None:
        """Tell those whose reads a quorum has confirmed."""
        for read in reads:
            future = self._reads.get(read.context)
            if future is not None and not future.done():
                future.set_result(read.index)

    def abandon(self) -> None:
        """Nobody will answer those who wait: tell them that the outcome is unknown."""
        if not self._proposals and not self._reads:
            return  # asked all the time
        waiting: list[Any] = [waiter for _, waiter in self._proposals.values()]
        waiting += self._reads.values()
        self._proposals.clear()
        self._reads.clear()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_exception(OutcomeUnknown())
