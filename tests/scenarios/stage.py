"""Replicas on a stage: their disks, the mail between them, and what must never happen."""

import random
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from central.raft import (
    Config,
    Effects,
    Entry,
    HardState,
    Message,
    Persist,
    Piece,
    PieceWanted,
    Raft,
    Role,
    Snapshot,
)
from tests.scenarios.wording import describe

SAME = "    the same again, once or more"


class Broken(AssertionError):
    """What no scenario allows, whatever it expects."""


@dataclass
class Disk:
    """What survives a crash of one replica. `state` is the state machine: payloads applied."""

    hard_state: HardState = field(default_factory=HardState)
    start: Snapshot = field(default_factory=Snapshot)
    entries: list[Entry] = field(default_factory=list)
    applied: int = 0
    state: list[str] = field(default_factory=list)
    received: Piece | None = None
    pieces: bytearray = field(default_factory=bytearray)

    def write(self, persist: Persist) -> None:
        """Do one write, in the order that Persist prescribes."""
        self.hard_state = persist.hard_state or self.hard_state
        for piece in persist.pieces:
            self.pieces[piece.offset :] = piece.data
            self.received = piece
        if persist.start is not None:
            self.start = persist.start
            kept = [each for each in self.entries if each.index > self.start.index]
            self.entries = kept if persist.restore is None else []
        if persist.entries:
            first = persist.entries[0].index
            kept = [each for each in self.entries if each.index < first]
            self.entries = [*kept, *persist.entries]


@dataclass(frozen=True)
class Kept:
    """A snapshot that a replica can send."""

    snapshot: Snapshot
    identity: bytes
    data: bytes


