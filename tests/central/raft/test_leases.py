"""Reads under a lease, without a round to the quorum: section 6.4.1."""

import pytest

from central.raft import (
    AppendEntries,
    Configuration,
    InstallSnapshot,
    Raft,
    ReadReady,
    RequestVote,
    Role,
    Snapshot,
    VoteReply,
)
from tests.central.raft.group import (
    ELECTION_TICKS,
    accept,
    lead,
    raft_of,
    role_of,
    sent_to,
    take,
)

LEASE = 100  # in the units of `now`


def heartbeat(term: int = 1, sender: str = "b") -> AppendEntries:
    return AppendEntries(sender, "a", term, 0, 0, commit_index=0, read_round=0)


def begin_round(raft: Raft, now: int) -> int:
    """Let a round of heartbeats begin at `now`; returns its number."""
    for _ in range(2):
        raft.tick()
    effects = raft.take_effects(now=now)
    assert effects is not None
    return sent_to("b", effects.messages_now)[-1].read_round


def leader(voters: str = "abc", *, lease: int = LEASE) -> Raft:
    """Return a leader that has committed the first entry of its term, and holds no lease."""
    raft = raft_of(voters=voters, lease=lease)
    lead(raft)
    for holder in voters:
        accept(raft, holder, 1)
    take(raft)
    return raft


def leader_with_lease(since: int = 1000) -> Raft:
    raft = leader()
    accept(raft, "b", 1, read_round=begin_round(raft, since))
    return raft


def answers_at_once(raft: Raft, now: int) -> bool:
    """Ask a read, and return whether it was answered without anybody else."""
    assert raft.read(now, now=now)
    effects = raft.take_effects(now=now)
    return effects is not None and ReadReady(now, raft.commit_index) in effects.reads


@pytest.mark.parametrize(("after", "holds"), [(0, True), (LEASE - 1, True), (LEASE, False)])
def test_a_lease_runs_from_when_its_round_began_and_expires(after: int, holds: bool) -> None:
    # "The lease starts at the time that the leader sent its heartbeats", not when they came back.
    raft = leader_with_lease(since=1000)
    assert answers_at_once(raft, 1000 + after) is holds


def test_without_an_answer_there_is_no_lease() -> None:
    raft = leader()
    begin_round(raft, 1000)
    assert not answers_at_once(raft, 1001)


def test_a_lease_needs_a_quorum_of_answers_to_that_round_or_a_later_one() -> None:
    raft = leader("abcde")
    first = begin_round(raft, 1000)
    second = begin_round(raft, 1050)
    assert second == first + 1  # also where nobody reads
    accept(raft, "b", 1, read_round=second)
    accept(raft, "c", 1, read_round=first)
    accept(raft, "c", 1, read_round=first)
    assert answers_at_once(raft, 1099)
    assert not answers_at_once(raft, 1101)  # the first round has a quorum, the second has not
    accept(raft, "d", 1, read_round=second)
    assert answers_at_once(raft, 1149)
    assert not answers_at_once(raft, 1150)


def test_where_leases_are_off_every_read_waits_for_a_quorum() -> None:
    raft = leader(lease=0)
    raft.read(1, now=1000)
    effects = raft.take_effects(now=1000)
    assert effects is not None
    accept(raft, "b", 1, read_round=sent_to("b", effects.messages_now)[-1].read_round)
    assert len(take(raft).reads) == 1
    assert not answers_at_once(raft, 1000)


def test_a_read_without_a_lease_waits_for_a_quorum_which_extends_the_lease() -> None:
    raft = leader()
    raft.read(1, now=1000)
    effects = raft.take_effects(now=1000)
    assert effects is not None
    assert effects.reads == ()
    accept(raft, "b", 1, read_round=sent_to("b", effects.messages_now)[-1].read_round)
    assert take(raft).reads == (ReadReady(1, 1),)
    assert answers_at_once(raft, 1099)


def test_a_leader_of_one_always_holds_its_lease() -> None:
    raft = leader("a")
    for now in (1000, 5000):
        assert answers_at_once(raft, now)


def test_a_new_leader_with_a_lease_still_waits_for_an_entry_of_its_own_term() -> None:
    raft = raft_of(lease=LEASE)
    lead(raft)
    accept(raft, "b", 0, read_round=begin_round(raft, 1000))
    assert raft.read(7, now=1001) is False


def test_asking_another_to_stand_gives_the_lease_up_for_the_rest_of_the_term() -> None:
    # Section 6.4.1: "when transferring leadership, the lease must be given up": the target's
    # election ignores what the followers promised, and its messages may be late.
    raft = leader_with_lease()
    raft.transfer_leadership("b")
    take(raft)
    assert not answers_at_once(raft, 1001)
    for _ in range(ELECTION_TICKS):
        raft.tick()
        accept(raft, "c", 1)
    raft.propose([b"x"])  # the transfer was given up
    accept(raft, "b", 1, read_round=begin_round(raft, 2000))
    assert not answers_at_once(raft, 2001)


def test_a_transfer_that_has_asked_nobody_yet_keeps_the_lease() -> None:
    raft = leader_with_lease()
    raft.propose([b"x"])
    raft.transfer_leadership("b")
    assert answers_at_once(raft, 1001)


