"""Log replication: AppendEntries, AppendReply, commitment (sections 3.5, 3.6.2, 10.2.1)."""

from collections.abc import Sequence

from central.raft import reads, snapshots
from central.raft.messages import AppendEntries, AppendReply, Entry
from central.raft.progress import Mode
from central.raft.quorum import agreed_index
from central.raft.state import State

ENTRY_OVERHEAD = 100


def begin_term(state: State) -> None:
    """Lead: append an empty entry of the new term, so that it and all before it can commit.

    Section 6.4: a leader "commits a blank no-op entry at the start of its term". As long as no
    entry holds the configuration, that of a new group, this one does: newcomers learn it so.
    """
    state.become_leader()
    if state.log.configuration_index == 0:
        state.log.append_configuration(state.term, state.log.configuration)
    else:
        state.log.append(state.term, (b"",))
    state.broadcast = True


def size_of(data: Sequence[bytes]) -> int:
    """Return about what entries of these data cost in memory, in bytes: one byte is not free.

    The empty entry that begins a term counts nothing: it was not proposed.
    """
    return sum(len(datum) + ENTRY_OVERHEAD for datum in data if datum)


def acknowledge_own_log(state: State) -> None:
    """Count ourselves towards commitment, once what we hold now is on our disk (10.2.1)."""
    state.messages_after.append(
        AppendReply(
            sender=state.me,
            receiver=state.me,
            term=state.term,
            accepted=True,
            match_index=state.log.last_index,
        )
    )


def send_entries(state: State, peer: str) -> None:
    """Send a follower all that its window lets through."""
    progress = state.progress[peer]
    while not progress.full and progress.next <= state.log.last_index:
        entries = state.log.between(
            progress.next, state.log.last_index, max_bytes=state.config.max_message_bytes
        )
        _send(state, peer, entries)
        progress.sent(entries[-1].index)


def send_heartbeat(state: State, peer: str) -> None:
    """Assert leadership; find out whether the follower's log agrees where ours goes on.

    It names the last index believed sent: a follower that lacks it refuses, and one that has it
    frees the whole window.
    """
    _send(state, peer, ())


def on_append_entries(state: State, message: AppendEntries) -> None:
    """Take entries from the leader of our term (figure 3.1, AppendEntries RPC)."""
    state.hear_leader(message.term, message.sender)
    log = state.log
    if message.previous_index < state.commit:
        # All that is committed agrees with the leader, whatever it thinks we hold.
        known = message.previous_index + len(message.entries)
        entries = tuple(entry for entry in message.entries if entry.index > state.commit)
        log.merge(entries, committed=state.commit)
        _accept(state, message, match_index=max(known, state.commit))
        return
    if log.term_at(message.previous_index) != message.previous_term:
        # "Reply false if log doesn't contain an entry at prevLogIndex whose term matches
        # prevLogTerm", with a hint where to go on.
        hint_index, hint_term = log.last_agreeing(message.previous_index, message.previous_term)
        state.messages_after.append(
            AppendReply(
                sender=state.me,
                receiver=message.sender,
                term=state.term,
                accepted=False,
                read_round=message.read_round,
                refused_index=message.previous_index,
                hint_index=hint_index,
                hint_term=hint_term,
            )
        )
        return
    log.merge(message.entries, committed=state.commit)
    _accept(state, message, match_index=message.previous_index + len(message.entries))


def on_append_reply(state: State, message: AppendReply) -> None:
    """As leader: note how far a follower, or our own disk, is; commit what a quorum holds."""
    if message.sender == state.me:
        _advance_commit(state, own_match=message.match_index)
        return
    progress = state.progress.get(message.sender)
    if progress is None:  # it was removed
        return
    progress.active = True
    progress.read_round = max(progress.read_round, message.read_round)
    reads.confirm(state)
    if message.accepted:
        probed = progress.mode is Mode.PROBE
        if progress.accepted(message.match_index):
            _advance_commit(state)
        if probed:
            snapshots.send_if_cheaper(state, message.sender)
        return
    retry_after, _ = state.log.last_agreeing(message.hint_index, message.hint_term)
    if progress.refused(refused_index=message.refused_index, retry_after=retry_after):
        send_heartbeat(state, message.sender)


def _accept(state: State, message: AppendEntries, *, match_index: int) -> None:
    # Figure 3.1: "commitIndex = min(leaderCommit, index of last new entry)".
    state.commit = max(state.commit, min(message.commit_index, match_index))
    # The reply leaves after what we hold is on disk, also when this message brought nothing new:
    # entries that it covers may still be on their way there.
    state.messages_after.append(
        AppendReply(
            sender=state.me,
            receiver=message.sender,
            term=state.term,
            accepted=True,
            match_index=match_index,
            read_round=message.read_round,
        )
    )


def _advance_commit(state: State, own_match: int | None = None) -> None:
    if own_match is not None:
        state.own_match = max(state.own_match, own_match)
    index_of = {peer: progress.match for peer, progress in state.progress.items()}
    index_of[state.me] = state.own_match
    agreed = agreed_index(state.voters, index_of)
    # Section 3.6.2: "only log entries from the leader's current term are committed by counting
    # replicas"; earlier ones are committed along with them.
    if agreed <= state.commit or state.log.term_at(agreed) != state.term:
        return
    committed = state.log.between(state.commit + 1, agreed)
    # Entries of earlier terms were never counted, so the count may not cover them.
    own = [entry.data for entry in committed if entry.term == state.term]
    state.uncommitted_bytes -= size_of(own)
    # Followers learn of it with the next entries or heartbeat; nobody waits for them to apply.
    state.commit = agreed


def _send(state: State, peer: str, entries: tuple[Entry, ...]) -> None:
    previous = state.progress[peer].next - 1
    previous_term = state.log.term_at(previous)
    if previous_term is None:
        # It lies before our log's start: a snapshot is on its way. The start of all logs agrees.
        previous, previous_term = 0, 0
    state.messages_now.append(
        AppendEntries(
            sender=state.me,
            receiver=peer,
            term=state.term,
            previous_index=previous,
            previous_term=previous_term,
            commit_index=state.commit,
            read_round=state.read_round,
            entries=entries,
        )
    )
