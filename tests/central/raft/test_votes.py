"""Votes and pre-votes as the dissertation has them: sections 3.4, 3.6.1 and 9.6."""

import pytest

from central.raft import (
    AppendEntries,
    HardState,
    RequestVote,
    Role,
    VoteReply,
)
from tests.central.raft.group import (
    ELECTION_TICKS,
    Group,
    log_of,
    raft_of,
    take,
    ticks_until_it_stands,
)


def heartbeat(term: int, sender: str = "b", receiver: str = "a") -> AppendEntries:
    return AppendEntries(sender, receiver, term, 0, 0, commit_index=0, read_round=0)


# ---- sections 3.4 and 3.6.1: votes ---


@pytest.mark.parametrize(
    ("vote", "asker", "granted"),
    [(None, "b", True), (None, "c", True), ("b", "b", True), ("c", "b", False), ("a", "b", False)],
)
def test_a_replica_votes_for_at_most_one_candidate_in_a_term_also_after_a_restart(
    vote: str | None, asker: str, granted: bool
) -> None:
    raft = raft_of(term=4, vote=vote)
    raft.step(RequestVote(asker, "a", 4, last_log_index=0, last_log_term=0))
    effects = take(raft)
    assert effects.messages_after == (VoteReply("a", asker, 4, granted=granted),)
    assert effects.messages_now == ()
    newly = granted and vote is None
    assert (effects.persist is not None) == newly  # nothing to write for what is on disk
    if newly:
        assert effects.persist is not None
        assert effects.persist.hard_state == HardState(4, asker)


def test_a_replica_may_vote_again_in_a_later_term() -> None:
    raft = raft_of(term=4, vote="c")
    raft.step(RequestVote("b", "a", 5, last_log_index=0, last_log_term=0))
    assert take(raft).messages_after == (VoteReply("a", "b", 5, granted=True),)


@pytest.mark.parametrize("pre_vote", [False, True], ids=["vote", "pre-vote"])
@pytest.mark.parametrize(
    ("mine", "last_index", "last_term", "granted"),
    [
        ((1,), 1, 1, True),
        ((1, 1), 1, 1, False),
        ((1,), 2, 1, True),
        ((1, 1), 1, 2, True),  # a later term beats length
        ((2,), 9, 1, False),
        ((1, 2), 2, 2, True),
        ((), 0, 0, True),
    ],
)
def test_a_vote_goes_only_to_a_log_at_least_as_up_to_date(
    mine: tuple[int, ...], last_index: int, last_term: int, granted: bool, pre_vote: bool
) -> None:
    raft = raft_of(term=2, log=log_of(*mine))
    raft.step(RequestVote("b", "a", 3, last_index, last_term, pre_vote=pre_vote))
    (reply,) = take(raft).messages_after
    assert isinstance(reply, VoteReply)
    assert reply.granted is granted


def test_granting_a_vote_gives_the_candidate_time() -> None:
    raft = raft_of()
    for _ in range(ELECTION_TICKS - 1):
        raft.tick()
    raft.step(RequestVote("b", "a", 1, last_log_index=0, last_log_term=0))
    assert ticks_until_it_stands(raft) >= ELECTION_TICKS


# ---- section 9.6: pre-vote ---


def test_a_time_out_asks_for_pre_votes_and_changes_no_term() -> None:
    raft = raft_of(term=3, vote="c", log=log_of(1, 3))
    ticks_until_it_stands(raft)
    effects = take(raft)
    assert (raft.role, raft.term) == (Role.PRE_CANDIDATE, 3)
    assert effects.persist is None
    assert set(effects.messages_after) == {
        RequestVote("a", peer, 4, last_log_index=2, last_log_term=3, pre_vote=True) for peer in "bc"
    }


def test_granting_a_pre_vote_changes_nothing_and_can_be_done_for_many() -> None:
    raft = raft_of(term=3, vote="a")
    for peer in "bc":
        raft.step(RequestVote(peer, "a", 4, last_log_index=0, last_log_term=0, pre_vote=True))
    effects = take(raft)
    assert effects.persist is None
    assert raft.term == 3
    assert effects.messages_after == tuple(
        VoteReply("a", peer, 4, granted=True, pre_vote=True) for peer in "bc"
    )


def test_a_replica_that_hears_its_leader_grants_no_pre_vote() -> None:
    raft = raft_of()
    raft.step(heartbeat(term=1))
    take(raft)
    ask = RequestVote("c", "a", 9, last_log_index=9, last_log_term=9, pre_vote=True)
    raft.step(ask)
    assert take(raft).messages_after == (VoteReply("a", "c", 1, granted=False, pre_vote=True),)
    for _ in range(ELECTION_TICKS):
        raft.tick()
    take(raft)
    raft.step(ask)
    assert VoteReply("a", "c", 9, granted=True, pre_vote=True) in take(raft).messages_after


def test_a_replica_that_was_cut_off_comes_back_without_deposing_the_leader() -> None:
    group = Group(*(raft_of(name) for name in "abc"))
    group.elect("a")
    group.cut = {"c"}
    group.tick(10 * ELECTION_TICKS)
    assert group["c"].term == 1
    group.cut = set()
    group.tick(3 * ELECTION_TICKS)
    assert (group.leader(), group["a"].term, group["c"].leader) == ("a", 1, "a")
