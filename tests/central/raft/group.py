"""A few replicas on a table: a test moves messages by hand, and every write is on disk at once.

The simulator (tests/simulation) has the chaos; here one reads what happens, step by step.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from central.raft import (
    AppendEntries,
    AppendReply,
    Config,
    Configuration,
    Effects,
    Entry,
    HardState,
    Message,
    Piece,
    PieceWanted,
    Raft,
    ReadReady,
    RequestVote,
    Role,
    Snapshot,
    VoteReply,
)
from tests.central.raft.naive_disk import NaiveDisk

ELECTION_TICKS = 10
PIECE_BYTES = 4


def log_of(*terms: int) -> list[Entry]:
    """Return a log whose entries have these terms, as the dissertation's figures draw logs."""
    return [Entry(index, term, b"%d" % index) for index, term in enumerate(terms, start=1)]


def config_of(name: str = "a", **changes: int) -> Config:
    """Return a replica's settings with short time-outs."""
    config = Config(name, election_ticks=ELECTION_TICKS, heartbeat_ticks=2)
    return replace(config, **changes)  # type: ignore[arg-type]  # all that tests change are ints


def raft_of(
    name: str = "a",
    voters: str = "abc",
    *,
    term: int = 0,
    vote: str | None = None,
    log: Iterable[Entry] = (),
    applied: int = 0,
    start: Snapshot | None = None,
    received: Piece | None = None,
    **changes: int,
) -> Raft:
    """Return a replica that has just started from such a disk."""
    return Raft(
        config_of(name, **changes),
        start=start or Snapshot(0, 0, Configuration(frozenset(voters))),
        hard_state=HardState(term, vote),
        entries=log,
        applied=applied,
        rng=random.Random(f"{name} of {voters}"),
        received=received,
    )


def take(raft: Raft) -> Effects:
    """Return what is to be done now, also when it is nothing."""
    return raft.take_effects() or Effects()


