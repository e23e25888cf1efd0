"""Pieces of snapshots that get lost, come twice or are damaged; restarts meanwhile: section 5.3."""

from dataclasses import replace

import pytest

from central.raft import (
    InstallSnapshot,
    Message,
    Piece,
    Restore,
    Snapshot,
    SnapshotReply,
)
from tests.central.raft.group import (
    ELECTION_TICKS,
    raft_of,
    take,
)
from tests.central.raft.snapshot_parts import (
    ABC,
    TEN,
    group_half_way,
    group_with_c_behind,
    offset_of,
    piece_of,
    receive,
)

# ---- pieces that are lost, come twice, or are of another snapshot ---


def test_a_repeated_or_skipped_piece_changes_nothing_and_is_told_where_to_go_on() -> None:
    raft = raft_of(term=4)
    raft.step(piece_of())
    take(raft)
    for offset in (0, 8):
        raft.step(piece_of(offset=offset))
        effects = take(raft)
        assert effects.persist is None
        assert effects.messages_after == (SnapshotReply("a", "b", 4, b"x", 4),)


def test_a_piece_of_the_middle_of_an_unknown_snapshot_is_asked_for_from_its_beginning() -> None:
    raft = raft_of(term=4)
    raft.step(piece_of())
    take(raft)
    raft.step(piece_of(offset=4, identity=b"y"))
    effects = take(raft)
    assert effects.persist is None
    assert effects.messages_after == (SnapshotReply("a", "b", 4, b"y", 0),)
    raft.step(piece_of(offset=4))  # what we have of x is still there
    assert take(raft).messages_after == (SnapshotReply("a", "b", 4, b"x", 8),)


def test_another_snapshots_first_piece_takes_the_place_of_what_was_arriving() -> None:
    raft = raft_of(term=4)
    receive(raft)
    raft.step(piece_of(Snapshot(12, 3, ABC), identity=b"y"))
    assert take(raft).messages_after == (SnapshotReply("a", "b", 4, b"y", 4),)
    raft.snapshot_received(b"x", intact=True)  # its bytes are dropped by now
    assert raft.take_effects() is None
    assert raft.commit_index == 0


def test_a_verdict_on_bytes_that_were_dropped_meanwhile_is_ignored() -> None:
    """All of x was there, and was being checked; y began, and then x came anew."""
    raft = raft_of(term=4)
    receive(raft)
    raft.step(piece_of(identity=b"y"))
    raft.step(piece_of())
    take(raft)
    raft.snapshot_received(b"x", intact=True)
    assert raft.take_effects() is None
    assert raft.commit_index == 0


@pytest.mark.parametrize("lost", [InstallSnapshot, SnapshotReply])
def test_a_lost_piece_or_answer_is_made_good_and_nothing_before_it_is_sent_again(
    lost: type[Message],
) -> None:
    group = group_half_way(lost=lost)
    group.tick(2 * ELECTION_TICKS)
    assert group.applied["c"] == group.applied["a"]
    offsets = [wanted.offset for _, wanted in group.wanted]
    assert offsets[0] == (12 if lost is InstallSnapshot else 8)
    assert offsets == list(range(offsets[0], offsets[-1] + 1, 4))


def test_repeated_replies_ask_for_nothing_twice() -> None:
    group = group_with_c_behind()
    group.cut = set()
    group["a"].tick()
    for _ in range(100):
        if not group.wanted:
            group["a"].tick()
        group.obey()
        for message in list(group.mail):
            group.mail.remove(message)
            for _ in range(2 if isinstance(message, SnapshotReply) else 1):
                group[message.receiver].step(message)
        group.obey()
    offsets = [wanted.offset for _, wanted in group.wanted]
    assert offsets == sorted(set(offsets))
    assert group.applied["c"] == group.applied["a"]


def test_a_damaged_snapshot_is_asked_for_anew() -> None:
    raft = raft_of(term=4)
    receive(raft)
    raft.snapshot_received(b"x", intact=False)
    effects = take(raft)
    assert effects.messages_after == (SnapshotReply("a", "b", 4, b"x", 0),)
    assert (effects.restore, raft.commit_index) == (None, 0)
    receive(raft)
    raft.snapshot_received(b"x", intact=True)
    assert raft.commit_index == 10


def test_a_group_makes_good_a_piece_that_was_damaged_on_its_way() -> None:
    group = group_with_c_behind()
    group.cut = set()
    for _ in range(3):
        group["a"].tick()
    group.deliver(lambda message: offset_of(message) < 8)
    (third,) = [message for message in group.mail if isinstance(message, InstallSnapshot)]
    group.mail.remove(third)
    group.mail.append(replace(third, data=b"!" * len(third.data)))
    group.deliver()
    assert group.applied["c"] == group.applied["a"]
    assert [wanted.offset for _, wanted in group.wanted].count(0) == 2


# ---- restarts and changes of leader while a snapshot is under way ---


def test_a_restarted_follower_goes_on_after_what_is_on_its_disk() -> None:
    group = group_half_way()
    group.restart("c")
    group.tick(2 * ELECTION_TICKS)
    assert group.applied["c"] == group.applied["a"]
    assert min(wanted.offset for _, wanted in group.wanted) == 12


def test_a_restarted_follower_that_holds_all_of_a_snapshot_checks_it_first() -> None:
    last = Piece(TEN, b"x", 8, 4, b"5678")
    raft = raft_of(term=4, received=last)
    assert raft.take_effects() is None
    raft.snapshot_received(b"x", intact=True)
    effects = take(raft)
    assert effects.restore == Restore(TEN, b"x")
    assert effects.messages_after == ()  # it knows no leader yet
    assert raft.commit_index == 10


def test_a_restarted_follower_that_finds_its_snapshot_damaged_says_nothing_to_nobody() -> None:
    raft = raft_of(term=4, received=Piece(TEN, b"x", 8, 4, b"5678"))
    raft.snapshot_received(b"x", intact=False)
    assert raft.take_effects() is None
    raft.step(piece_of(offset=4))
    assert take(raft).messages_after == (SnapshotReply("a", "b", 4, b"x", 0),)


def test_pieces_of_a_snapshot_that_is_restored_already_are_forgotten_by_a_restart() -> None:
    raft = raft_of(term=4, start=TEN, applied=10, received=Piece(TEN, b"x", 8, 4, b"5678"))
    raft.snapshot_received(b"x", intact=True)
    assert raft.take_effects() is None


def test_a_restarted_leader_that_still_has_the_snapshot_goes_on_where_the_follower_is() -> None:
    group = group_half_way()
    group.restart("a")
    group.elect("a")
    group.tick(2 * ELECTION_TICKS)
    assert group.applied["c"] == group.applied["a"]
    offsets = [wanted.offset for _, wanted in group.wanted]
    assert offsets[:2] == [0, 12]  # the first one is where it learns that c has three


def test_a_new_leader_sends_its_own_snapshot_from_the_beginning() -> None:
    group = group_half_way()
    group.compact("b")
    group.cut = {"a"}
    group.elect("b")
    group.tick(2 * ELECTION_TICKS)
    assert group.leader() == "b"
    assert group.restored == [("c", b"b@7")]
    assert group.wanted[0][0] == "b"
    assert group.applied["c"] == group.applied["b"]


def test_a_snapshot_that_is_gone_is_replaced_by_a_newer_one_from_the_beginning() -> None:
    group = group_half_way()
    group["a"].propose([b"more"])
    group.tick(2)
    newer = group.compact("a", 0)
    group.tick(2 * ELECTION_TICKS)
    assert group.restored == [("c", newer)]
    assert group.applied["c"] == group.applied["a"]
