"""A snapshot for a peer that could have entries: chapter 5 leaves that to the leader.

"The leader uses a new RPC called InstallSnapshot to send snapshots to followers that are too far
behind" (section 5.3): how far is too far, these tests say.
"""

import pytest

from central.raft import (
    AppendEntries,
    AppendReply,
    InstallSnapshot,
    Piece,
    PieceWanted,
    Raft,
    Snapshot,
    SnapshotReply,
)
from tests.central.raft.group import ELECTION_TICKS, Group, lead, log_of, raft_of, take
from tests.central.raft.snapshot_parts import ABC, group_with_c_behind, piece_of

MEBIBYTE = 1 << 20


def leader_with(*sizes: int, weight: int) -> Raft:
    """Return a leader of term 2 that has applied entries of so many bytes, the log from 1 on."""
    log = log_of(*[1] * len(sizes))
    raft = raft_of(
        term=1,
        log=[type(e)(e.index, 1, bytes(n)) for e, n in zip(log, sizes, strict=True)],
        applied=len(sizes),
    )
    raft.note_snapshot_bytes(weight)
    lead(raft)
    return raft


def found_at(raft: Raft, index: int) -> tuple[PieceWanted, ...]:
    """Let b say that its log agrees up to an index and ends there."""
    last = raft.last_index - 1
    raft.step(
        AppendReply("b", "a", 2, accepted=False, refused_index=last, hint_index=index, hint_term=1)
    )
    take(raft)
    raft.step(AppendReply("b", "a", 2, accepted=True, match_index=index))
    return take(raft).pieces_wanted


def entries_to_b(raft: Raft) -> list[int]:
    return [
        entry.index
        for message in take(raft).messages_now
        if isinstance(message, AppendEntries) and message.receiver == "b"
        for entry in message.entries
    ]


@pytest.mark.parametrize(
    ("weight", "by_snapshot"), [(1, True), (3 * MEBIBYTE, True), (3 * MEBIBYTE + 1, False)]
)
def test_a_peer_gets_a_snapshot_that_weighs_no_more_than_three_times_what_it_lacks(
    weight: int, *, by_snapshot: bool
) -> None:
    raft = leader_with(5, MEBIBYTE - 7, 7, weight=weight)
    assert bool(found_at(raft, 1)) is by_snapshot


def test_a_peer_that_lacks_little_gets_entries_however_small_the_state_is() -> None:
    raft = leader_with(MEBIBYTE, MEBIBYTE - 7, 6, weight=1)
    assert found_at(raft, 1) == ()
    raft = leader_with(MEBIBYTE, MEBIBYTE - 7, 7, weight=1)
    assert found_at(raft, 1) == (PieceWanted("b", None, 0, at_least=2),)


def test_without_a_word_about_the_weight_of_one_entries_are_sent() -> None:
    raft = leader_with(5, MEBIBYTE, MEBIBYTE, weight=0)
    assert found_at(raft, 1) == ()


def test_one_made_before_has_to_spare_half_of_the_entries() -> None:
    raft = leader_with(*[MEBIBYTE] * 9, weight=1)
    assert found_at(raft, 3) == (PieceWanted("b", None, 0, at_least=6),)


def test_it_is_chosen_only_when_it_becomes_known_where_the_logs_agree() -> None:
    """A peer that takes entries goes on taking them, else each slow one would get copies."""
    raft = leader_with(5, 5, weight=1)
    assert found_at(raft, 2) == ()
    raft.propose([bytes(MEBIBYTE)] * 4)
    take(raft)
    raft.step(AppendReply("b", "a", 2, accepted=True, match_index=3))
    assert take(raft).pieces_wanted == ()


def piece(raft: Raft, index: int, offset: int = 0) -> None:
    raft.piece_read("b", Piece(Snapshot(index, 1, ABC), b"x", 8, offset, b"1234"))


def test_after_it_come_the_entries_that_it_lacks() -> None:
    raft = leader_with(5, MEBIBYTE, 5, 5, weight=1)
    assert found_at(raft, 1)
    piece(raft, 3)
    assert entries_to_b(raft) == []
    raft.step(AppendReply("b", "a", 2, accepted=True, match_index=3))
    assert entries_to_b(raft) == [4, 5]


def ticks(raft: Raft, count: int, *, b_answers: bool = True) -> list[PieceWanted]:
    """Let time pass in which c, and perhaps b, answer heartbeats, and b no piece."""
    wanted: list[PieceWanted] = []
    for _ in range(count):
        raft.tick()
        raft.step(AppendReply("c", "a", 2, accepted=True, match_index=raft.last_index))
        if b_answers:
            raft.step(AppendReply("b", "a", 2, accepted=True, match_index=1))
        wanted += take(raft).pieces_wanted
    return wanted


