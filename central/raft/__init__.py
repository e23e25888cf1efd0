"""Raft as a pure state machine: no thread, clock, file, socket, proto or global random.

Inputs are method calls on `Raft` (messages, ticks, proposals, reads); what must be done in the
world comes back as a value (`Effects`). Sections named in comments are those of Ongaro,
"Consensus: Bridging Theory and Practice", Stanford 2014.
"""

from central.raft.core import Raft
from central.raft.effects import Effects, HardState, Persist, ReadReady
from central.raft.messages import (
    AppendEntries,
    AppendReply,
    Entry,
    Message,
    RequestVote,
    TimeoutNow,
    VoteReply,
)
from central.raft.state import Config, NotLeader, Overloaded, Role

__all__ = [
    "AppendEntries",
    "AppendReply",
    "Config",
    "Effects",
    "Entry",
    "HardState",
    "Message",
    "NotLeader",
    "Overloaded",
    "Persist",
    "Raft",
    "ReadReady",
    "RequestVote",
    "Role",
    "TimeoutNow",
    "VoteReply",
]
