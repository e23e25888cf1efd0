"""A leader that sends a snapshot: section 5.3."""

from central.raft import (
    AppendEntries,
    AppendReply,
    InstallSnapshot,
    Piece,
    PieceWanted,
    Raft,
    Role,
    Snapshot,
    SnapshotReply,
)
from tests.central.raft.group import (
    ELECTION_TICKS,
    lead,
    log_of,
    raft_of,
    take,
)
from tests.central.raft.snapshot_parts import ABC, TEN, is_install

# ---- the leader meanwhile ---


def leader_of_compacted_log() -> Raft:
    """Return a leader whose log starts after entry 3 and that has sent b a piece of that."""
    raft = raft_of(term=1, log=log_of(1, 1, 1, 1), applied=3)
    raft.compact(3)
    lead(raft)
    raft.step(AppendReply("b", "a", 2, accepted=False, refused_index=4, hint_index=0, hint_term=0))
    assert take(raft).pieces_wanted == (PieceWanted("b", None, 0),)
    return raft


def a_piece(offset: int, *, identity: bytes = b"x", index: int = 3) -> Piece:
    return Piece(Snapshot(index, 1, ABC), identity, 8, offset, b"1234")


def installs(raft: Raft) -> list[tuple[bytes, int]]:
    return [
        (message.identity, message.offset)
        for message in take(raft).messages_now
        if isinstance(message, InstallSnapshot)
    ]


def test_a_piece_is_sent_only_if_it_is_the_one_that_is_wanted_now() -> None:
    raft = leader_of_compacted_log()
    raft.piece_read("c", a_piece(0))  # c wants none
    raft.piece_read("z", a_piece(0))  # there is no z
    raft.piece_read("b", a_piece(4))  # in the middle of what b has nothing of
    assert installs(raft) == []
    raft.piece_read("b", a_piece(0))
    assert installs(raft) == [(b"x", 0)]
    raft.step(SnapshotReply("b", "a", 2, b"x", 4))
    assert take(raft).pieces_wanted == (PieceWanted("b", b"x", 4),)
    raft.piece_read("b", a_piece(0))
    raft.piece_read("b", a_piece(4, identity=b"y"))  # in the middle of another one
    assert installs(raft) == []
    raft.piece_read("b", a_piece(4))
    assert installs(raft) == [(b"x", 4)]
    raft.step(SnapshotReply("b", "a", 2, b"x", 8))
    assert take(raft).pieces_wanted == ()


def test_a_reply_about_another_snapshot_or_from_a_stranger_is_out_of_date() -> None:
    raft = leader_of_compacted_log()
    raft.step(SnapshotReply("b", "a", 2, b"x", 4))  # before any piece was read
    raft.piece_read("b", a_piece(0))
    take(raft)
    for reply in (
        SnapshotReply("b", "a", 2, b"y", 4),
        SnapshotReply("z", "a", 2, b"x", 4),
        SnapshotReply("c", "a", 2, b"x", 4),
        SnapshotReply("b", "a", 1, b"x", 4),
    ):
        raft.step(reply)
        assert take(raft).pieces_wanted == ()


def test_an_unanswered_piece_is_asked_for_again_after_an_election_time_out() -> None:
    raft = leader_of_compacted_log()
    raft.piece_read("b", a_piece(0))
    raft.step(SnapshotReply("b", "a", 2, b"x", 4))
    take(raft)
    asked = []
    for tick in range(1, 2 * ELECTION_TICKS + 1):
        raft.tick()
        raft.step(AppendReply("c", "a", 2, accepted=True))
        asked += [(tick, wanted) for wanted in take(raft).pieces_wanted]
    again = PieceWanted("b", b"x", 4)
    assert asked == [(ELECTION_TICKS, again), (2 * ELECTION_TICKS, again)]


def test_a_reply_gives_the_next_piece_an_election_time_out_of_its_own() -> None:
    raft = leader_of_compacted_log()
    raft.piece_read("b", a_piece(0))
    for _ in range(ELECTION_TICKS - 1):
        raft.tick()
    raft.step(SnapshotReply("b", "a", 2, b"x", 4))
    assert len(take(raft).pieces_wanted) == 1
    raft.tick()
    assert take(raft).pieces_wanted == ()


