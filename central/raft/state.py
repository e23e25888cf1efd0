"""The fields of one replica's consensus state, and the transitions between its roles.

All that decides what the replica does stands here; the modules named after messages change it.
"""

import random
from collections import deque
from dataclasses import dataclass, field
from enum import Enum

from central.raft.effects import HardState, Piece, PieceWanted, ReadReady, Restore
from central.raft.log import Log
from central.raft.messages import Message, Snapshot
from central.raft.progress import Progress


class Role(Enum):
    """Figure 3.3, and the pre-candidate of section 9.6."""

    FOLLOWER = "follower"
    PRE_CANDIDATE = "pre-candidate"
    CANDIDATE = "candidate"
    LEADER = "leader"


class NotLeader(Exception):
    """Only a leader can do that; `leader` is who it is believed to be, or None."""

    def __init__(self, leader: str | None) -> None:
        super().__init__(f"not the leader; the leader is {leader or 'not known'}")
        self.leader = leader


class Overloaded(Exception):
    """Too many bytes wait for commitment, or too many reads for a quorum: try later."""


class ChangeRefused(Exception):
    """The group cannot be changed just now: try later."""


@dataclass(frozen=True)
class Config:
    """What does not change while the replica runs. Times are in ticks.

    `election_ticks` is the least time without a leader after which a replica stands for election;
    each one waits a random time from there to twice as long (section 3.4).

    A peer gets a snapshot though all that it lacks is still in the log if that is at least
    `least_spared_bytes`, and a snapshot weighs at most `snapshot_bytes_per_byte` times as much.

    `lease`, if not 0, lets a leader answer reads for so long after it began a round of heartbeats
    that a quorum answered. It is in the units of the `now` that the caller passes, of a clock that
    also runs while the process is paused; and it must be less than what election_ticks - 1 take on
    the fastest clock of the group (a follower's first tick may come just after it heard the
    leader): that is the assumption that section 6.4.1 speaks of.
    """

    replica_id: str
    election_ticks: int = 15
    heartbeat_ticks: int = 3
    window: int = 64  # messages with entries in flight to one follower
    max_message_bytes: int = 1 << 20
    max_uncommitted_bytes: int = 64 << 20
    max_reads: int = 10_000  # that wait for a quorum's answer
    least_spared_bytes: int = 1 << 20
    snapshot_bytes_per_byte: int = 3
    lease: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.heartbeat_ticks < self.election_ticks:
            raise ValueError("heartbeat_ticks must be above 0 and below election_ticks")


@dataclass
class Receiving:
    """A snapshot that arrives: everything before `next_offset` is on disk, or on its way there."""

    snapshot: Snapshot
    identity: bytes
    size: int
    next_offset: int = 0


