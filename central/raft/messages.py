"""What replicas say to each other, as values. `term` is always the sender's, but for pre-votes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One place in the log. `data` is opaque; empty for the entry a leader begins its term with."""

    index: int  # from 1, without gaps
    term: int
    data: bytes = b""


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
class TimeoutNow:
    """Section 3.10: a leader asks an up-to-date follower to stand for election at once."""

    sender: str
    receiver: str
    term: int


Message = RequestVote | VoteReply | AppendEntries | AppendReply | TimeoutNow
