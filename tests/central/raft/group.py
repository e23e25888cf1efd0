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
    Raft,
    ReadReady,
    RequestVote,
    Role,
    Snapshot,
    VoteReply,
)

ELECTION_TICKS = 10


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
    )


def take(raft: Raft) -> Effects:
    """Return what is to be done now, also when it is nothing."""
    return raft.take_effects() or Effects()


class Group:
    """Replicas whose messages lie in `mail` until a test delivers them.

    `logs` and `applied` are what each one's effects wrote and applied.
    """

    def __init__(self, *rafts: Raft) -> None:
        self.rafts = {raft._state.me: raft for raft in rafts}
        self.mail: list[Message] = []
        self.applied: dict[str, list[Entry]] = {name: [] for name in self.rafts}
        self.reads: list[ReadReady] = []
        self.cut: set[str] = set()  # who can neither send nor hear

    def __getitem__(self, name: str) -> Raft:
        return self.rafts[name]

    def obey(self) -> None:
        """Do what all ask for, until nobody asks for anything; messages go to `mail`."""
        for name, raft in self.rafts.items():
            for _ in range(100):
                if (effects := raft.take_effects()) is None:
                    break
                for message in (*effects.messages_now, *effects.messages_after):
                    if message.receiver == name:
                        raft.step(message)
                    elif self._reaches(name, message.receiver):
                        self.mail.append(message)
                self.applied[name] += effects.committed
                self.reads += effects.reads
            else:
                raise AssertionError(f"{name} asks for something for ever")

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
