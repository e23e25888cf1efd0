"""What many streams want to append, made one entry of while the disk is busy with the one before.

An entry that is proposed sooner could not be applied sooner, for it waits for that disk; and what
an entry costs, on all replicas, is as much as some ten batches cost.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from central.ledger.command import Command, StoredBatches, encode, read
from central.ledger.errors import NotPrimary
from central.ledger.outcome import Appended, Outcome
from central.ledger.replica.requests import Requests
from central.raft import Entry, NotLeader, Overloaded, Raft

MOST_IN_AN_ENTRY = 512
"""Batches of several requests; one request that has more is an entry of its own."""

MOST_WAITING = 1 << 16
"""Batches that wait to be proposed; more are refused."""


@dataclass(frozen=True, slots=True)
class _Request:
    batches: list[list[Any]]
    outcome: asyncio.Future[Outcome]


@dataclass(frozen=True, slots=True)
class _Proposed:
    index: int
    data: bytes
    command: StoredBatches  # what `data` says
    committed_at_us: int


class Gathering:
    """Belongs to the event loop."""

    def __init__(
        self, raft: Raft, requests: Requests, wall_clock_us: Callable[[], int], edition: int = 3
    ) -> None:
        """All that is gathered is of one `edition`: see command.py."""
        self._raft = raft
        self._requests = requests
        self._wall_clock_us = wall_clock_us
        self._edition = edition
        self._waiting: deque[_Request] = deque()
        self._count = 0  # of their batches
        self._proposed: deque[_Proposed] = deque()  # what may still be applied here

    @property
    def is_waiting(self) -> bool:
        """Whether there is something to propose."""
        return bool(self._waiting)

    def add(self, batches: StoredBatches) -> asyncio.Future[Outcome]:
        """Return what these come to once they are applied. Raises Overloaded.

        The future raises NotPrimary or Overloaded, if nothing was proposed, or OutcomeUnknown.
        """
        assert batches.edition == self._edition
        if self._count and self._count + len(batches.batches) > MOST_WAITING:
            raise Overloaded(f"{self._count} batches wait to be proposed: try later")
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Request(batches.batches, outcome))
        self._count += len(batches.batches)
        return outcome

    def alone(self, command: Command) -> asyncio.Future[Outcome]:
        """Propose it now, as an entry of its own. Raises NotPrimary or Overloaded."""
        try:
            index = self._raft.propose([encode(command, committed_at_us=self._wall_clock_us())])
        except NotLeader as error:
            raise NotPrimary(error.leader) from error
        return self._requests.applied(index, term=self._raft.term)

    def propose(self) -> None:
        """Propose what waits, as one entry if it is not too much."""
        if not self._waiting:
            return
        group = self._take()
        together = [batch for request in group for batch in request.batches]
        command, now_us = StoredBatches(together, self._edition), self._wall_clock_us()
        data = encode(command, committed_at_us=now_us)
        try:
            index = self._raft.propose([data])
        except NotLeader as error:
            self._tell_all(group, NotPrimary(error.leader))
        except Overloaded as error:
            self._tell_all(group, error)
        else:
            self._requests.expect(index, term=self._raft.term, waiter=_Group(group))
            self._proposed.append(_Proposed(index, data, command, now_us))

    def read(self, entry: Entry) -> tuple[Command | StoredBatches, int]:
        """Return what `read` does of an entry's data, without reading what was proposed here."""
        proposed = self._proposed
        while proposed and proposed[0].index < entry.index:
            proposed.popleft()
        if proposed and proposed[0].data is entry.data:
            own = proposed.popleft()
            return own.command, own.committed_at_us
        return read(entry.data)

    def refuse(self, primary: str | None) -> None:
        """Tell all who wait that another replica is primary: nothing of theirs was proposed."""
        self._proposed.clear()
        if self._waiting:
            self._tell_all([], NotPrimary(primary))

    def _tell_all(self, group: list[_Request], error: Exception) -> None:
        """Tell these, and all who wait behind them, that nothing of theirs was proposed.

        Of a stream nothing may be proposed after what was not: the ledger would take what came
        before, when it is sent again, for duplicates, and ack what it never applied.
        """
        _Group([*group, *self._waiting]).set_exception(error)
        self._waiting.clear()
        self._count = 0

    def _take(self) -> list[_Request]:
        group = [self._waiting.popleft()]
        size = len(group[0].batches)
        while self._waiting and size + len(self._waiting[0].batches) <= MOST_IN_AN_ENTRY:
            group.append(self._waiting.popleft())
            size += len(group[-1].batches)
        self._count -= size
        return group


class _Group:
    """Those whose batches are in one entry. Some may have gone."""

    def __init__(self, requests: list[_Request]) -> None:
        self._requests = requests

    def done(self) -> bool:
        return all(request.outcome.done() for request in self._requests)

    def set_result(self, outcome: Outcome) -> None:
        for request in self._requests:
            if not request.outcome.done():
                request.outcome.set_result(_part(outcome, request.batches))

    def set_exception(self, error: BaseException) -> None:
        for request in self._requests:
            if not request.outcome.done():
                request.outcome.set_exception(error)


def _part(outcome: Outcome, batches: list[list[Any]]) -> Outcome:
    """Return what an entry came to for some of its batches."""
    if not isinstance(outcome, Appended) or not outcome.rejected:
        return outcome
    keys = {tuple(batch[:3]) for batch in batches}
    return Appended(
        tuple(
            one
            for one in outcome.rejected
            if (one.key.camera_id, one.key.boot_id, one.key.sequence) in keys
        )
    )
