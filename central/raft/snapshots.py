"""Snapshots for peers that lack what is no longer kept (chapter 5), in pieces, resumable.

Or that lack so much that it costs less: chapter 5 leaves the choice to the leader, which "decides
when to send snapshots", and a snapshot never says anything but what the entries would.
"""

from central.raft.effects import Piece, PieceWanted, Restore
from central.raft.messages import AppendReply, InstallSnapshot, SnapshotReply
from central.raft.progress import Progress, Sending
from central.raft.state import Receiving, Role, State

VAIN_ATTEMPTS = 3
"""Unanswered pieces in turn after which a peer that could do without a snapshot gets entries."""

# ---- the leader's side ---


def send(state: State, peer: str) -> None:
    """Begin with a snapshot if the peer lacks entries that are no longer kept."""
    progress = state.progress[peer]
    if progress.sending is None and progress.next <= state.log.start.index:
        _ask_for_piece(state, peer, progress.begin_snapshot())


def send_if_cheaper(state: State, peer: str) -> None:
    """Begin with a snapshot if it costs less than the entries that the peer lacks.

    Called when it has become known where its log agrees, before any entry is sent. Applying an
    entry costs a peer many times what copying its bytes does.
    """
    progress, config = state.progress[peer], state.config
    if progress.entries_only or not state.snapshot_bytes:
        return
    spared = state.log.bytes_after(progress.match)
    if (
        spared >= config.least_spared_bytes
        and state.snapshot_bytes <= config.snapshot_bytes_per_byte * spared
    ):
        # One that was made before will do if it spares half of the entries.
        middle = (progress.match + state.commit + 1) // 2
        _ask_for_piece(state, peer, progress.begin_snapshot(at_least=middle))


def tick(state: State, peer: str, progress: Progress) -> None:
    """Ask once more for a piece that was not answered for an election time-out."""
    sending = progress.sending
    if sending is None:
        return
    sending.ticks += 1
    if sending.ticks < state.config.election_ticks:
        return
    # Who is away is waited for; who answers, but not this, may have no room for it. Or we have not.
    sending.unanswered += progress.active or progress.was_active
    if sending.unanswered > VAIN_ATTEMPTS and progress.next > state.log.start.index:
        progress.give_up_snapshot()
        return
    if sending.offset == sending.size:
        # All was received, and nothing came of it: perhaps the peer lost it. Its answer tells.
        sending.offset = 0
    _ask_for_piece(state, peer, sending)


def piece_read(state: State, peer: str, piece: Piece) -> None:
    """Send a piece that the caller has read, if it still is the one that is wanted."""
    progress = state.progress.get(peer)
    sending = progress.sending if progress else None
    if sending is None:
        return
    if piece.identity != sending.identity:
        if piece.offset != 0:
            return
        sending.identity, sending.offset = piece.identity, 0
        sending.index, sending.size = piece.snapshot.index, piece.size
    if piece.offset == sending.offset:
        state.messages_now.append(
            InstallSnapshot(
                sender=state.me,
                receiver=peer,
                term=state.term,
                snapshot=piece.snapshot,
                identity=piece.identity,
                size=piece.size,
                offset=piece.offset,
                data=piece.data,
            )
        )


def on_snapshot_reply(state: State, message: SnapshotReply) -> None:
    """Go on where the peer says; a repeated reply changes nothing."""
    progress = state.progress.get(message.sender)
    if progress is None:
        return
    progress.active = True
    sending = progress.sending
    if sending is None or message.identity != sending.identity:
        return
    if message.next_offset != sending.offset:
        sending.offset = message.next_offset
        sending.ticks = sending.unanswered = 0
        if sending.offset < sending.size:
            _ask_for_piece(state, message.sender, sending)


def oldest_being_sent(state: State) -> int | None:
    """Return the least index of the snapshots under way to peers that answer.

    Entries after it are still needed: without them the peer would need a snapshot again.
    """
    return min(
        (
            known.sending.index
            for known in state.progress.values()
            if known.sending is not None
            and known.sending.index
            and (known.active or known.was_active)
        ),
        default=None,
    )


def _ask_for_piece(state: State, peer: str, sending: Sending) -> None:
    wanted = PieceWanted(peer, sending.identity, sending.offset, sending.at_least)
    sending.ticks = 0
    state.pieces_wanted.append(wanted)


# ---- the follower's side ---


def on_install_snapshot(state: State, message: InstallSnapshot) -> None:
    """Take a piece from the leader of our term."""
    state.hear_leader(message.term, message.sender)
    snapshot, log = message.snapshot, state.log
    if log.term_at(snapshot.index) == snapshot.term:
        # We hold the entry, so everything before it as well, and all of that is committed.
        state.commit = max(state.commit, snapshot.index)
    if snapshot.index <= state.commit:
        _acknowledge(state)
        return
    receiving = state.receiving
    if receiving is None or receiving.identity != message.identity:
        receiving = Receiving(snapshot, message.identity, message.size)
        if message.offset == 0:
            state.receiving = receiving
    if message.offset == receiving.next_offset:
        piece = Piece(snapshot, message.identity, message.size, message.offset, message.data)
        state.pieces.append(piece)
        receiving.next_offset = piece.end
    _reply(state, message.identity, receiving.next_offset)


def received(state: State, identity: bytes, *, intact: bool) -> None:
    """Restore from a snapshot that is wholly on disk; ask for it anew if it is damaged."""
    receiving = state.receiving
    if receiving is None or receiving.identity != identity:
        return
    if receiving.next_offset < receiving.size:
        return  # the bytes that were checked are gone: another's came between, and now these again
    state.receiving = None
    snapshot = receiving.snapshot
    if not intact:
        _reply(state, identity, 0)
        return
    if snapshot.index <= state.commit or state.log.term_at(snapshot.index) == snapshot.term:
        return  # entries from elsewhere were quicker
    # Our log does not hold the snapshot's last entry, so what it holds after that place conflicts.
    state.log.restart_from(snapshot)
    state.commit = state.handed_out = snapshot.index
    state.restore = Restore(snapshot, identity)
    _acknowledge(state)


def _reply(state: State, identity: bytes, next_offset: int) -> None:
    if state.leader is not None and state.role is Role.FOLLOWER:
        state.messages_after.append(
            SnapshotReply(state.me, state.leader, state.term, identity, next_offset)
        )


def _acknowledge(state: State) -> None:
    if state.leader is not None and state.role is Role.FOLLOWER:
        state.messages_after.append(
            AppendReply(
                sender=state.me,
                receiver=state.leader,
                term=state.term,
                accepted=True,
                match_index=state.commit,
            )
        )
