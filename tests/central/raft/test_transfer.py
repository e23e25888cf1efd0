"""Leadership transfer: section 3.10."""

import pytest

from central.raft import NotLeader, RequestVote, Role, TimeoutNow
from tests.central.raft.group import ELECTION_TICKS, Group, accept, lead, raft_of, role_of, take


def group_led_by_a() -> Group:
    group = Group(*(raft_of(name) for name in "abc"))
    group.elect("a")
    return group


def test_the_target_leads_next_without_a_time_out() -> None:
    group = group_led_by_a()
    term = group["a"].term
    group["a"].transfer_leadership("b")
    group.deliver()
    assert group.leader() == "b"
    assert group["b"].term == term + 1


def test_what_the_target_lacks_is_sent_first() -> None:
    group = group_led_by_a()
    group.cut = {"b"}
    group["a"].propose([b"x", b"y"])
    group.deliver()
    group.cut = set()
    group["a"].transfer_leadership("b")
    group.deliver()
    assert group.leader() == "a"  # b holds too little, and nothing has told a so yet
    group.tick(3)
    assert group.leader() == "b"
    assert [entry.data for entry in group.applied["b"] if entry.data] == [b"x", b"y"]


def test_nothing_is_proposed_meanwhile_and_the_caller_learns_whom_to_ask() -> None:
    raft = raft_of()
    lead(raft)
    raft.transfer_leadership("c")
    with pytest.raises(NotLeader) as refusal:
        raft.propose([b"x"])
    assert refusal.value.leader == "c"


def test_a_transfer_that_takes_too_long_is_given_up() -> None:
    raft = raft_of()
    lead(raft)
    raft.transfer_leadership("c")
    for _ in range(ELECTION_TICKS - 1):
        raft.tick()
        accept(raft, "b", 0)
    with pytest.raises(NotLeader):
        raft.propose([b"x"])
    raft.tick()
    raft.propose([b"x"])


def test_followers_vote_for_the_target_though_they_hear_the_leader() -> None:
    # canonical/raft#203: pre-vote, or stickiness, refused the very election the leader asked for.
    group = group_led_by_a()
    group["a"].transfer_leadership("b")
    group.obey()
    (ask,) = [m for m in group.mail if isinstance(m, TimeoutNow)]
    group["b"].step(ask)
    votes = [m for m in take(group["b"]).messages_after if isinstance(m, RequestVote)]
    assert [(vote.transfer, vote.pre_vote) for vote in votes] == [(True, False)] * 2


def test_a_late_request_to_stand_is_ignored() -> None:
    group = group_led_by_a()
    group["b"].step(TimeoutNow("c", "b", group["b"].term))  # c does not lead
    assert role_of(group["b"]) is Role.FOLLOWER
    group["b"].step(TimeoutNow("a", "b", group["b"].term - 1))
    assert role_of(group["b"]) is Role.FOLLOWER


def test_a_candidate_that_nobody_asked_to_stand_is_still_ignored() -> None:
    group = group_led_by_a()
    group["c"].step(RequestVote("b", "c", group["c"].term + 1, 99, 99))
    assert take(group["c"]).messages_after == ()


def test_only_a_leader_hands_over_and_only_to_another_voter() -> None:
    raft = raft_of()
    with pytest.raises(NotLeader):
        raft.transfer_leadership("b")
    lead(raft)
    for nobody in ("a", "x"):
        with pytest.raises(ValueError, match=f"'{nobody}' is no other voter"):
            raft.transfer_leadership(nobody)
