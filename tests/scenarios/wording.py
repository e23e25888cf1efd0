"""Messages and logs in the words that scenario files use."""

import re
from collections.abc import Iterable, Sequence

from central.raft import (
    AppendEntries,
    AppendReply,
    Entry,
    InstallSnapshot,
    Message,
    RequestVote,
    SnapshotReply,
    VoteReply,
)

KINDS = {
    *("AppendEntries", "AppendReply", "RequestVote", "VoteReply", "PreRequestVote"),
    *("PreVoteReply", "InstallSnapshot", "SnapshotReply", "TimeoutNow"),
}
SAYS = {
    *("accepted", "after", "commit", "granted", "heartbeat", "hint", "last", "match", "next"),
    *("of", "offset", "refused", "round", "size", "term", "transfer"),
}


def describe(message: Message) -> str:
    """Return a message as words: its kind, who sends it to whom, its term, and what it says."""
    kind = type(message).__name__
    if isinstance(message, RequestVote | VoteReply) and message.pre_vote:
        kind = "Pre" + kind
    return " ".join(
        [kind, f"{message.sender}->{message.receiver}", "term", str(message.term), _says(message)]
    ).strip()


def _says(message: Message) -> str:
    match message:
        case RequestVote():
            asked = f"last {message.last_log_index}@{message.last_log_term}"
            return asked + (" transfer" if message.transfer else "")
        case VoteReply() | AppendReply(accepted=False):
            if isinstance(message, VoteReply):
                return "granted" if message.granted else "refused"
            return f"refused {message.refused_index} hint {message.hint_index}@{message.hint_term}"
        case AppendReply():
            return f"accepted match {message.match_index} round {message.read_round}"
        case AppendEntries():
            carried = " ".join(f"+{each.index}@{each.term}" for each in message.entries)
            return (
                f"after {message.previous_index}@{message.previous_term} {carried or 'heartbeat'} "
                f"commit {message.commit_index} round {message.read_round}"
            )
        case InstallSnapshot():
            snapshot = message.snapshot
            return (
                f"of {snapshot.index}@{snapshot.term} offset {message.offset} size {message.size}"
            )
        case SnapshotReply():
            return f"next {message.next_offset}"
    return ""


def is_meant(message: Message, wanted: Sequence[Sequence[str]]) -> bool:
    """Return whether one of the patterns has only words of this message.

    `a->` is anything that a sends, `->a` anything that is sent to it; no pattern means all.
    """
    said = {*describe(message).split(), f"{message.sender}->", f"->{message.receiver}"}
    return not wanted or any(said.issuperset(pattern) for pattern in wanted)


def is_said(word: str) -> bool:
    """Return whether some message may have that word, names aside."""
    return word in KINDS | SAYS or re.fullmatch(r"\d+|\+?\d+@\d+", word) is not None


def terms(entries: Iterable[Entry]) -> str:
    """Return the terms of entries, as the dissertation's figures draw logs."""
    return words(str(entry.term) for entry in entries)


def words(values: Iterable[str]) -> str:
    """Return values as a file writes them."""
    return " ".join(values) or "nothing"
