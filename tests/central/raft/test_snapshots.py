"""Log compaction, and what a snapshot replaces: chapter 5."""

import pytest

from central.raft import (
    AppendEntries,
    AppendReply,
    Entry,
    Persist,
    Piece,
    Restore,
    Role,
    Snapshot,
    SnapshotReply,
)
from tests.central.raft.group import (
    ELECTION_TICKS,
    log_of,
    raft_of,
    role_of,
    take,
)
from tests.central.raft.snapshot_parts import (
    ABC,
    ABCD,
    TEN,
    group_with_c_behind,
    is_install,
    piece_of,
    receive,
)

# ---- section 5.1: what a snapshot stands for, and what compaction keeps ---


def test_compaction_drops_the_log_up_to_an_applied_entry_and_nothing_that_is_needed_later() -> None:
    raft = raft_of(term=2, log=log_of(1, 1, 2, 2), applied=3)
    with pytest.raises(ValueError, match="entry 4 is not applied yet"):
        raft.compact(4)
    raft.compact(2)
    assert take(raft).persist == Persist(start=Snapshot(2, 1, ABC))
    assert (raft.start, raft.last_index, raft.term_of_commit) == (Snapshot(2, 1, ABC), 4, 2)
    raft.compact(1)  # what is dropped already
    assert raft.take_effects() is None
    raft.step(AppendEntries("b", "a", 2, 2, 1, commit_index=3, read_round=0))
    (reply,) = take(raft).messages_after
    assert reply == AppendReply("a", "b", 2, accepted=True, match_index=3)


def test_a_snapshot_has_the_configuration_of_its_index_and_not_a_later_one() -> None:
    """openraft#1808: a snapshot was named with the latest membership, not with that of its index,
    so whoever restored it counted quorums among the wrong voters.
    """
    log = [
        *log_of(1, 1),
        Entry(3, 1, configuration=ABCD),
        Entry(4, 1, b"x"),
        Entry(5, 1, configuration=ABC),
    ]
    raft = raft_of(term=1, log=log, applied=4)
    assert raft.snapshot_at(2) == Snapshot(2, 1, ABC)
    assert raft.snapshot_at(3) == Snapshot(3, 1, ABCD)
    assert raft.snapshot_at(4) == Snapshot(4, 1, ABCD)
    raft.compact(4)
    assert raft.start == Snapshot(4, 1, ABCD)
    assert raft.configuration == ABC  # its entry is still there
    assert not raft.configuration_is_committed


def test_a_restart_from_a_compacted_log_goes_on_where_it_was() -> None:
    start = Snapshot(3, 1, ABCD)
    raft = raft_of(term=2, log=[Entry(4, 2, b"x")], applied=3, start=start)
    assert raft.take_effects() is None  # nothing to write that is there already
    assert (raft.start, raft.last_index, raft.configuration) == (start, 4, ABCD)
    raft.step(AppendEntries("b", "a", 2, 4, 2, commit_index=4, read_round=0))
    assert take(raft).committed == (Entry(4, 2, b"x"),)


def test_a_restart_with_a_state_older_than_the_log_is_refused() -> None:
    with pytest.raises(ValueError, match="applied only 2: the state has lost data"):
        raft_of(term=2, applied=2, start=Snapshot(3, 1, ABC))


# ---- section 5.3: a peer that lacks what is no longer kept ---


def test_a_follower_that_lacks_compacted_entries_gets_a_snapshot_and_then_the_log() -> None:
    group = group_with_c_behind()
    group.cut = set()
    group["a"].propose([b"after"])
    group.tick(4)
    assert [name for name, _ in group.restored] == ["c"]
    assert group.applied["c"] == group.applied["a"]
    assert group["c"].start == group["a"].start
    assert group["a"].match_indexes() == {"b": 8, "c": 8}
    group.restart("c")
    assert group["c"].last_index == 8


def test_a_newcomer_learns_the_configuration_with_its_first_snapshot() -> None:
    group = group_with_c_behind()
    group.cut = set()
    fresh = raft_of("c", "")
    group.rafts["c"] = fresh
    group.tick(4)
    assert fresh.configuration == ABC
    assert group.applied["c"] == group.applied["a"]


def test_pieces_go_one_at_a_time_and_each_waits_for_the_last_ones_answer() -> None:
    group = group_with_c_behind()
    group.cut = set()
    group["a"].tick()
    group["a"].tick()
    for pieces in range(1, 5):
        group.deliver(lambda message: not is_install(message))
        (piece,) = group.mail
        assert len(group.wanted) == pieces
        group.mail.clear()
        group["c"].step(piece)
    group.deliver()
    asked = [wanted.offset for _, wanted in group.wanted]
    assert asked == list(range(0, 4 * len(asked), 4))  # none twice


def test_a_piece_is_on_disk_before_it_is_acknowledged() -> None:
    raft = raft_of(term=4)
    raft.step(piece_of())
    effects = take(raft)
    assert effects.messages_now == ()
    assert effects.persist is not None
    assert effects.persist.pieces == (Piece(TEN, b"x", 8, 0, b"1234"),)
    assert effects.messages_after == (SnapshotReply("a", "b", 4, b"x", 4),)