def test_a_peer_that_answers_all_but_its_pieces_gets_entries_after_four_time_outs() -> None:
    """It may have no room for it, or we none to make a copy."""
    raft = leader_with(5, MEBIBYTE, weight=1)
    assert found_at(raft, 1)
    assert len(ticks(raft, 4 * ELECTION_TICKS - 1)) == 3
    raft.tick()
    assert entries_to_b(raft) == []  # it is probed first: what was sent before may be lost
    raft.step(AppendReply("b", "a", 2, accepted=True, match_index=1))
    effects = take(raft)
    assert effects.pieces_wanted == ()  # and it is not offered one again
    (message,) = effects.messages_now
    assert isinstance(message, AppendEntries)
    assert [entry.index for entry in message.entries] == [2, 3]


def test_a_peer_that_answers_nothing_is_waited_for() -> None:
    raft = leader_with(5, MEBIBYTE, weight=1)
    assert found_at(raft, 1)
    piece(raft, 2)
    assert len(ticks(raft, 10 * ELECTION_TICKS, b_answers=False)) == 10


def test_an_answered_piece_begins_the_count_anew() -> None:
    raft = leader_with(5, MEBIBYTE, weight=1)
    assert found_at(raft, 1)
    piece(raft, 2)
    for held in (4, 0, 4, 0):
        assert len(ticks(raft, 3 * ELECTION_TICKS)) == 3
        raft.step(SnapshotReply("b", "a", 2, b"x", held))
        take(raft)
    assert len(ticks(raft, ELECTION_TICKS)) == 1


def test_a_peer_whose_entries_are_dropped_meanwhile_is_offered_it_for_ever() -> None:
    raft = leader_with(5, MEBIBYTE, weight=1)
    assert found_at(raft, 1)
    piece(raft, 2)
    raft.step(SnapshotReply("b", "a", 2, b"x", 4))
    take(raft)
    raft.step(AppendReply("a", "a", 2, accepted=True, match_index=3))
    raft.step(AppendReply("c", "a", 2, accepted=True, match_index=3))
    take(raft)
    raft.compact(2)
    raft.tick()
    assert ticks(raft, 9 * ELECTION_TICKS) == 9 * [PieceWanted("b", b"x", 4, at_least=2)]


def test_a_snapshot_that_compaction_overtook_is_followed_by_one_more_and_no_third() -> None:
    """c restores a state older than the leader's log while nobody hears it: in vain, but whole."""
    group = group_with_c_behind()
    group.cut = set()
    group["a"].tick()
    group["a"].tick()
    # All pieces arrive; that c has restored them does not.
    group.deliver(lambda m: not (isinstance(m, AppendReply) and m.sender == "c" and m.match_index))
    assert len(group.restored) == 1
    group.mail.clear()
    group.cut = {"c"}
    group["a"].propose([b"more"] * 3)
    group.tick(3 * ELECTION_TICKS)
    group.compact("a")
    assert group["a"].start.index > group["c"].last_index
    group.cut = set()
    group.tick(3 * ELECTION_TICKS)
    assert [name for name, _ in group.restored] == ["c", "c"]
    assert group.applied["c"] == group.applied["a"]
    group.wanted.clear()
    group.tick(3 * ELECTION_TICKS)
    assert group.wanted == []


def test_a_follower_that_entries_brought_further_takes_no_more_pieces() -> None:
    raft = raft_of(term=4)
    raft.step(piece_of(offset=0))
    take(raft)
    raft.step(AppendEntries("b", "a", 4, 0, 0, 12, read_round=0, entries=tuple(log_of(*[3] * 12))))
    take(raft)
    raft.step(piece_of(offset=4))
    effects = take(raft)
    assert effects.persist is None
    assert effects.messages_after == (AppendReply("a", "b", 4, accepted=True, match_index=12),)


def test_a_leader_that_hears_so_sends_no_more_pieces() -> None:
    raft = leader_with(5, MEBIBYTE, 5, weight=1)
    assert found_at(raft, 1)
    piece(raft, 3)
    raft.step(SnapshotReply("b", "a", 2, b"x", 4))
    assert take(raft).pieces_wanted
    raft.step(AppendReply("b", "a", 2, accepted=True, match_index=3))  # a heartbeat's answer
    assert entries_to_b(raft) == [4]
    piece(raft, 3, offset=4)  # it was being read
    assert not any(isinstance(m, InstallSnapshot) for m in take(raft).messages_now)
    assert ticks(raft, 2 * ELECTION_TICKS) == []


def test_a_follower_far_behind_is_restored_and_goes_on() -> None:
    group = Group(*(raft_of(name, least_spared_bytes=8) for name in "abc"))
    group.elect("a")
    group.cut = {"c"}
    group["a"].propose([b"%d" % number for number in range(8)])
    group.tick(3)
    group.compact("a", 0)  # a copy is made, and the log keeps everything
    group["a"].note_snapshot_bytes(1)
    group.cut = set()
    group["a"].propose([b"after"])
    group.tick(4)
    assert [name for name, _ in group.restored] == ["c"]
    assert group.applied["c"] == group.applied["a"]
    assert group["c"].start.index == 9
    assert group["a"].start.index == 0
    assert not any(isinstance(message, InstallSnapshot) for message in group.mail)
