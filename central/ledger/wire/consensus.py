"""What replicas say to each other, as protos and back. Sender and receiver belong to the stream."""

import hashlib

from central.raft import (
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
from protos import raft_pb2


def message_to_proto(message: Message) -> raft_pb2.RaftMessage:
    """Return a message as it goes over the wire."""
    match message:  # what is said all the time first
        case AppendEntries():
            return _append_to_proto(message)
        case AppendReply():
            return _append_reply_to_proto(message)
        case RequestVote():
            return raft_pb2.RaftMessage(
                term=message.term,
                request_vote=raft_pb2.RequestVote(
                    pre_vote=message.pre_vote,
                    last_log_index=message.last_log_index,
                    last_log_term=message.last_log_term,
                    transfer=message.transfer,
                ),
            )
        case TimeoutNow():
            return raft_pb2.RaftMessage(term=message.term, timeout_now=raft_pb2.TimeoutNow())
        case VoteReply():
            return raft_pb2.RaftMessage(
                term=message.term,
                vote_reply=raft_pb2.VoteReply(pre_vote=message.pre_vote, granted=message.granted),
            )
        case InstallSnapshot():
            return raft_pb2.RaftMessage(
                term=message.term, install_snapshot=_install_to_proto(message)
            )
        case SnapshotReply():
            return raft_pb2.RaftMessage(
                term=message.term,
                snapshot_reply=raft_pb2.SnapshotReply(
                    identity=message.identity, next_offset=message.next_offset
                ),
            )


class Encoder:
    """Messages as bytes. What says the same to several peers, as entries do, is encoded once."""

    def __init__(self) -> None:
        self._last: tuple[object, ...] = ()
        self._bytes = b""

    def encode(self, message: Message) -> bytes:
        """Return a message as it goes over the wire."""
        if not isinstance(message, AppendEntries) or not message.entries:
            return message_to_proto(message).SerializeToString()
        said = (
            *(message.term, message.previous_index, message.previous_term),
            *(message.commit_index, message.read_round, message.entries),
        )
        if said != self._last:  # quick, for they hold the same entries
            self._bytes = message_to_proto(message).SerializeToString()
            self._last = said
        return self._bytes


def message_from_proto(message: raft_pb2.RaftMessage, *, sender: str, receiver: str) -> Message:
    """Return the message that `message_to_proto` wrote; ValueError if it has no body we know."""
    match message.WhichOneof("body"):
        case "append_entries":
            return _append_from_proto(message, sender, receiver)
        case "append_reply":
            return _append_reply_from_proto(message, sender, receiver)
        case "request_vote":
            vote = message.request_vote
            return RequestVote(
                sender=sender,
                receiver=receiver,
                term=message.term,
                last_log_index=vote.last_log_index,
                last_log_term=vote.last_log_term,
                pre_vote=vote.pre_vote,
                transfer=vote.transfer,
            )
        case "timeout_now":
            return TimeoutNow(sender=sender, receiver=receiver, term=message.term)
        case "vote_reply":
            return VoteReply(
                sender=sender,
                receiver=receiver,
                term=message.term,
                granted=message.vote_reply.granted,
                pre_vote=message.vote_reply.pre_vote,
            )
        case "install_snapshot":
            return _install_from_proto(message, sender, receiver)
        case "snapshot_reply":
            return SnapshotReply(
                sender=sender,
                receiver=receiver,
                term=message.term,
                identity=message.snapshot_reply.identity,
                next_offset=message.snapshot_reply.next_offset,
            )
    raise ValueError(f"a message of replica '{sender}' has no body that this version knows")


def _append_to_proto(message: AppendEntries) -> raft_pb2.RaftMessage:
    # Field by field, as in `appending`: nearly all messages are these.
    sent = raft_pb2.RaftMessage()
    sent.term = message.term
    append = sent.append_entries
    append.previous_index = message.previous_index
    append.previous_term = message.previous_term
    append.commit_index = message.commit_index
    append.read_round = message.read_round
    for entry in message.entries:
        _fill(append.entries.add(), entry)
    return sent


def _append_from_proto(message: raft_pb2.RaftMessage, sender: str, receiver: str) -> AppendEntries:
    append = message.append_entries
    return AppendEntries(
        sender=sender,
        receiver=receiver,
        term=message.term,
        previous_index=append.previous_index,
        previous_term=append.previous_term,
        commit_index=append.commit_index,
        read_round=append.read_round,
        entries=tuple(map(_entry_from_proto, append.entries)),
    )


def _append_reply_to_proto(message: AppendReply) -> raft_pb2.RaftMessage:
    sent = raft_pb2.RaftMessage()
    sent.term = message.term
    reply = sent.append_reply
    reply.accepted = message.accepted
    reply.match_index = message.match_index
    reply.hint_index = message.hint_index
    reply.hint_term = message.hint_term
    reply.read_round = message.read_round
    reply.refused_index = message.refused_index
    return sent


def _append_reply_from_proto(
    message: raft_pb2.RaftMessage, sender: str, receiver: str
) -> AppendReply:
    reply = message.append_reply
    return AppendReply(
        sender=sender,
        receiver=receiver,
        term=message.term,
        accepted=reply.accepted,
        match_index=reply.match_index,
        read_round=reply.read_round,
        refused_index=reply.refused_index,
        hint_index=reply.hint_index,
        hint_term=reply.hint_term,
    )


def _install_to_proto(message: InstallSnapshot) -> raft_pb2.InstallSnapshot:
    return raft_pb2.InstallSnapshot(
        last_index=message.snapshot.index,
        last_term=message.snapshot.term,
        configuration=_configuration_to_proto(message.snapshot.configuration),
        identity=message.identity,
        size=message.size,
        offset=message.offset,
        data=message.data,
    )


def _install_from_proto(
    message: raft_pb2.RaftMessage, sender: str, receiver: str
) -> InstallSnapshot:
    install = message.install_snapshot
    if len(install.identity) != hashlib.sha256().digest_size:
        raise ValueError(f"a snapshot of replica '{sender}' is not named by its SHA-256")
    configuration = _configuration_from_proto(install.configuration)
    return InstallSnapshot(
        sender=sender,
        receiver=receiver,
        term=message.term,
        snapshot=Snapshot(install.last_index, install.last_term, configuration),
        identity=install.identity,
        size=install.size,
        offset=install.offset,
        data=install.data,
    )


def _fill(sent: raft_pb2.LogEntry, entry: Entry) -> None:
    sent.index = entry.index
    sent.term = entry.term
    if entry.configuration is None:
        sent.data = entry.data
    else:
        sent.configuration.CopyFrom(_configuration_to_proto(entry.configuration))


def _entry_from_proto(entry: raft_pb2.LogEntry) -> Entry:
    if not entry.HasField("configuration"):
        return Entry(entry.index, entry.term, entry.data)
    configuration = _configuration_from_proto(entry.configuration)
    return Entry(entry.index, entry.term, configuration=configuration)


def _configuration_to_proto(configuration: Configuration) -> raft_pb2.Configuration:
    return raft_pb2.Configuration(
        voters=sorted(configuration.voters),
        learners=sorted(configuration.learners),
        context=configuration.context,
        staying=sorted(configuration.staying),
    )


def _configuration_from_proto(configuration: raft_pb2.Configuration) -> Configuration:
    return Configuration(
        frozenset(configuration.voters),
        frozenset(configuration.learners),
        configuration.context,
        frozenset(configuration.staying),
    )
