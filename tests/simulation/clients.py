"""Clients that send commands, some of them again and again, and read."""

from collections.abc import Sequence

from central.raft import Entry, NotLeader, Overloaded, Raft, Role
from tests.simulation.clock import Clock
from tests.simulation.history import History
from tests.simulation.process import Process


class Clients:
    """Ask, mostly of a replica that believes it leads.

    What was not acknowledged may be sent again, elsewhere and at any later time: an answer that
    does not come means nothing (section 6.3).
    """

    def __init__(self, clock: Clock, processes: Sequence[Process], history: History) -> None:
        self._clock = clock
        self._processes = processes
        self._history = history
        self._made = 0
        self._open: dict[str, bytes] = {}

    def act(self) -> None:
        """Propose or read somewhere."""
        rng = self._clock.rng
        leaders = [each for each in self._processes if each.raft and each.raft.role is Role.LEADER]
        sloppy = not leaders or rng.random() < 0.1
        process = rng.choice(self._processes if sloppy else leaders)
        if rng.random() < 0.3:
            self.read(process)
        else:
            self.propose(process, count=rng.choice((1, 1, 2, 5)))

    def propose(self, process: Process, *, count: int) -> None:
        """Propose some commands in one batch, perhaps some of them again."""
        payloads = [self._payload() for _ in range(count)]

        def question(raft: Raft) -> None:
            try:
                first = raft.propose(payloads)
            except NotLeader:
                self._clock.count("proposal refused: not the leader")
            except Overloaded:
                self._clock.count("proposal refused: overloaded")
            else:
                self._clock.say(process.name, "is proposed", count, "from", first)
                for index, payload in enumerate(payloads, start=first):
                    entry = Entry(index, raft.term, payload)
                    self._history.proposed(process.name, process.incarnation, entry)

        process.ask(question)

    def read(self, process: Process) -> None:
        """Ask for one linearizable read."""
        self._made += 1
        context = self._made

        self._history.asked(process.name, context)

        def question(raft: Raft) -> None:
            try:
                if not raft.read(context, now=self._clock.now):
                    self._clock.count("read refused: nothing committed in this term")
            except NotLeader:
                self._clock.count("read refused: not the leader")
            except Overloaded:
                self._clock.count("read refused: overloaded")

        process.ask(question)

    def _payload(self) -> bytes:
        rng = self._clock.rng
        self._open = {
            command: payload
            for command, payload in self._open.items()
            if command not in self._history.acknowledged
        }
        if self._open and rng.random() < 0.2:
            self._clock.count("command sent again")
            return rng.choice(list(self._open.values()))
        self._made += 1
        payload = b"%d:" % self._made + b"." * rng.choice((0, 10, 50, 50, 3000))
        self._open[str(self._made)] = payload
        return payload
