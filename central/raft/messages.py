"""What replicas say to each other, as values. `term` is always the sender's, but for pre-votes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Configuration:
    """Who belongs to the group (chapter 4).

    Voters decide; learners only receive the log, until they have caught up and become voters
    (section 4.2.1), or, those of them that are `staying`, until the caller lets them. `context` is
    the caller's and opaque here: addresses, for instance.
    """

    voters: frozenset[str] = frozenset()
    learners: frozenset[str] = frozenset()
    context: bytes = b""
    staying: frozenset[str] = frozenset()

    @property
    def members(self) -> frozenset[str]:
        """Voters and learners."""
        return self.voters | self.learners

    def __repr__(self) -> str:
        """In order, so that what is traced does not depend on the hash seed."""
        voters, learners = " ".join(sorted(self.voters)), " ".join(sorted(self.learners))
        staying = "".join(f"; {name} stays" for name in sorted(self.staying))
        return f"Configuration({voters}; {learners}{staying}; {self.context!r})"


@dataclass(frozen=True, slots=True)
class Entry:
    """One place in the log: `data`, or a `configuration`.

    Data is opaque. An entry with neither is the one that a leader begins its term with.
    """

    index: int  # from 1, without gaps
    term: int
    data: bytes = b""
    configuration: Configuration | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The place in the log that a state stands for (section 5.1).

    `configuration` is the latest one at or before `index`. A new group's log starts from a
    snapshot at index 0, which holds its first configuration and an empty state.
    """

    index: int = 0
    term: int = 0
    configuration: Configuration = Configuration()


@dataclass(frozen=True, slots=True)
class RequestVote:
    """Sections 3.4 and 9.6. A pre-vote asks about `term` without anyone's term changing."""

    sender: str
    receiver: str
    term: int
    last_log_index: int
    last_log_term: int
    pre_vote: bool = False
    transfer: bool = False  # the leader asked for this election: its followers may vote at once


@dataclass(frozen=True, slots=True)
class VoteReply:
    """`term` of a granted pre-vote is the term asked about; of anything else the voter's own."""

    sender: str
    receiver: str
    term: int
    granted: bool
    pre_vote: bool = False


@dataclass(frozen=True, slots=True)
class AppendEntries:
    """Section 3.5. Without entries it is a heartbeat."""

    sender: str
    receiver: str
    term: int
    previous_index: int
    previous_term: int
    commit_index: int
    read_round: int
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class AppendReply:
    """Answer to AppendEntries.

    Accepted: `match_index` is the last index known to equal the leader's and to be on the sender's
    disk. Refused: `refused_index` is the request's previous_index, and (`hint_index`, `hint_term`)
    the last entry of the sender that may agree.
    """

    sender: str
    receiver: str
    term: int
    accepted: bool
    match_index: int = 0
    read_round: int = 0
    refused_index: int = 0
    hint_index: int = 0
    hint_term: int = 0


@dataclass(frozen=True, slots=True)
class InstallSnapshot:
    """One piece of a snapshot (section 5.3), to a follower that lacks entries no longer kept.

    `identity` names the bytes: two snapshots of one index may differ in them. `size` is theirs,
    and this piece is the last one if it reaches it.
    """

    sender: str
    receiver: str
    term: int
    snapshot: Snapshot
    identity: bytes
    size: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class SnapshotReply:
    """What is held of the snapshot of that identity: everything before `next_offset`, on disk."""

    sender: str
    receiver: str
    term: int
    identity: bytes
    next_offset: int


@dataclass(frozen=True, slots=True)
class TimeoutNow:
    """Section 3.10: a leader asks an up-to-date follower to stand for election at once."""

    sender: str
    receiver: str
    term: int


Message = (
    RequestVote
    | VoteReply
    | AppendEntries
    | AppendReply
    | InstallSnapshot
    | SnapshotReply
    | TimeoutNow
)
