"""One replica as a process: it obeys Effects as central/raft/effects.py says, and may crash."""

from collections import deque
from collections.abc import Callable
from functools import reduce

from central.raft import Config, Effects, Message, Persist, Raft
from tests.simulation.clock import Clock
from tests.simulation.disk import Disk
from tests.simulation.history import History
from tests.simulation.plan import TICK
from tests.simulation.watch import Watch


class Crashed(Exception):
    """The process died here."""


class Process:
    """A replica's core between crashes; `disk` is what stays.

    Writes are one at a time and in order; those that wait become one write (Persist.merged).
    """

    make_raft = Raft  # a test of the simulator puts a broken core here

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock,
        disk: Disk,
        send: Callable[[Message], None],
        watch: Watch,
        history: History,
    ) -> None:
        self.name = config.replica_id
        self.disk = disk
        self.raft: Raft | None = None
        self.incarnation = 0
        self.paused = False
        self.period = TICK
        self.slowest_write = 8
        self.steps_to_crash: int | None = None
        self.applied = 0
        self._config = config
        self._clock = clock
        self._send = send
        self._watch = watch
        self._history = history
        self._missed: list[Callable[[], None]] = []  # while paused
        self._waiting: deque[Effects] = deque()
        self._writing: list[Effects] = []

    def start(self) -> None:
        """Start from what is on disk."""
        self.incarnation += 1
        self.applied = self.disk.applied
        self.raft = self.make_raft(
            self._config,
            hard_state=self.disk.hard_state,
            entries=self.disk.entries,
            applied=self.disk.applied,
            rng=self._clock.rng,
        )
        self._clock.say(self.name, "starts in term", self.raft.term, "at", self.raft.last_index)
        self._watch.started(self.name, self.raft, self.disk)
        self._later(self._clock.rng.randint(1, self.period), self._tick)

    def crash(self) -> None:
        """Die between two events, if alive."""
        if self.raft is not None:
            self._die("crash from outside")

    def resume(self) -> None:
        """Go on after a pause; all that was missed comes now."""
        self.paused = False
        missed, self._missed = self._missed, []
        for action in missed:
            self._clock.after(0, action)

    def become_healthy(self) -> None:
        """End all that is wrong here but being down."""
        self.period = TICK
        self.slowest_write = 8
        self.steps_to_crash = None
        if self.paused:
            self.resume()

    def receive(self, message: Message) -> None:
        """Take a message from the network."""
        if self.raft is None:
            self._clock.count("message to a dead replica")
            return
        self._later(0, lambda: self._step(message))

    def ask(self, question: Callable[[Raft], None]) -> None:
        """Let a client do something with the core, once it runs, and obey what follows."""
        self._later(0, lambda: self._input(question))

    # ---- one thing after another; the process may die at every `_survive` ---

    def _later(self, delay: int, action: Callable[[], None]) -> None:
        incarnation = self.incarnation

        def happen() -> None:
            if self.incarnation != incarnation or self.raft is None:
                return
            if self.paused:
                self._missed.append(happen)
            else:
                self._guarded(action)

        self._clock.after(delay, happen)

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Crashed as crashed:
            self._die(str(crashed))

    def _survive(self, where: str) -> None:
        if self.steps_to_crash is not None:
            self.steps_to_crash -= 1
            if self.steps_to_crash < 0:
                raise Crashed(f"crash {where}")

    def _die(self, where: str) -> None:
        self.raft = None
        self.paused = False
        self.steps_to_crash = None
        self._missed = []
        self._waiting.clear()
        self._writing = []
        self._watch.writes(self.name, self.disk)
        lost = self.disk.crash(self._clock.rng)
        for what in (where, lost):
            self._clock.count(what)
            self._clock.say(self.name, what)

    def _tick(self) -> None:
        self._later(self.period, self._tick)
        self._input(lambda raft: raft.tick())

    def _step(self, message: Message) -> None:
        self._clock.say(self.name, "takes", message)
        self._input(lambda raft: raft.step(message))

    def _input(self, act: Callable[[Raft], None]) -> None:
        raft = self.raft
        assert raft is not None
        act(raft)
        effects = raft.take_effects()
        self._watch.stepped(self.name, raft, effects)
        if effects is None:
            return
        for message in effects.messages_now:
            self._survive("while sending at once")
            self._post(message)
        self._waiting.append(effects)
        self._write()

    def _write(self) -> None:
        if self._writing or not self._waiting:
            return
        self._survive("before a write")
        # One write for all that waits, or for a part of it: both are allowed.
        together = len(self._waiting) if self._clock.rng.random() < 0.7 else 1
        self._writing = [self._waiting.popleft() for _ in range(together)]
        persists = [each.persist for each in self._writing if each.persist is not None]
        if not persists:
            self._later(0, self._finish)
            return
        if len(persists) > 1:
            self._clock.count("writes merged")
        self.disk.begin(reduce(Persist.merged, persists), applied=self.applied)
        self._later(self._clock.rng.randint(1, self.slowest_write), self._written)

    def _written(self) -> None:
        self._survive("during fsync")
        self._watch.writes(self.name, self.disk)
        self.disk.finish()
        self._finish()

    def _finish(self) -> None:
        for effects in self._writing:
            for message in effects.messages_after:
                self._survive("while sending after a write")
                if message.receiver == self.name:
                    self._step(message)
                else:
                    self._post(message)
            for entry in effects.committed:
                self._survive("while applying")
                self._watch.applies(self.name, self.applied, entry)
                self.applied = entry.index
                self._history.applied(self.name, self.incarnation, entry)
            for ready in effects.reads:
                self._survive("before answering a read")
                self._history.answered(self.name, ready, applied=self.applied)
        self._writing = []
        self._write()

    def _post(self, message: Message) -> None:
        self._watch.leaves(message, self.disk)
        self._send(message)