class Stage:
    """Everything that a scenario moves.

    Mail lies until it is delivered. Effects are obeyed at once, but those of a `busy` replica are
    not even looked at, and those of a `slow` one wait before their write, as do all later ones.
    """

    def __init__(self) -> None:
        self.settings = Config("any", election_ticks=10, heartbeat_ticks=2)
        self.piece_bytes = 1 << 20
        self.now = 0
        self.disks: dict[str, Disk] = {}
        self.rafts: dict[str, Raft] = {}  # those that run
        self.mail: list[Message] = []
        self.held: list[Message] = []
        self.cut: set[tuple[str, str]] = set()
        self.busy: set[str] = set()
        self.slow: set[str] = set()
        self.waiting: dict[str, deque[Effects]] = {}
        self.kept: dict[str, Kept] = {}
        self.reads: dict[str, list[str]] = {}
        self.trace: list[str] = []
        self._boots = 0
        self._chosen: dict[int, Entry] = {}
        self._led: dict[int, str] = {}
        self._least: dict[tuple[str, int], int] = {}  # what a read must see at least

    # ---- processes and disks ---

    def start(self, name: str) -> None:
        """Start from what is on disk; raises ValueError if the core refuses that."""
        disk = self.disks[name]
        self._boots += 1
        self.rafts[name] = Raft(
            replace(self.settings, replica_id=name),
            hard_state=disk.hard_state,
            start=disk.start,
            entries=disk.entries,
            applied=disk.applied,
            rng=random.Random(f"{name} {self._boots}"),
            received=disk.received,
        )
        self.waiting[name] = deque()
        if disk.received is not None and disk.received.snapshot.index > disk.applied:
            self._check_received(name)
        self.settle()

    def crash(self, name: str) -> None:
        """Lose all that is not on disk."""
        del self.rafts[name]
        self.busy.discard(name)
        self.slow.discard(name)

    def applied_before(self, name: str, index: int) -> None:
        """Put the state machine at `index`, with what this scenario knows was applied."""
        disk = self.disks[name]
        by_index = {each.index: each for each in disk.entries}
        for each in range(1, index + 1):
            self._chosen.setdefault(each, by_index.get(each) or self._chosen[each])
        disk.applied, disk.state = index, self._state_at(index)

    # ---- mail ---

    def deliver(self, wanted: Callable[[Message], bool], *, once: bool = False) -> int:
        """Deliver wanted mail, and what comes of it, until none is left; returns how many."""
        delivered = 0
        while chosen := next((each for each in self.mail if wanted(each)), None):
            self.mail.remove(chosen)
            delivered += 1
            if delivered > 10_000:
                raise Broken("the mail never ends")
            raft = self.rafts.get(chosen.receiver)
            lost = raft is None or (chosen.sender, chosen.receiver) in self.cut
            self.trace.append(f"    {'lost: ' if lost else ''}{describe(chosen)}")
            if raft is not None and not lost:
                raft.step(chosen)
            self.settle()
            if once:
                break
        return delivered

    def run(self, ticks: int) -> None:
        """Let time pass for all, and all mail arrive that is not held."""
        before: list[str] = []
        for _ in range(ticks):
            begins = len(self.trace)
            self.tick(list(self.rafts), 1)
            self.deliver(lambda _: True)
            if (now := self.trace[begins:]) and now == before:
                del self.trace[begins:]
                if self.trace[-1] != SAME:
                    self.trace.append(SAME)
            before = now or before

    def tick(self, names: Iterable[str], ticks: int) -> None:
        """Let time pass for some, and nothing arrive."""
        for _ in range(ticks):
            for name in names:
                self.rafts[name].tick()
            self.now += 1
            self.settle()

    def ask(self, name: str, context: int) -> bool:
        """Ask for a read, which must see all that anybody has applied by now."""
        self._least[name, context] = max(self._chosen, default=0)
        return self.rafts[name].read(context, now=self.now)

    # ---- effects ---

    def settle(self) -> None:
        """Do what all ask for, as far as they are not busy or slow."""
        for name in list(self.rafts):
            for _ in range(100):
                effects = None
                if name not in self.busy:
                    effects = self.rafts[name].take_effects(now=self.now)
                if effects is not None:
                    self._send(name, effects.messages_now)
                    for wanted in effects.pieces_wanted:
                        self._read_piece(name, wanted)
                    self.waiting[name].append(effects)
                if name not in self.slow:
                    self.finish_writes(name)
                if effects is None:
                    break
            else:
                raise Broken(f"{name} asks for something for ever")
            self._check_leader(name)

    def finish_writes(self, name: str) -> None:
        """End the writes that wait, and do what may be done only then."""
        waiting, disk, raft = self.waiting[name], self.disks[name], self.rafts[name]
        while waiting:
            effects = waiting.popleft()
            persist = effects.persist
            if persist is not None:
                disk.write(persist)
            own = [each for each in effects.messages_after if each.receiver == name]
            self._send(name, [each for each in effects.messages_after if each not in own])
            for message in own:
                raft.step(message)
            if effects.restore is not None:
                self._restore(name, effects.restore.snapshot)
            for entry in effects.committed:
                self._apply(name, entry)
            for read in effects.reads:
                self._answer(name, read.context, read.index)
            if persist is not None and persist.pieces:
                self._check_received(name)

    def _send(self, name: str, messages: Sequence[Message]) -> None:
        for message in messages:
            if (name, message.receiver) not in self.cut:
                self.mail.append(message)

    # ---- snapshots ---

    def keep_snapshot(self, name: str) -> Kept:
        """Take a snapshot of what a replica has applied."""
        disk = self.disks[name]
        data = "\n".join(disk.state).encode() or b"\n"
        snapshot = self.rafts[name].snapshot_at(disk.applied)
        self.kept[name] = Kept(snapshot, b"%s %d" % (name.encode(), zlib.crc32(data)), data)
        return self.kept[name]

    def _read_piece(self, name: str, wanted: PieceWanted) -> None:
        raft, kept = self.rafts[name], self.kept.get(name)
        if kept is None or kept.snapshot.index < raft.start.index:
            kept = self.keep_snapshot(name)
        offset = wanted.offset if wanted.identity == kept.identity else 0
        data = kept.data[offset : offset + self.piece_bytes]
        piece = Piece(kept.snapshot, kept.identity, len(kept.data), offset, data)
        raft.piece_read(wanted.receiver, piece)

    def _check_received(self, name: str) -> None:
        disk = self.disks[name]
        last = disk.received
        if last is not None and last.end == last.size:
            intact = last.identity.endswith(b" %d" % zlib.crc32(disk.pieces))
            self.rafts[name].snapshot_received(last.identity, intact=intact)

    def _restore(self, name: str, snapshot: Snapshot) -> None:
        disk = self.disks[name]
        disk.applied = snapshot.index
        disk.state = disk.pieces.decode().split("\n") if disk.pieces != b"\n" else []
        if disk.state != (known := self._state_at(snapshot.index)):
            raise Broken(f"{name} restored {disk.state} at {snapshot.index}, others had {known}")

    # ---- what must never happen ---

    def _apply(self, name: str, entry: Entry) -> None:
        disk = self.disks[name]
        if entry.index != disk.applied + 1:
            raise Broken(f"{name} applied entry {entry.index} after {disk.applied}")
        known = self._chosen.setdefault(entry.index, entry)
        if known != entry:
            raise Broken(f"state-machine safety: {name} applied {entry}, and somebody {known}")
        disk.applied = entry.index
        if entry.data:
            disk.state.append(entry.data.decode())

    def _answer(self, name: str, context: int, index: int) -> None:
        self.reads.setdefault(name, []).append(f"{context}@{index}")
        if index < (least := self._least[name, context]):
            raise Broken(f"stale read: {name} answered {context} at {index}, applied was {least}")

    def _check_leader(self, name: str) -> None:
        raft = self.rafts[name]
        if raft.role is Role.LEADER and self._led.setdefault(raft.term, name) != name:
            raise Broken(f"election safety: {self._led[raft.term]} and {name} led {raft.term}")

    def _state_at(self, index: int) -> list[str]:
        chosen = [self._chosen[each] for each in range(1, index + 1)]
        return [each.data.decode() for each in chosen if each.data]
