"""Elections as the dissertation has them: sections 3.3, 3.4, 4.2.3 and 6.2."""

import random

import pytest

from central.raft import (
    AppendEntries,
    AppendReply,
    Configuration,
    HardState,
    Message,
    Raft,
    RequestVote,
    Role,
    Snapshot,
    VoteReply,
)
from tests.central.raft.group import (
    ELECTION_TICKS,
    config_of,
    lead,
    log_of,
    raft_of,
    role_of,
    take,
    ticks_until_it_stands,
)


def heartbeat(term: int, sender: str = "b", receiver: str = "a") -> AppendEntries:
    return AppendEntries(sender, receiver, term, 0, 0, commit_index=0, read_round=0)


def candidate(raft: Raft) -> Raft:
    """Make a replica a candidate by a won pre-vote."""
    ticks_until_it_stands(raft)
    take(raft)
    raft.step(VoteReply("b", "a", raft.term + 1, granted=True, pre_vote=True))
    assert role_of(raft) is Role.CANDIDATE
    return raft


# ---- section 3.4: time-outs and campaigns ---


def test_a_replica_begins_as_follower_and_remains_one_while_it_hears_a_leader() -> None:
    raft = raft_of()
    assert (raft.role, raft.term, raft.leader) == (Role.FOLLOWER, 0, None)
    for _ in range(5 * ELECTION_TICKS):
        raft.tick()
        raft.step(heartbeat(term=1))
    assert (raft.role, raft.term, raft.leader) == (Role.FOLLOWER, 1, "b")


def test_time_outs_are_random_from_the_least_time_to_twice_as_long() -> None:
    # "Raft uses randomized election timeouts to ensure that split votes are rare"
    waits = {
        ticks_until_it_stands(
            Raft(
                config_of(),
                start=Snapshot(0, 0, Configuration(frozenset("abc"))),
                hard_state=HardState(),
                entries=(),
                applied=0,
                rng=random.Random(seed),
            )
        )
        for seed in range(200)
    }
    assert waits == set(range(ELECTION_TICKS, 2 * ELECTION_TICKS))


def test_a_candidate_increments_its_term_votes_for_itself_and_asks_everyone_else() -> None:
    raft = candidate(raft_of(term=2, log=log_of(1, 2)))
    effects = take(raft)
    assert raft.term == 3
    assert effects.messages_now == ()  # its vote must be on disk first
    assert effects.persist is not None
    assert effects.persist.hard_state == HardState(3, "a")
    assert set(effects.messages_after) == {
        VoteReply("a", "a", 3, granted=True),
        RequestVote("a", "b", 3, last_log_index=2, last_log_term=2),
        RequestVote("a", "c", 3, last_log_index=2, last_log_term=2),
    }


def test_a_candidates_own_vote_does_not_count_before_it_is_on_disk() -> None:
    raft = raft_of(voters="a")
    ticks_until_it_stands(raft)
    (own_vote,) = take(raft).messages_after
    assert role_of(raft) is Role.CANDIDATE
    raft.step(own_vote)
    assert role_of(raft) is Role.LEADER


