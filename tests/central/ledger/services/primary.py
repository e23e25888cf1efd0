"""A replica that takes appends as it is told to."""

import asyncio
from typing import cast

from central.ledger.command import StoredBatches
from central.ledger.outcome import Appended, Outcome
from central.ledger.replica.replica import Replica
from central.raft import Overloaded


class Primary:
    """Takes every request but those of the named sequences; each of one batch."""

    applied_index = 7

    def __init__(self, *, refuses: tuple[int, ...] = (), later: bool = False) -> None:
        """`later`: what is taken is applied by `apply` only."""
        self._refuses = refuses
        self._later = later
        self._waiting: list[asyncio.Future[Outcome]] = []
        self.taken: list[int] = []
        self.asked = asyncio.Event()  # set with each request

    @property
    def replica(self) -> Replica:
        """What a service takes it for."""
        return cast(Replica, self)

    def append(self, batches: StoredBatches) -> "asyncio.Future[Outcome]":
        """Take it, or not."""
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.asked.set()
        sequence = batches.batches[0][2]
        if sequence in self._refuses:
            outcome.set_exception(Overloaded("try later"))
            return outcome
        self.taken.append(sequence)
        if self._later:
            self._waiting.append(outcome)
        else:
            outcome.set_result(Appended())
        return outcome

    def apply(self, count: int) -> None:
        """Apply the first ones that wait."""
        for outcome in self._waiting[:count]:
            outcome.set_result(Appended())
        del self._waiting[:count]

    def lose(self, error: Exception) -> None:
        """Tell all who wait that nobody knows."""
        for outcome in self._waiting:
            outcome.set_exception(error)
        self._waiting.clear()
