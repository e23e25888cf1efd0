"""Replicas that are removed, the leader or others: sections 4.2.2 and 4.2.3."""

import pytest

from central.raft import (
    AppendEntries,
    AppendReply,
    Entry,
    RequestVote,
    Role,
    Snapshot,
    TimeoutNow,
    VoteReply,
)
from tests.central.raft.group import (
    ELECTION_TICKS,
    accept,
    log_of,
    raft_of,
    role_of,
    take,
)
from tests.central.raft.membership_parts import group_led_by_a, leader, voters

# ---- section 4.2.2: removing the leader ---


def test_a_removed_leader_leads_until_that_is_committed_and_does_not_count_itself() -> None:
    raft = leader()
    index = raft.change_configuration(voters("bc"))
    take(raft)
    accept(raft, "a", index)
    accept(raft, "b", index)
    assert raft.role is Role.LEADER
    assert raft.commit_index == 1  # one of b and c
    raft.propose([b"x"])
    accept(raft, "c", index)
    assert (role_of(raft), raft.commit_index) == (Role.FOLLOWER, index)


def test_a_removed_leader_tells_what_is_committed_and_another_leads_without_a_time_out() -> None:
    group = group_led_by_a()
    index = group["a"].change_configuration(voters("bc"))
    group.deliver()  # no time passes
    assert group.leader() == "b"
    assert role_of(group["a"]) is Role.FOLLOWER
    assert group["b"].commit_index >= index


def test_the_heir_is_the_voter_with_the_longest_log() -> None:
    raft = leader("abcd")
    index = raft.change_configuration(voters("bcd"))
    raft.propose([b"x"])
    take(raft)
    accept(raft, "d", index + 1)
    accept(raft, "b", index)
    effects = take(raft)
    assert TimeoutNow("a", "d", 1) in effects.messages_after
    told = {m.receiver for m in effects.messages_now if isinstance(m, AppendEntries)}
    assert told == set("bcd")
    assert {m.commit_index for m in effects.messages_now if isinstance(m, AppendEntries)} == {index}


def test_a_removed_leader_that_a_quorum_of_the_rest_does_not_answer_steps_down() -> None:
    raft = leader()
    raft.change_configuration(voters("bc"))
    for _ in range(2 * ELECTION_TICKS):
        raft.tick()
        accept(raft, "b", 1)  # it is half of those that count
    assert role_of(raft) is Role.FOLLOWER


@pytest.mark.parametrize("replies", ["dbc", "bdc", "bcd", "bdcd", "ddbbdcd"])
def test_a_removed_leader_promotes_no_learner_before_it_leaves(replies: str) -> None:
    """Until the removal is committed no other change may begin, and with that it leaves."""
    raft = leader()
    index = raft.change_configuration(voters("bc", learners="d"))
    take(raft)
    for holder in replies:
        accept(raft, holder, index)
    assert role_of(raft) is Role.FOLLOWER
    assert (raft.configuration, raft.last_index) == (voters("bc", learners="d"), index)


def test_the_heir_of_a_removed_leader_promotes_its_learner() -> None:
    group = group_led_by_a(extra="d")
    group["a"].change_configuration(voters("bc", learners="d"))
    group.tick(3)
    assert group.leader() == "b"
    assert [group[name].configuration for name in "bcd"] == 3 * [voters("bcd")]


def test_a_leader_that_stays_does_not_step_down_for_a_change() -> None:
    raft = leader()
    index = raft.change_configuration(voters("ab"))
    for holder in "ab":
        accept(raft, holder, index)
    assert raft.role is Role.LEADER


def test_a_voter_whose_removal_is_not_committed_may_still_stand_and_no_longer_after() -> None:
    # "a server that is not part of its own latest configuration should still start new elections,
    # as it might still be needed until the Cnew entry is committed"; it does not count itself.
    log = [*log_of(1), Entry(2, 1, configuration=voters("bc"))]
    needed, removed = (raft_of(term=1, log=log, applied=applied) for applied in (1, 2))
    for raft in (needed, removed):
        for _ in range(2 * ELECTION_TICKS):
            raft.tick()
    assert role_of(removed) is Role.FOLLOWER
    assert removed.take_effects() is None
    assert role_of(needed) is Role.PRE_CANDIDATE
    needed.step(VoteReply("b", "a", 2, granted=True, pre_vote=True))
    assert role_of(needed) is Role.PRE_CANDIDATE  # one of b and c
    needed.step(VoteReply("c", "a", 2, granted=True, pre_vote=True))
    assert role_of(needed) is Role.CANDIDATE


def test_who_was_removed_does_not_stand_when_asked_to() -> None:
    log = [*log_of(1), Entry(2, 1, configuration=voters("bc"))]
    raft = raft_of(term=1, log=log, applied=2)
    raft.step(AppendEntries("b", "a", 1, 2, 1, commit_index=2, read_round=0))
    raft.step(TimeoutNow("b", "a", 1))
    assert (raft.role, raft.term) == (Role.FOLLOWER, 1)


# ---- section 4.2.3: disruptive servers ---


def test_a_removed_replica_that_never_heard_of_it_disturbs_nobody() -> None:
    group = group_led_by_a("abcd")
    group.cut = {"d"}
    group["a"].change_configuration(voters("abc"))
    group.tick(2)
    group.cut = set()
    term = group["a"].term
    group.tick(10 * ELECTION_TICKS)
    assert (group.leader(), group["a"].term) == ("a", term)
    assert group["d"].configuration == voters("abcd")


def test_a_candidate_that_the_voters_configuration_lacks_may_get_its_vote() -> None:
    # Section 4.2.1: "a server grants a vote to a candidate that is not part of its latest
    # configuration": the candidate may know a later one.
    raft = raft_of(voters="abc")
    raft.step(RequestVote("d", "a", 1, last_log_index=0, last_log_term=0))
    assert take(raft).messages_after == (VoteReply("a", "d", 1, granted=True),)


def test_a_leader_that_the_followers_configuration_lacks_is_followed() -> None:
    raft = raft_of(voters="abc")
    raft.step(AppendEntries("d", "a", 1, 0, 0, 0, read_round=0, entries=tuple(log_of(1))))
    assert raft.leader == "d"
    assert take(raft).messages_after == (AppendReply("a", "d", 1, accepted=True, match_index=1),)


def test_a_new_groups_first_leader_writes_its_configuration_down_for_newcomers() -> None:
    group = group_led_by_a("a", extra="b")
    group["a"].change_configuration(voters("ab"))
    group.tick(4)
    assert group["b"].start == Snapshot()
    assert group["b"].configuration == voters("ab")
    assert group["b"].snapshot_at(1).configuration == voters("a")
