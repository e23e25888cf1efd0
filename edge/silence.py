"""PURE: when a processor that owes an answer counts as hanging, and not only as slow.

One that is overloaded acks late but answers a ping at once; over a slow link both wait behind the
frame. So what counts is how long nothing at all was heard while an ack was owed, against the
longest such wait of late that ended well.
"""

import enum
from dataclasses import dataclass

TICK_S = 0.1


class Step(enum.Enum):
    """What to do after a tick."""

    WAIT = "wait"
    PING = "ping"
    LEAVE = "leave"


@dataclass(frozen=True)
class Patience:
    """Seconds. ping_s: of silence until a ping. least_s: until the processor is left. most_s: the
    same, while it has not yet answered anything, and where answers are slow. times: how much
    longer than the longest usual wait. remembered_s: for how long a wait is usual; longer than
    between two whole pictures, the largest that is sent."""

    ping_s: float = 0.5
    least_s: float = 1.5
    most_s: float = 5.0
    times: float = 3.0
    remembered_s: float = 120.0


class Silence:
    """Ticks of one stream; monotonic seconds. Time in which no tick came does not count: whoever
    was stopped himself cannot say that the other was silent."""

    def __init__(self, patience: Patience, *, now: float) -> None:
        self._patience = patience
        self._last_tick = now
        self.seconds = 0.0
        """Of silence while an answer was owed."""
        self._longest = [0.0, 0.0]  # of this period and of the one before
        self._period_began = now
        self._heard = False

    def heard(self) -> None:
        """Anything came from the processor."""
        self._longest[0] = max(self._longest[0], self.seconds)
        self._heard = True
        self.seconds = 0.0

    def tick(self, *, now: float, owed_since: float | None) -> Step:
        """Say what to do; owed_since: when the oldest frame left that is not acked, if any."""
        elapsed, self._last_tick = now - self._last_tick, now
        if now - self._period_began >= self._patience.remembered_s:
            self._longest = [0.0, self._longest[0]]
            self._period_began = now
        if owed_since is None:
            self.seconds = 0.0
            return Step.WAIT
        self.seconds += min(elapsed, 2 * TICK_S, now - owed_since)
        if self.seconds >= self._limit_s():
            return Step.LEAVE
        return Step.PING if self.seconds >= self._patience.ping_s else Step.WAIT

    def _limit_s(self) -> float:
        patience = self._patience
        if not self._heard:
            return patience.most_s
        usual = patience.times * max(self._longest)
        return min(patience.most_s, max(patience.least_s, usual))
