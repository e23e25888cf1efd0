"""How much is under way or uncommitted at most (section 10.2.1, pipelining)."""

import pytest

from central.raft import (
    AppendEntries,
    Config,
    Overloaded,
    Role,
)
from central.raft.replication import ENTRY_OVERHEAD
from tests.central.raft.group import (
    Group,
    accept,
    lead,
    raft_of,
    role_of,
    sent_to,
    take,
)


def test_no_more_messages_are_under_way_than_the_window_lets_through() -> None:
    raft = raft_of(window=3, max_message_bytes=1)
    lead(raft)
    accept(raft, "b", 1)
    take(raft)
    raft.propose([b"x"] * 10)
    sent = sent_to("b", take(raft).messages_now)
    assert [[e.index for e in m.entries] for m in sent] == [[2], [3], [4]]
    assert take(raft).messages_now == ()
    accept(raft, "b", 3)
    assert [m.entries[0].index for m in sent_to("b", take(raft).messages_now)] == [5, 6]


def test_a_follower_gets_no_entries_until_it_is_known_to_agree() -> None:
    raft = raft_of(max_message_bytes=1)
    first = lead(raft)
    assert [len(m.entries) for m in sent_to("b", first.messages_now)] == [0]
    raft.propose([b"x"] * 5)
    assert sent_to("b", take(raft).messages_now) == []
    accept(raft, "b", 0)
    assert [len(m.entries) for m in sent_to("b", take(raft).messages_now)] == [2, 1, 1, 1, 1]


def test_a_leader_holds_no_more_reads_than_it_may() -> None:
    raft = raft_of(max_reads=3)
    lead(raft)
    for holder in "ab":
        accept(raft, holder, 1)
    assert raft.read(1)
    assert raft.read(2)
    take(raft)
    assert raft.read(3)
    with pytest.raises(Overloaded, match="3 reads wait"):
        raft.read(4)


@pytest.mark.parametrize("pipelining", [False, True])
def test_a_heartbeat_finds_out_that_messages_were_lost(pipelining: bool) -> None:
    leader, follower = raft_of("a"), raft_of("b")
    group = Group(leader, follower)
    first = lead(leader)
    if pipelining:
        for message in sent_to("b", first.messages_now):
            follower.step(message)
        group.deliver()
    leader.propose([b"x"])
    lost = sent_to("b", take(leader).messages_now)
    assert bool(lost) is pipelining
    for _ in range(2 * leader._state.config.heartbeat_ticks):
        leader.tick()
        group.deliver()
    assert follower.last_index == leader.last_index == 2


def test_the_window_is_free_again_when_a_heartbeat_shows_that_only_answers_were_lost() -> None:
    raft = raft_of(window=1, max_message_bytes=1)
    lead(raft)
    accept(raft, "b", 1)
    raft.propose([b"x", b"y"])
    assert len(sent_to("b", take(raft).messages_now)) == 1
    for _ in range(2):
        raft.tick()
    (heartbeat,) = sent_to("b", take(raft).messages_now)
    assert (heartbeat.previous_index, heartbeat.entries) == (2, ())
    accept(raft, "b", heartbeat.previous_index)
    assert [m.entries[0].index for m in sent_to("b", take(raft).messages_now)] == [3]


def test_a_leader_takes_no_more_than_it_may_hold_uncommitted() -> None:
    raft = raft_of(max_uncommitted_bytes=10 + 2 * ENTRY_OVERHEAD)
    lead(raft)
    raft.propose([b"x" * 6])
    with pytest.raises(Overloaded, match="try later"):
        raft.propose([b"x" * 5])
    raft.propose([b"x" * 4])
    for holder in "ab":
        accept(raft, holder, 2)  # 6 of the 10 bytes
    raft.propose([b"x" * 6])
    with pytest.raises(Overloaded):
        raft.propose([b"x"])


def test_one_proposal_larger_than_the_bound_goes_through_alone() -> None:
    raft = raft_of(max_uncommitted_bytes=10)
    lead(raft)
    raft.propose([b"x" * 50])
    with pytest.raises(Overloaded):
        raft.propose([b"x"])


def test_a_new_term_of_leadership_starts_with_nothing_counted() -> None:
    raft = raft_of(max_uncommitted_bytes=10 + ENTRY_OVERHEAD)
    lead(raft)
    raft.propose([b"x" * 10])
    raft.step(AppendEntries("b", "a", 5, 0, 0, commit_index=0, read_round=0))
    assert role_of(raft) is Role.FOLLOWER
    lead(raft)
    raft.propose([b"x" * 10])
    for holder in "ab":
        accept(raft, holder, raft.last_index)
    raft.propose([b"x" * 10])


def test_heartbeats_that_come_too_late_are_refused() -> None:
    with pytest.raises(ValueError, match="below election_ticks"):
        Config("a", election_ticks=3, heartbeat_ticks=3)