def test_a_lease_is_void_once_the_configuration_changes_until_it_is_earned_in_the_new_one() -> None:
    raft = leader("ab")
    late = begin_round(raft, 1000)
    accept(raft, "b", 1, read_round=late)
    assert answers_at_once(raft, 1001)
    late = begin_round(raft, 1010)
    raft.change_configuration(Configuration(frozenset("abc")))
    assert not answers_at_once(raft, 1011)
    accept(raft, "b", 2, read_round=late)  # earned in the old one
    assert not answers_at_once(raft, 1012)
    accept(raft, "b", 2, read_round=begin_round(raft, 1050))
    assert answers_at_once(raft, 1051)


def test_a_lease_ends_with_the_leadership() -> None:
    raft = leader_with_lease()
    late = begin_round(raft, 1000)
    raft.step(heartbeat(term=5))
    lead(raft)
    for holder in "ab":
        accept(raft, holder, raft.last_index)
    assert not answers_at_once(raft, 1001)
    raft.take_effects(now=1001)
    accept(raft, "b", raft.last_index, read_round=late)
    assert not answers_at_once(raft, 1002)


def test_a_lease_that_was_given_up_can_be_earned_again_in_a_later_leadership() -> None:
    raft = leader_with_lease()
    raft.transfer_leadership("b")
    raft.step(heartbeat(term=5))
    lead(raft)
    for holder in "ab":
        accept(raft, holder, raft.last_index)
    accept(raft, "b", raft.last_index, read_round=begin_round(raft, 2000))
    assert answers_at_once(raft, 2001)


# ---- what a lease rests on: section 4.2.3 ---

ASK = RequestVote("c", "a", 9, last_log_index=9, last_log_term=9)


def promised() -> Raft:
    """Return a follower that has just heard its leader."""
    raft = raft_of(term=1, lease=LEASE)
    raft.step(heartbeat())
    take(raft)
    return raft


def test_a_promise_holds_for_the_least_election_time_out() -> None:
    raft = promised()
    for _ in range(ELECTION_TICKS - 1):
        raft.tick()
        raft.step(ASK)
        assert (raft.term, raft.take_effects()) == (1, None)
    raft.tick()
    raft.step(ASK)
    assert take(raft).messages_after == (VoteReply("a", "c", 9, granted=True),)


@pytest.mark.parametrize("pre_vote", [False, True], ids=["vote", "pre-vote"])
def test_a_promise_holds_also_when_another_message_has_moved_the_term(pre_vote: bool) -> None:
    """The leader b of term 1 may hold a lease on a's promise. Then a late answer to a's own
    pre-vote of long ago brings a to term 9; and c, which stands in that term, asks for the vote.
    """
    raft = promised()
    raft.step(VoteReply("d", "a", 9, granted=False, pre_vote=True))
    assert raft.term == 9
    take(raft)
    ask = RequestVote("c", "a", 10 if pre_vote else 9, 9, 9, pre_vote=pre_vote)
    raft.step(ask)
    assert take(raft).messages_after == (VoteReply("a", "c", 9, granted=False, pre_vote=pre_vote),)
    for _ in range(ELECTION_TICKS):
        raft.tick()
    take(raft)
    raft.step(ask)
    (reply,) = [m for m in take(raft).messages_after if isinstance(m, VoteReply)]
    assert reply.granted


def test_a_leaders_request_sets_aside_the_promise_made_to_it() -> None:
    raft = promised()
    raft.step(RequestVote("c", "a", 2, 9, 9, transfer=True))
    assert take(raft).messages_after == (VoteReply("a", "c", 2, granted=True),)


def test_a_restarted_follower_keeps_a_promise_that_it_cannot_remember() -> None:
    raft = raft_of(term=1, lease=LEASE)
    raft.step(ASK)
    assert (raft.term, raft.take_effects()) == (1, None)
    for _ in range(ELECTION_TICKS):
        raft.tick()
    take(raft)
    raft.step(ASK)
    assert VoteReply("a", "c", 9, granted=True) in take(raft).messages_after


def test_where_leases_are_off_a_restarted_follower_votes_at_once() -> None:
    raft = raft_of(term=1)
    raft.step(ASK)
    assert take(raft).messages_after == (VoteReply("a", "c", 9, granted=True),)


def test_a_snapshots_piece_renews_the_promise_as_a_heartbeat_does() -> None:
    raft = promised()
    for _ in range(ELECTION_TICKS - 1):
        raft.tick()
    raft.step(InstallSnapshot("b", "a", 1, Snapshot(9, 1), b"x", 8, 0, b"1234"))
    take(raft)
    raft.tick()
    raft.step(ASK)
    assert (raft.term, raft.take_effects()) == (1, None)
    assert role_of(raft) is Role.FOLLOWER


def test_a_leader_that_stepped_down_has_promised_itself_nothing() -> None:
    raft = leader_with_lease()
    for _ in range(2 * ELECTION_TICKS):
        raft.tick()
    assert role_of(raft) is Role.FOLLOWER
    take(raft)
    raft.step(ASK)
    assert VoteReply("a", "c", 9, granted=True) in take(raft).messages_after


def test_a_message_of_an_earlier_leader_renews_no_promise() -> None:
    raft = promised()
    for _ in range(ELECTION_TICKS):
        raft.tick()
        raft.step(heartbeat(term=0))
    take(raft)
    raft.step(ASK)
    assert VoteReply("a", "c", 9, granted=True) in take(raft).messages_after