def test_a_snapshot_that_was_received_and_lost_again_is_offered_from_the_beginning() -> None:
    raft = leader_of_compacted_log()
    raft.piece_read("b", a_piece(0))
    raft.step(SnapshotReply("b", "a", 2, b"x", 8))
    take(raft)
    for _ in range(ELECTION_TICKS):
        raft.step(AppendReply("c", "a", 2, accepted=True))
        raft.tick()
    assert take(raft).pieces_wanted == (PieceWanted("b", b"x", 0),)


def test_heartbeats_go_on_beside_a_snapshot_and_only_its_end_ends_it() -> None:
    raft = leader_of_compacted_log()
    raft.piece_read("b", a_piece(0))
    take(raft)
    for _ in range(2):
        raft.tick()
    beats = [m for m in take(raft).messages_now if isinstance(m, AppendEntries)]
    (beat,) = [m for m in beats if m.receiver == "b"]
    assert (beat.previous_index, beat.previous_term, beat.entries) == (0, 0, ())
    raft.step(AppendReply("b", "a", 2, accepted=True, match_index=0))
    raft.step(SnapshotReply("b", "a", 2, b"x", 4))
    assert take(raft).pieces_wanted == (PieceWanted("b", b"x", 4),)
    raft.step(AppendReply("b", "a", 2, accepted=True, match_index=3))
    sent = [m for m in take(raft).messages_now if isinstance(m, AppendEntries)]
    assert [[entry.index for entry in m.entries] for m in sent if m.receiver == "b"] == [[4, 5]]


def test_a_follower_with_a_compacted_log_takes_a_heartbeat_that_names_no_entry() -> None:
    raft = raft_of(term=4, start=TEN, applied=10)
    raft.step(AppendEntries("b", "a", 4, 0, 0, commit_index=50, read_round=7))
    (reply,) = take(raft).messages_after
    assert reply == AppendReply("a", "b", 4, accepted=True, match_index=10, read_round=7)
    assert raft.commit_index == 10


def test_replies_about_a_snapshot_keep_a_leader_in_office() -> None:
    raft = leader_of_compacted_log()
    raft.piece_read("b", a_piece(0))
    for _ in range(4 * ELECTION_TICKS):
        raft.tick()
        raft.step(SnapshotReply("b", "a", 2, b"x", 0))
    assert raft.role is Role.LEADER


def test_compaction_keeps_what_a_peer_will_need_after_its_snapshot() -> None:
    raft = leader_of_compacted_log()
    raft.piece_read("b", a_piece(0))
    raft.step(SnapshotReply("b", "a", 2, b"x", 4))
    raft.step(AppendReply("c", "a", 2, accepted=True, match_index=5))
    raft.step(AppendReply("a", "a", 2, accepted=True, match_index=5))
    take(raft)
    raft.compact(5)
    assert raft.start.index == 3
    # A peer that no longer answers holds nothing up; that it was silent for an instant is no sign.
    for _ in range(ELECTION_TICKS):
        raft.tick()
        raft.step(AppendReply("c", "a", 2, accepted=True, match_index=5))
    raft.compact(5)
    assert raft.start.index == 3
    for _ in range(ELECTION_TICKS):
        raft.tick()
        raft.step(AppendReply("c", "a", 2, accepted=True, match_index=5))
    raft.compact(5)
    assert raft.start.index == 5


def test_a_leader_that_steps_down_wants_no_pieces_any_more() -> None:
    raft = leader_of_compacted_log()
    for _ in range(ELECTION_TICKS):
        raft.tick()  # asks once more, and then loses its quorum
        raft.step(AppendReply("c", "a", 2, accepted=True))
    raft.step(AppendEntries("c", "a", 9, 4, 1, commit_index=3, read_round=0))
    assert take(raft).pieces_wanted == ()
    raft.piece_read("b", a_piece(0))
    raft.step(SnapshotReply("b", "a", 9, b"x", 4))
    assert not any(is_install(message) for message in take(raft).messages_now)


def test_a_leader_that_still_has_an_earlier_snapshot_to_check_leaves_its_log_alone() -> None:
    """A replica that got the entries elsewhere may lead before it is told about the bytes."""
    raft = raft_of(term=4, received=Piece(TEN, b"x", 8, 4, b"5678"))
    raft.step(AppendEntries("b", "a", 4, 0, 0, 0, read_round=0, entries=tuple(log_of(*[3] * 12))))
    take(raft)
    lead(raft)
    raft.snapshot_received(b"x", intact=False)
    raft.snapshot_received(b"x", intact=True)
    assert raft.last_index == 13
    assert not any(isinstance(m, SnapshotReply) for m in take(raft).messages_after)