@dataclass
class State:
    """Invariants: `log.start.index <= handed_out <= commit <= log.last_index`; `vote` belongs to
    `term`; `progress` has an entry for each other member exactly while leader.
    """

    config: Config
    log: Log
    rng: random.Random
    term: int
    vote: str | None
    commit: int
    handed_out: int  # entries up to here have been in some Effects.committed
    persisted: HardState  # the last that was in some Effects.persist
    persisted_start: int  # the index of the log's start, likewise
    role: Role = Role.FOLLOWER
    leader: str | None = None
    ticks_since_leader: int = 0  # as leader: since the quorum was last checked
    ticks_since_heard: int = 0  # since any leader spoke to us, whatever became of it
    ticks_since_heartbeat: int = 0
    election_deadline: int = 0
    granted: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    progress: dict[str, Progress] = field(default_factory=dict)
    transferee: str | None = None  # as leader: who is to lead next; nothing is proposed meanwhile
    transfer_ticks: int = 0  # since the transfer began
    own_match: int = 0  # as leader: last index of this term known to be on our own disk
    uncommitted_bytes: int = 0
    read_round: int = 0
    rounds_began: deque[tuple[int, int]] = field(default_factory=deque)  # (round, now); for leases
    lease_from: int | None = None
    lease_forfeited: bool = False
    receiving: Receiving | None = None
    snapshot_bytes: int = 0  # what one would weigh, as far as was told; 0: not known
    new_reads: list[tuple[int, int]] = field(default_factory=list)  # (context, commit when asked)
    pending_reads: deque[tuple[int, int, int]] = field(default_factory=deque)  # (round, *new_read)
    broadcast: bool = False  # a heartbeat to all is due with the next Effects
    messages_now: list[Message] = field(default_factory=list)
    messages_after: list[Message] = field(default_factory=list)
    ready_reads: list[ReadReady] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    pieces_wanted: list[PieceWanted] = field(default_factory=list)
    restore: Restore | None = None

    @property
    def me(self) -> str:
        """This replica's id."""
        return self.config.replica_id

    @property
    def voters(self) -> frozenset[str]:
        """Who decides, by the latest configuration in our log."""
        return self.log.configuration.voters

    @property
    def may_stand(self) -> bool:
        """Whether we may become leader: as a voter, or as one whose removal is not committed yet.

        Section 4.2.2: "a server that is not part of its own latest configuration should still
        start new elections, as it might still be needed until the Cnew entry is committed".
        """
        return self.me in self.voters | self.log.snapshot_at(self.commit).configuration.voters

    @property
    def peers(self) -> list[str]:
        """The other members, voters and learners, in a fixed order."""
        return sorted(self.log.configuration.members - {self.me})

    @property
    def hears_leader(self) -> bool:
        """Whether there was a leader within the least election time-out.

        Such a replica takes no part in elections (section 4.2.3 and 9.6): a server that was cut
        off or removed cannot depose a leader that the others follow. Leases rest on it too, so
        it holds whatever else was heard meanwhile, and over a restart.
        """
        return self.role is Role.LEADER or self.ticks_since_heard < self.config.election_ticks

    def hear_leader(self, term: int, leader: str) -> None:
        """Follow the leader of our term, who has just spoken."""
        assert self.role is not Role.LEADER, "two leaders in one term"
        if self.role is not Role.FOLLOWER or self.leader != leader:
            self.become_follower(term, leader)
        self.ticks_since_leader = 0
        self.ticks_since_heard = 0

    def follow_configuration(self) -> None:
        """As leader: know each other member, and nobody else."""
        known, following = self.progress, self.log.last_index + 1
        self.progress = {
            peer: known.get(peer) or Progress(next_index=following, window=self.config.window)
            for peer in self.peers
        }

    def draw_election_deadline(self) -> None:
        """Start waiting for a leader anew, for a random time (section 3.4)."""
        self.ticks_since_leader = 0
        base = self.config.election_ticks
        self.election_deadline = base + self.rng.randrange(base)

    def become_follower(self, term: int, leader: str | None) -> None:
        """Follow whoever leads `term`, which is at least our own."""
        assert term >= self.term
        if term > self.term:
            self.term = term
            self.vote = None
        self.role = Role.FOLLOWER
        self.leader = leader
        self._forget_campaign_and_leadership()
        self.draw_election_deadline()

    def become_pre_candidate(self) -> None:
        """Ask whether an election could be won; changes no term (section 9.6)."""
        self.role = Role.PRE_CANDIDATE
        self.leader = None
        self._forget_campaign_and_leadership()
        self.granted = {self.me}
        self.draw_election_deadline()

    def become_candidate(self) -> None:
        """Section 3.4: increment the term and vote for oneself.

        The vote counts when it comes back as a message, that is, once it is on disk.
        """
        self.role = Role.CANDIDATE
        self.leader = None
        self._forget_campaign_and_leadership()
        self.term += 1
        self.vote = self.me
        self.draw_election_deadline()

    def become_leader(self) -> None:
        """Section 3.4; the caller appends the entry of the new term (section 6.4)."""
        self._forget_campaign_and_leadership()
        self.role = Role.LEADER
        self.leader = self.me
        self.ticks_since_leader = 0
        self.ticks_since_heartbeat = 0
        self.follow_configuration()

    def _forget_campaign_and_leadership(self) -> None:
        self.granted = set()
        self.refused = set()
        self.progress = {}
        self.transferee = None
        self.own_match = 0
        self.uncommitted_bytes = 0
        self.new_reads = []
        self.pending_reads.clear()
        self.rounds_began.clear()
        self.lease_from = None
        self.lease_forfeited = False
        self.pieces_wanted = []
        self.broadcast = False