@pytest.mark.parametrize(
    ("voters", "granted", "refused", "role"),
    [
        ("abc", "a", "", Role.CANDIDATE),
        ("abc", "ab", "", Role.LEADER),
        ("abc", "bc", "", Role.LEADER),
        ("abc", "a", "b", Role.CANDIDATE),
        ("abc", "a", "bc", Role.FOLLOWER),
        ("abcde", "ab", "cd", Role.CANDIDATE),
        ("abcde", "ab", "cde", Role.FOLLOWER),
        ("abcde", "abc", "", Role.LEADER),
        ("abcde", "abbb", "", Role.CANDIDATE),  # one vote that comes three times is one vote
    ],
)
def test_a_candidate_wins_with_a_majority_and_gives_up_when_none_is_left(
    voters: str, granted: str, refused: str, role: Role
) -> None:
    raft = raft_of(voters=voters)
    ticks_until_it_stands(raft)
    for voter in voters[1 : len(voters) // 2 + 1]:
        raft.step(VoteReply(voter, "a", 1, granted=True, pre_vote=True))
    assert raft.role is Role.CANDIDATE
    for voter in granted:
        raft.step(VoteReply(voter, "a", 1, granted=True))
    for voter in refused:
        raft.step(VoteReply(voter, "a", 1, granted=False))
    assert raft.role is role


def test_a_split_vote_is_followed_by_another_election() -> None:
    raft = candidate(raft_of(term=1))
    raft.step(VoteReply("b", "a", 2, granted=False))
    for _ in range(2 * ELECTION_TICKS):
        raft.tick()
    assert role_of(raft) is Role.PRE_CANDIDATE
    raft.step(VoteReply("c", "a", 3, granted=True, pre_vote=True))
    assert (raft.role, raft.term) == (Role.CANDIDATE, 3)


def test_a_new_leader_says_so_at_once_and_then_at_every_heartbeat() -> None:
    raft = raft_of()
    at_once = lead(raft)
    assert {m.receiver for m in at_once.messages_now} == {"b", "c"}
    raft.tick()
    assert take(raft).messages_now == ()
    raft.tick()
    assert {m.receiver for m in take(raft).messages_now} == {"b", "c"}


@pytest.mark.parametrize(
    ("term", "role"), [(1, Role.CANDIDATE), (2, Role.FOLLOWER), (3, Role.FOLLOWER)]
)
def test_a_candidate_yields_to_a_leader_whose_term_is_at_least_its_own(
    term: int, role: Role
) -> None:
    # "If the leader's term is at least as large as the candidate's current term, then the
    # candidate recognizes the leader as legitimate and returns to follower state."
    raft = candidate(raft_of(term=1))
    raft.step(heartbeat(term))
    assert raft.role is role
    assert raft.term == max(2, term)


# ---- section 3.3: terms ---

LATER: list[Message] = [
    heartbeat(term=9),
    AppendReply("b", "a", 9, accepted=False),
    RequestVote("b", "a", 9, last_log_index=9, last_log_term=9),
    VoteReply("b", "a", 9, granted=False),
    VoteReply("b", "a", 9, granted=False, pre_vote=True),
]


@pytest.mark.parametrize("message", LATER, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("role", [Role.FOLLOWER, Role.PRE_CANDIDATE, Role.CANDIDATE, Role.LEADER])
def test_whoever_hears_of_a_later_term_follows_in_it(message: Message, role: Role) -> None:
    raft = raft_of(term=1)
    if role is Role.LEADER:
        lead(raft)
    elif role is Role.CANDIDATE:
        candidate(raft)
    elif role is Role.PRE_CANDIDATE:
        ticks_until_it_stands(raft)
    term = raft.term
    raft.step(message)
    if role is Role.LEADER and isinstance(message, RequestVote):
        assert (raft.role, raft.term) == (Role.LEADER, term)  # section 4.2.3, below
    else:
        assert (raft.role, raft.term) == (Role.FOLLOWER, 9)


@pytest.mark.parametrize(
    "message",
    [heartbeat(term=2), RequestVote("b", "a", 2, last_log_index=9, last_log_term=9)],
    ids=lambda m: type(m).__name__,
)
def test_a_request_of_an_earlier_term_is_refused_and_told_the_term(message: Message) -> None:
    raft = raft_of(term=3)
    raft.step(message)
    (reply,) = take(raft).messages_after
    assert isinstance(reply, AppendReply | VoteReply)
    assert reply.term == 3
    assert reply == AppendReply("a", "b", 3, accepted=False) or reply == VoteReply(
        "a", "b", 3, granted=False
    )


# ---- section 6.2: check-quorum; section 4.2.3: stickiness ---


def test_a_leader_that_no_quorum_answers_steps_down() -> None:
    raft = raft_of(voters="abcde")
    lead(raft)
    for _ in range(2 * ELECTION_TICKS):
        raft.step(AppendReply("b", "a", raft.term, accepted=True))  # one of five, and itself
        raft.tick()
        if role_of(raft) is not Role.LEADER:
            break
    assert (raft.role, raft.term, raft.leader) == (Role.FOLLOWER, 1, None)


def test_a_leader_that_a_quorum_answers_stays() -> None:
    raft = raft_of(voters="abcde")
    lead(raft)
    for _ in range(20 * ELECTION_TICKS):
        raft.tick()
        for peer in "bc":
            raft.step(AppendReply(peer, "a", 1, accepted=False))  # a refusal is an answer too
    assert raft.role is Role.LEADER


def test_a_leader_of_one_needs_no_answer() -> None:
    raft = raft_of(voters="a")
    lead(raft)
    for _ in range(5 * ELECTION_TICKS):
        raft.tick()
    assert raft.role is Role.LEADER


def test_a_vote_request_is_not_heard_while_there_is_a_leader() -> None:
    # "if a server receives a RequestVote request within the minimum election timeout of hearing
    # from a current leader, it does not update its term or grant its vote"
    ask = RequestVote("c", "a", 9, last_log_index=9, last_log_term=9)
    follower = raft_of()
    follower.step(heartbeat(term=1))
    take(follower)
    leader = raft_of()
    lead(leader)
    for raft in (follower, leader):
        raft.step(ask)
        assert raft.term == 1
        assert raft.take_effects() is None
    for _ in range(ELECTION_TICKS):
        follower.tick()
    take(follower)
    follower.step(ask)
    assert (follower.term, follower.role) == (9, Role.FOLLOWER)
    assert take(follower).messages_after == (VoteReply("a", "c", 9, granted=True),)


def test_misdirected_messages_are_not_heard() -> None:
    raft = raft_of()
    raft.step(RequestVote("b", "c", 9, last_log_index=9, last_log_term=9))
    assert raft.term == 0
    assert raft.take_effects() is None
