"""Raft as a pure state machine: no thread, clock, file, socket, proto or global random.

Inputs are method calls on `Raft` (messages, ticks, proposals, reads); what must be done in the
world comes back as a value (`Effects`). Sections named in comments are those of Ongaro,
"Consensus: Bridging Theory and Practice", Stanford 2014.
"""

from central.raft.core import Raft
from central.raft.effects import (
    Effects,
    HardState,
    Persist,
    Piece,
    PieceWanted,
    ReadReady,
    Restore,
    merge_writes,
    split_committed,
)
from central.raft.messages import (
    AppendEntries,
    AppendReply,
    Configuration,
    Entry,
    InstallSnapshot,
    Message,
    RequestVote,
    Snapshot,
    SnapshotReply,
    TimeoutNow,
    VoteReply,
)
from central.raft.recovery import forced
from central.raft.state import ChangeRefused, Config, NotLeader, Overloaded, Role

__all__ = [
    "AppendEntries",
    "AppendReply",
    "ChangeRefused",
    "Config",
    "Configuration",
    "Effects",
    "Entry",
    "HardState",
    "InstallSnapshot",
    "Message",
    "NotLeader",
    "Overloaded",
    "Persist",
    "Piece",
    "PieceWanted",
    "Raft",
    "ReadReady",
    "RequestVote",
    "Restore",
    "Role",
    "Snapshot",
    "SnapshotReply",
    "TimeoutNow",
    "VoteReply",
    "forced",
    "merge_writes",
    "split_committed",
]
