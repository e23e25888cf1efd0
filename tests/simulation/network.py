"""The network between replicas: loses, repeats, delays and so reorders; links are cut one way."""

from collections.abc import Callable
from dataclasses import replace

from central.raft import InstallSnapshot, Message
from tests.simulation.clock import Clock
from tests.simulation.plan import TICK, Plan


class Network:
    """Delivers to whoever is there when a message arrives."""

    def __init__(self, clock: Clock, plan: Plan, deliver: Callable[[Message], None]) -> None:
        self._clock = clock
        self._plan = plan
        self._deliver = deliver
        self._perfect = False
        self.cut: frozenset[tuple[str, str]] = frozenset()  # (from, to)

    def become_perfect(self) -> None:
        """End all faults; what is under way still arrives when it does."""
        self._perfect = True
        self.cut = frozenset()

    def send(self, message: Message) -> None:
        """Take a message, and perhaps lose it."""
        clock, rng = self._clock, self._clock.rng
        if (message.sender, message.receiver) in self.cut:
            clock.count("message lost at a cut")
            return
        if self._perfect:
            self._arrive_after(rng.randint(1, 5), message)
            return
        if rng.random() < self._plan.drop:
            clock.count("message dropped")
            return
        if isinstance(message, InstallSnapshot) and rng.random() < self._plan.damage:
            clock.count("snapshot piece damaged")
            message = replace(message, data=_damaged(message.data))
        copies = 1
        if rng.random() < self._plan.duplicate:
            clock.count("message duplicated")
            copies = 2
        for _ in range(copies):
            delay = rng.randint(1, 8)
            if rng.random() < self._plan.slow:
                clock.count("message delayed")
                delay = rng.randint(1, 30 * TICK)
            self._arrive_after(delay, message)

    def _arrive_after(self, delay: int, message: Message) -> None:
        self._clock.after(delay, lambda: self._arrive(message))

    def _arrive(self, message: Message) -> None:
        if (message.sender, message.receiver) in self.cut:
            self._clock.count("message lost at a cut")
            return
        self._deliver(message)


def _damaged(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:] if data else data