def test_a_snapshot_replaces_log_configuration_and_state_in_one_write() -> None:
    raft = raft_of(term=4, log=log_of(1, 1))
    receive(raft)
    assert raft.last_index == 2  # nothing is believed before it is known to be intact
    raft.snapshot_received(b"x", intact=True)
    effects = take(raft)
    assert effects.persist == Persist(start=TEN, restore=Restore(TEN, b"x"))
    assert effects.messages_after == (AppendReply("a", "b", 4, accepted=True, match_index=10),)
    assert effects.restore == Restore(TEN, b"x")
    assert effects.committed == ()
    assert (raft.commit_index, raft.last_index, raft.configuration) == (10, 10, ABCD)
    raft.snapshot_received(b"x", intact=True)  # once
    assert raft.take_effects() is None
    following = Entry(11, 4)
    raft.step(AppendEntries("b", "a", 4, 10, 3, 10, read_round=0, entries=(following,)))
    assert take(raft).persist == Persist(entries=(following,))  # and the log is dropped once


def test_what_was_committed_but_not_handed_out_comes_with_the_snapshot_only() -> None:
    raft = raft_of(term=4, log=log_of(1, 1))
    receive(raft)
    raft.step(AppendEntries("b", "a", 4, 2, 1, commit_index=2, read_round=0))
    raft.snapshot_received(b"x", intact=True)
    raft.step(
        AppendEntries("b", "a", 4, 10, 3, commit_index=11, read_round=0, entries=(Entry(11, 4),))
    )
    effects = take(raft)
    assert effects.restore == Restore(TEN, b"x")
    assert effects.committed == (Entry(11, 4),)
    entries = (Entry(11, 4),)
    assert effects.persist == Persist(start=TEN, restore=Restore(TEN, b"x"), entries=entries)


@pytest.mark.parametrize("late", [0, 4], ids=["first piece", "last piece"])
def test_a_stale_snapshot_is_ignored_and_answered_with_what_is_committed(late: int) -> None:
    raft = raft_of(term=4, log=log_of(*[1] * 12), applied=11)
    raft.step(piece_of(offset=late))
    effects = take(raft)
    assert effects.messages_after == (AppendReply("a", "b", 4, accepted=True, match_index=11),)
    assert (effects.persist, effects.restore) == (None, None)
    assert (raft.commit_index, raft.last_index) == (11, 12)


def test_a_late_piece_of_an_earlier_snapshot_does_not_throw_away_the_one_that_arrives() -> None:
    raft = raft_of(term=4, start=Snapshot(5, 2, ABC), applied=5)
    raft.step(piece_of())
    take(raft)
    raft.step(piece_of(Snapshot(5, 2, ABC), identity=b"earlier"))
    take(raft)
    raft.step(piece_of(offset=4))
    assert SnapshotReply("a", "b", 4, b"x", 8) in take(raft).messages_after
    raft.snapshot_received(b"x", intact=True)
    assert raft.commit_index == 10


def test_a_log_that_holds_the_snapshots_last_entry_is_kept_with_all_that_follows_it() -> None:
    # Section 5.3: "if the follower receives a snapshot that describes a prefix of its log, then
    # log entries covered by the snapshot are deleted but entries following the snapshot are
    # still valid and must be retained". Here even the prefix is kept: nothing is gained.
    raft = raft_of(term=4, log=log_of(*[3] * 12), applied=2)
    raft.step(piece_of())
    effects = take(raft)
    assert raft.last_index == 12
    assert raft.commit_index == 10
    assert [entry.index for entry in effects.committed] == list(range(3, 11))
    assert effects.persist is None
    assert effects.messages_after == (AppendReply("a", "b", 4, accepted=True, match_index=10),)


def test_a_log_that_conflicts_with_the_snapshot_is_dropped_whole() -> None:
    """openraft#559: entries after the snapshot's index that conflict with it were kept, and
    counted as if they followed it.
    """
    raft = raft_of(term=4, log=log_of(*[1] * 4, *[2] * 8), applied=4)  # entry 10 is of term 2
    receive(raft)
    raft.snapshot_received(b"x", intact=True)
    effects = take(raft)
    assert effects.persist == Persist(start=TEN, restore=Restore(TEN, b"x"))
    assert (raft.last_index, raft.start) == (10, TEN)


def test_entries_that_came_from_elsewhere_meanwhile_are_not_dropped() -> None:
    raft = raft_of(term=4)
    receive(raft)
    for commit in (0, 11):
        raft.step(
            AppendEntries("b", "a", 4, 0, 0, commit, read_round=0, entries=tuple(log_of(*[3] * 12)))
        )
        take(raft)
        raft.snapshot_received(b"x", intact=True)
        assert raft.last_index == 12
        assert raft.take_effects() is None


def test_entries_that_passed_a_finished_snapshot_are_not_dropped() -> None:
    raft = raft_of(term=4)
    receive(raft)
    raft.step(AppendEntries("b", "a", 4, 0, 0, 11, read_round=0, entries=tuple(log_of(*[3] * 12))))
    take(raft)
    raft.snapshot_received(b"x", intact=True)
    assert (raft.last_index, raft.commit_index) == (12, 11)
    assert raft.take_effects() is None


def test_a_candidate_that_gets_a_piece_follows_its_sender() -> None:
    raft = raft_of(term=3)
    for _ in range(2 * ELECTION_TICKS):
        raft.tick()
    assert raft.role is Role.PRE_CANDIDATE
    raft.step(piece_of())
    assert (role_of(raft), raft.leader, raft.term) == (Role.FOLLOWER, "b", 4)
    for _ in range(ELECTION_TICKS - 1):
        raft.tick()
    assert role_of(raft) is Role.FOLLOWER
