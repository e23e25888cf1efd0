"""One replica as a process: it obeys Effects as central/raft/effects.py says, and may crash."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from central.raft import (
    Config,
    Effects,
    Entry,
    Message,
    Persist,
    Piece,
    PieceWanted,
    Raft,
    Snapshot,
    merge_writes,
    split_committed,
)
from tests.simulation.clock import Clock
from tests.simulation.disk import Broken, Disk
from tests.simulation.history import History
from tests.simulation.machine import Machine
from tests.simulation.plan import TICK, Plan
from tests.simulation.watch import Watch


class Crashed(Exception):
    """The process died here."""


class Process:
    """A replica's core between crashes; `disk` is what stays.

    Writes are one at a time and in order; those that wait are merged into few.
    """

    make_raft = Raft  # a test of the simulator puts a broken core here

    def __init__(
        self,
        plan: Plan,
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
        self.machine = Machine()
        self.incarnation = 0
        self.paused = False
        self.lost = False  # its disk is; it never starts again
        self.period = TICK
        self.slowest_write = 8
        self.steps_to_crash: int | None = None
        self._plan = plan
        self._config = config
        self._clock = clock
        self._send = send
        self._watch = watch
        self._history = history
        self._missed: list[Callable[[], None]] = []  # while paused
        self._waiting: deque[Effects] = deque()
        self._writing: list[Effects] = []
        self._writes: deque[Persist] = deque()
        self._snapshot: tuple[Snapshot, bytes] | None = None  # that is being sent

    def start(self) -> None:
        """Start from what is on disk, unless that shows damage."""
        disk = self.disk
        if disk.flipped:
            self.lost = True
            self._clock.count("start refused: bit flipped")
            return
        self.incarnation += 1
        if disk.pending is not None:
            self._clock.count("restore finished at the next start")
            disk.restored()
        self.machine = disk.machine.copy()
        self.raft = self.make_raft(
            self._config,
            hard_state=disk.hard_state,
            start=disk.start,
            entries=disk.entries,
            applied=disk.machine.applied,
            received=disk.arriving.last if disk.arriving else None,
            rng=self._clock.rng,
        )
        self._clock.say(self.name, "starts in term", self.raft.term, "at", self.raft.last_index)
        self._watch.started(self.name, self.raft, disk)
        self._later(self._clock.rng.randint(1, self.period), self._tick)
        self._later(self._clock.gap(self._plan.compact_gap), self._compact)
        if disk.arriving is not None and disk.arriving.last.end == disk.arriving.last.size:
            self._later(1, self._check_snapshot)

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
        self.disk.full = self.disk.failing = False
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
        except (Crashed, Broken) as crashed:
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
        self._writes.clear()
        self._snapshot = None
        self._watch.writes(self.name, self.disk)
        lost = self.disk.crash(self._clock.rng)
        for what in (where, lost):
            self._clock.count(what)
            self._clock.say(self.name, what)

    def _tick(self) -> None:
        self._later(self.period, self._tick)
        self._input(self._pass_time)

    def _pass_time(self, raft: Raft) -> None:
        raft.note_snapshot_bytes(self._plan.weight)
        raft.tick()

    def _step(self, message: Message) -> None:
        self._clock.say(self.name, "takes", message)
        self._input(lambda raft: raft.step(message))

    def _input(self, act: Callable[[Raft], None]) -> None:
        raft = self.raft
        assert raft is not None
        act(raft)
        if self._clock.rng.random() < self._plan.batching:
            self._later(self._clock.rng.randint(0, 3), self._pump)
        else:
            self._pump()

    def _pump(self) -> None:
        raft = self.raft
        assert raft is not None
        effects = raft.take_effects(now=self._clock.now)
        self._watch.stepped(self.name, raft, effects)
        if effects is None:
            return
        for message in effects.messages_now:
            self._survive("while sending at once")
            self._post(message)
        for wanted in effects.pieces_wanted:
            self._later(self._clock.rng.randint(0, 3), partial(self._read, wanted))
        if self._clock.rng.random() < 0.5:
            early, effects = split_committed(effects, (*self._writing, *self._waiting))
            self._apply(early)
        self._waiting.append(effects)
        self._write()

    # ---- writing, and what comes after it ---

    def _write(self) -> None:
        if self._writing or not self._waiting:
            return
        self._survive("before a write")
        # One write for all that waits, or for a part of it: both are allowed.
        together = len(self._waiting) if self._clock.rng.random() < 0.7 else 1
        while self._waiting and len(self._writing) < together:
            self._writing.append(self._waiting.popleft())
            if self._writing[-1].restore is not None:
                break
        persists = [each.persist for each in self._writing if each.persist is not None]
        self._writes.extend(merge_writes(persists))
        if len(persists) > len(self._writes):
            self._clock.count("writes merged")
        self._write_next()

    def _write_next(self) -> None:
        if not self._writes:
            self._later(0, self._finish)
            return
        write = self._writes.popleft()
        # The state machine must be durable before the log forgets what led to it.
        moves = write.start is not None and write.restore is None
        keeps_state = moves or self._clock.rng.random() < 0.3
        self.disk.begin(write, machine=self.machine.copy() if keeps_state else None)
        self._later(self._clock.rng.randint(1, self.slowest_write), self._written)

    def _written(self) -> None:
        self._survive("during fsync")
        write = self.disk.under_way
        self._watch.writes(self.name, self.disk)
        self.disk.end(self._clock.rng)
        self._watch.written(self.name, self.disk)
        if write is not None and write.pieces and write.pieces[-1].end == write.pieces[-1].size:
            self._later(self._clock.rng.randint(0, 5), self._check_snapshot)
        self._write_next()

    def _finish(self) -> None:
        for effects in self._writing:
            for message in effects.messages_after:
                self._survive("while sending after a write")
                if message.receiver == self.name:
                    self._step(message)
                else:
                    self._post(message)
            if effects.restore is not None:
                self._survive("before restoring a snapshot")
                self._watch.restores(self.name, effects.restore.snapshot)
                self.disk.restored()
                self.machine = self.disk.machine.copy()
                self._watch.state(self.name, self.machine)
                self._clock.count("snapshot restored")
            self._apply(effects.committed)
            for ready in effects.reads:
                self._survive("before answering a read")
                self._history.answered(self.name, ready, applied=self.machine.applied)
        self._writing = []
        self._write()

    def _apply(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self._survive("while applying")
            self._watch.applies(self.name, self.machine.applied, entry, disk=self.disk)
            self.machine.apply(entry)
            self._watch.state(self.name, self.machine)
            self._history.applied(self.name, self.incarnation, entry, self.machine)

    def _post(self, message: Message) -> None:
        self._watch.leaves(message, self.disk)
        self._send(message)

    # ---- snapshots ---

    def _compact(self) -> None:
        self._later(self._clock.gap(self._plan.compact_gap), self._compact)
        raft = self.raft
        assert raft is not None
        index = self.machine.applied - self._plan.kept
        before = raft.start.index
        if index > before:
            self._input(lambda raft: raft.compact(index))
            self._clock.count("compaction" if raft.start.index > before else "compaction held back")

    def _read(self, wanted: PieceWanted) -> None:
        raft = self.raft
        assert raft is not None
        kept = self._snapshot
        if kept is not None and wanted.identity is None:
            too_old = kept[0].index < wanted.at_least
            kept = None if too_old or self._clock.rng.random() < 0.5 else kept
        if kept is None or kept[0].index < raft.start.index:
            name = f"{self.name} {self.incarnation} {self._clock.now}"
            kept = (raft.snapshot_at(self.machine.applied), self.machine.to_bytes(name))
            self._snapshot = kept
            self._clock.count("snapshot made")
        snapshot, data = kept
        identity = hashlib.sha256(data).digest()
        offset = wanted.offset if identity == wanted.identity else 0
        piece = Piece(
            snapshot, identity, len(data), offset, data[offset : offset + self._plan.piece_bytes]
        )
        self._input(lambda raft: raft.piece_read(wanted.receiver, piece))

    def _check_snapshot(self) -> None:
        arriving = self.disk.arriving
        if arriving is None or arriving.last.end != arriving.last.size:
            return
        identity = arriving.last.identity
        intact = hashlib.sha256(arriving.data).digest() == identity
        self._clock.count("snapshot received" if intact else "snapshot damaged")
        self._input(lambda raft: raft.snapshot_received(identity, intact=intact))