class Group:
    """Replicas whose messages lie in `mail` until a test delivers them.

    `applied` is what each one applied; a snapshot's bytes stand for such a list (`states`), and
    travel in pieces of PIECE_BYTES. `disks` are what each one would find after a restart.
    """

    def __init__(self, *rafts: Raft) -> None:
        self.rafts = {raft._state.me: raft for raft in rafts}
        self.mail: list[Message] = []
        self.applied: dict[str, list[Entry]] = {name: [] for name in self.rafts}
        self.reads: list[ReadReady] = []
        self.restored: list[tuple[str, bytes]] = []
        self.wanted: list[tuple[str, PieceWanted]] = []  # every piece that was asked for, by whom
        self.cut: set[str] = set()  # who can neither send nor hear
        self.states: dict[bytes, list[Entry]] = {}
        self.snapshots: dict[str, tuple[Snapshot, bytes]] = {}  # the newest of each, by identity
        self.disks = {
            name: NaiveDisk(
                raft._state.persisted,
                raft.start,
                list(raft._state.log.between(raft.start.index + 1, raft.last_index)),
            )
            for name, raft in self.rafts.items()
        }

    def __getitem__(self, name: str) -> Raft:
        return self.rafts[name]

    def obey(self) -> None:
        """Do what all ask for, until nobody asks for anything; messages go to `mail`."""
        for name, raft in self.rafts.items():
            for _ in range(100):
                if (effects := raft.take_effects()) is None:
                    break
                self._obey(name, raft, effects)
            else:
                raise AssertionError(f"{name} asks for something for ever")

    def _obey(self, name: str, raft: Raft, effects: Effects) -> None:
        if effects.persist is not None:
            self.disks[name].write(effects.persist)
        for message in (*effects.messages_now, *effects.messages_after):
            if message.receiver == name:
                raft.step(message)
            elif self._reaches(name, message.receiver):
                self.mail.append(message)
        if effects.restore is not None:
            self.applied[name] = list(self.states[effects.restore.identity])
            self.snapshots[name] = (effects.restore.snapshot, effects.restore.identity)
            self.restored.append((name, effects.restore.identity))
        self.applied[name] += effects.committed
        self.reads += effects.reads
        for wanted in effects.pieces_wanted:
            self.wanted.append((name, wanted))
            raft.piece_read(wanted.receiver, self.piece(name, wanted))
        if effects.persist is not None and effects.persist.pieces:
            self.check_received(name)

    def check_received(self, name: str) -> None:
        """Tell a replica whether the snapshot on its disk is intact, if all of it is there."""
        disk = self.disks[name]
        last = disk.last_piece
        if last is not None and last.end == last.size:
            intact = disk.received == self.bytes_of(last.identity)
            self.rafts[name].snapshot_received(last.identity, intact=intact)

    def bytes_of(self, identity: bytes) -> bytes:
        """Return the bytes of a snapshot."""
        return repr([(e.index, e.term, e.data) for e in self.states[identity]]).encode()

    def piece(self, name: str, wanted: PieceWanted) -> Piece:
        """Read a piece as PieceWanted says; only the newest snapshot of each replica is kept."""
        snapshot, identity = self.snapshots[name]
        offset = wanted.offset if wanted.identity == identity else 0
        data = self.bytes_of(identity)
        return Piece(snapshot, identity, len(data), offset, data[offset : offset + PIECE_BYTES])

    def compact(self, name: str, index: int | None = None) -> bytes:
        """Let a replica take a snapshot of all it applied, and drop its log up to `index`."""
        raft, applied = self.rafts[name], self.applied[name]
        snapshot = raft.snapshot_at(applied[-1].index)
        identity = f"{name}@{snapshot.index}".encode()
        self.states[identity] = list(applied)
        self.snapshots[name] = (snapshot, identity)
        raft.compact(snapshot.index if index is None else index)
        return identity

    def restart(self, name: str) -> None:
        """Let a replica crash and start from its disk; its state machine loses nothing."""
        disk = self.disks[name]
        applied = max((entry.index for entry in self.applied[name]), default=0)
        self.rafts[name] = raft_of(
            name,
            term=disk.hard_state.term,
            vote=disk.hard_state.vote,
            log=disk.entries,
            applied=applied,
            start=disk.start,
            received=disk.last_piece,
        )
        self.check_received(name)

    def deliver(self, wanted: Callable[[Message], bool] = lambda _: True) -> None:
        """Deliver mail, and what comes of it, until no wanted message is left."""
        self.obey()
        while chosen := next((each for each in self.mail if wanted(each)), None):
            self.mail.remove(chosen)
            if self._reaches(chosen.sender, chosen.receiver):
                self.rafts[chosen.receiver].step(chosen)
            self.obey()

    def time_out(self, name: str) -> None:
        """Let one replica's election time-out pass, and no message."""
        for _ in range(2 * ELECTION_TICKS):
            if self[name].role in (Role.PRE_CANDIDATE, Role.CANDIDATE):
                break
            self[name].tick()
        self.obey()

    def tick(self, ticks: int = 1) -> None:
        """Let time pass for all, and all mail arrive."""
        for _ in range(ticks):
            for raft in self.rafts.values():
                raft.tick()
            self.deliver()

    def elect(self, name: str) -> None:
        """Make one replica stand, and win if it can."""
        # The others must have stopped hearing an earlier leader (section 4.2.3).
        for other, raft in self.rafts.items():
            if other != name and raft.role is Role.FOLLOWER:
                raft._state.leader = None
                raft._state.ticks_since_heard = ELECTION_TICKS
        self.time_out(name)
        self.deliver()

    def _reaches(self, sender: str, receiver: str) -> bool:
        # A voter that is not in the group is down.
        return receiver in self.rafts and not self.cut & {sender, receiver}

    def leader(self) -> str | None:
        """Return who leads the latest term that anybody leads."""
        leading = [(r.term, n) for n, r in self.rafts.items() if r.role is Role.LEADER]
        return max(leading)[1] if leading else None


def role_of(raft: Raft) -> Role:
    """Return the role now; a type checker takes `raft.role` to stay what it was."""
    return raft.role


def ticks_until_it_stands(raft: Raft) -> int:
    """Let time pass until a follower asks for pre-votes; returns how many ticks that took."""
    for ticks in range(2 * ELECTION_TICKS):
        if raft.role is not Role.FOLLOWER:
            return ticks
        raft.tick()
    raise AssertionError("it does not stand for election")


def lead(raft: Raft) -> Effects:
    """Make a replica lead with everybody's votes; returns what it then asks for."""
    others = raft._state.peers
    ticks_until_it_stands(raft)
    take(raft)
    me = raft._state.me
    for voter in others:
        raft.step(VoteReply(voter, me, raft.term + 1, granted=True, pre_vote=True))
        if raft.role is Role.CANDIDATE:
            break
    take(raft)
    for voter in (*others, me):
        if raft.role is not Role.LEADER:
            raft.step(VoteReply(voter, me, raft.term, granted=True))
    assert raft.role is Role.LEADER
    return take(raft)


def sent_to(peer: str, messages: Sequence[Message]) -> list[AppendEntries]:
    """Return the AppendEntries among messages that go to `peer`."""
    return [m for m in messages if isinstance(m, AppendEntries) and m.receiver == peer]


def accept(raft: Raft, sender: str, match: int, *, read_round: int = 0) -> None:
    """Let a follower say that it holds everything up to `match`."""
    raft.step(
        AppendReply(
            sender,
            raft._state.me,
            raft.term,
            accepted=True,
            match_index=match,
            read_round=read_round,
        )
    )


def is_vote(message: Message) -> bool:
    """Return whether a message belongs to an election."""
    return isinstance(message, RequestVote | VoteReply)
