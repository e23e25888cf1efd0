"""A leader whose connections were closed is not waited for. Not the dissertation's."""

import pytest

from central.raft import AppendEntries, RequestVote, Role, Snapshot, VoteReply
from tests.central.raft.group import (
    ELECTION_TICKS,
    lead,
    raft_of,
    role_of,
    take,
    ticks_until_it_stands,
)
from tests.central.raft.membership_parts import group_led_by_a, voters

HEARTBEAT_TICKS = 2
SOON = HEARTBEAT_TICKS + ELECTION_TICKS // 2
LEASE = 100


def heartbeat(sender: str = "b") -> AppendEntries:
    return AppendEntries(sender, "a", 1, 0, 0, commit_index=0, read_round=0)


def hurried(seed: int, *, suspected: str = "b", lease: int = 0, again: bool = False) -> int:
    """Return the ticks until a follower of b stands that was told of a suspicion."""
    raft = raft_of(lease=lease)
    raft._state.rng.seed(seed)
    raft.step(heartbeat())
    raft.suspect(suspected)
    if again:
        raft.step(heartbeat())
    return ticks_until_it_stands(raft)


def test_who_follows_one_that_seems_gone_waits_a_heartbeat_and_a_random_time() -> None:
    waits = {hurried(seed) for seed in range(100)}
    assert waits == set(range(HEARTBEAT_TICKS, SOON))


def test_a_suspicion_of_another_or_one_that_was_wrong_changes_nothing() -> None:
    for seed in range(100):
        assert hurried(seed, suspected="c") >= ELECTION_TICKS
        assert hurried(seed, again=True) >= ELECTION_TICKS


def test_being_told_again_and_again_neither_puts_off_nor_hurries_an_election_at_once() -> None:
    for seed in range(100):
        raft = raft_of()
        raft._state.rng.seed(seed)
        raft.step(heartbeat())
        raft.suspect("b")
        waited = 0
        while role_of(raft) is Role.FOLLOWER:
            raft.tick()
            raft.suspect("b")
            waited += 1
        assert HEARTBEAT_TICKS <= waited < SOON


@pytest.mark.parametrize("pre_vote", [True, False])
def test_who_suspects_its_leader_refuses_no_votes(pre_vote: bool) -> None:
    raft = raft_of()
    raft.step(heartbeat())
    ask = RequestVote("c", "a", 2, last_log_index=0, last_log_term=0, pre_vote=pre_vote)
    raft.step(ask)
    refused = take(raft).messages_after[1:]  # the first is the answer to b
    assert refused == ((VoteReply("a", "c", 1, granted=False, pre_vote=True),) if pre_vote else ())
    raft.suspect("b")
    raft.step(ask)
    granted = VoteReply("a", "c", 2, granted=True, pre_vote=pre_vote)
    assert take(raft).messages_after == (granted,)


@pytest.mark.parametrize("suspected", ["c", "d"])
def test_a_suspicion_of_another_than_the_leader_frees_nobody_to_vote(suspected: str) -> None:
    raft = raft_of()
    raft.step(heartbeat())
    raft.suspect(suspected)
    take(raft)
    raft.step(RequestVote("c", "a", 2, last_log_index=0, last_log_term=0))
    assert raft.term == 1
    assert take(raft).messages_after == ()


def test_where_leases_are_on_nothing_is_hurried() -> None:
    for seed in range(100):
        assert hurried(seed, lease=LEASE) >= ELECTION_TICKS


@pytest.mark.parametrize("pre_vote", [True, False])
def test_where_leases_are_on_who_suspects_its_leader_keeps_its_promise(pre_vote: bool) -> None:
    # Section 6.4.1: a leader that seems gone may be cut off from us only, and answer reads alone.
    raft = raft_of(lease=LEASE)
    raft.step(heartbeat())
    raft.suspect("b")
    take(raft)
    for _ in range(ELECTION_TICKS - 1):
        raft.tick()
        raft.step(RequestVote("c", "a", 2, last_log_index=0, last_log_term=0, pre_vote=pre_vote))
        assert raft.term == 1
        answers = take(raft).messages_after
        assert not any(isinstance(each, VoteReply) and each.granted for each in answers)


def test_a_leader_that_suspects_itself_leads_on() -> None:
    for seed in range(100):
        raft = raft_of()
        raft._state.rng.seed(seed)
        lead(raft)
        raft.suspect("a")
        raft.tick()
        assert role_of(raft) is Role.LEADER


def test_a_suspicion_that_is_wrong_deposes_nobody_however_often_it_comes() -> None:
    # The others hear the leader, and refuse: no term changes (section 9.6).
    group = group_led_by_a("abc")
    term = group["a"].term
    for _ in range(10 * ELECTION_TICKS):
        group["b"].suspect("a")
        group.tick()
        assert {raft.term for raft in group.rafts.values()} == {term}
        assert role_of(group["a"]) is Role.LEADER
    group.tick(ELECTION_TICKS)
    assert group["b"].leader == "a"


def test_all_that_suspect_a_leader_that_is_gone_elect_one_of_them_soon() -> None:
    group = group_led_by_a("abc")
    group.cut = {"a"}
    for name in "bc":
        group[name].suspect("a")
    waited = 0
    while group.leader() not in ("b", "c"):
        group.tick()
        waited += 1
        assert waited < 2 * ELECTION_TICKS
    assert group["b"].leader == group["c"].leader


def test_a_learner_that_suspects_the_leader_stands_for_nothing() -> None:
    learner = raft_of("a", start=Snapshot(0, 0, voters("bc", "a")))
    learner.step(heartbeat())
    assert learner.leader == "b"
    take(learner)
    for _ in range(3 * ELECTION_TICKS):
        learner.suspect("b")
        learner.tick()
        assert role_of(learner) is Role.FOLLOWER
        assert learner.term == 1
        assert learner.take_effects() is None
