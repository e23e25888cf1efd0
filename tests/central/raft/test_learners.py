"""Learners, and how they become voters: section 4.2.1."""

import pytest

from central.raft import (
    AppendReply,
    Configuration,
    Entry,
    Raft,
    RequestVote,
    Role,
    TimeoutNow,
    VoteReply,
)
from tests.central.raft.group import (
    ELECTION_TICKS,
    Group,
    accept,
    lead,
    log_of,
    raft_of,
    role_of,
    sent_to,
    take,
)


def of(voters: str, learners: str = "") -> Configuration:
    return Configuration(frozenset(voters), frozenset(learners))


def leader_with_learner(voters: str = "ab") -> Raft:
    """Return a leader whose learner x has been added and has answered nothing yet."""
    raft = raft_of(voters=voters)
    lead(raft)
    for holder in voters:
        accept(raft, holder, 1)
    index = raft.change_configuration(of(voters, "x"))
    take(raft)
    for holder in voters:
        accept(raft, holder, index)
    assert raft.configuration_is_committed
    take(raft)
    return raft


def let_time_pass(raft: Raft, ticks: int) -> None:
    """Let time pass at a leader whose voters answer."""
    for _ in range(ticks):
        raft.tick()
        accept(raft, "b", raft.last_index)
        accept(raft, "a", raft.last_index)
        take(raft)


def test_a_learner_gets_the_log_and_becomes_a_voter_by_itself() -> None:
    group = Group(raft_of("a", "ab"), raft_of("b", "ab"), raft_of("x", ""))
    group.elect("a")
    group["a"].propose([b"%d" % i for i in range(20)])
    group.tick(2)
    group["a"].change_configuration(of("ab", "x"))
    group.tick(6)
    assert group["a"].configuration == of("abx")
    assert group["a"].configuration_is_committed
    assert group["x"].configuration == of("abx")
    assert group.applied["x"] == group.applied["a"]


def test_a_learner_that_needs_a_snapshot_becomes_a_voter_after_it() -> None:
    group = Group(raft_of("a", "ab"), raft_of("b", "ab"), raft_of("x", ""))
    group.elect("a")
    group["a"].propose([b"%d" % i for i in range(6)])
    group.tick(2)
    group.compact("a")
    group["a"].change_configuration(of("ab", "x"))
    group.tick(2)
    group.tick(ELECTION_TICKS)
    assert [name for name, _ in group.restored] == ["x"]
    assert group["x"].configuration == of("abx")


def test_a_learner_is_neither_counted_for_commitment_nor_for_reads_nor_for_the_quorum() -> None:
    # "the new server joins the cluster as a non-voting member [...] not yet counted towards
    # majorities for voting or commitment purposes"
    raft = leader_with_learner("ab")  # with x there would be a majority without b
    committed = raft.commit_index
    raft.propose([b"y"])
    raft.read(7)
    asked = sent_to("b", take(raft).messages_now)[-1].read_round
    raft.step(AppendReply("x", "a", 1, accepted=True, match_index=1, read_round=asked))
    accept(raft, "a", 3)
    assert raft.commit_index == committed
    assert take(raft).reads == ()
    for _ in range(2 * ELECTION_TICKS):
        raft.tick()
        accept(raft, "x", 1)
    assert role_of(raft) is Role.FOLLOWER


def test_a_learner_stands_for_no_election_also_when_asked() -> None:
    log = [Entry(1, 1, configuration=of("ab", "x"))]
    raft = raft_of("x", "", term=1, log=log, applied=1)
    for _ in range(5 * ELECTION_TICKS):
        raft.tick()
    assert raft.take_effects() is None
    raft._state.leader = "a"
    raft.step(TimeoutNow("a", "x", 1))
    assert (raft.role, raft.take_effects()) == (Role.FOLLOWER, None)


def test_a_newcomer_that_knows_nothing_stands_for_no_election() -> None:
    raft = raft_of("x", "")
    for _ in range(5 * ELECTION_TICKS):
        raft.tick()
    assert (raft.role, raft.take_effects()) == (Role.FOLLOWER, None)


def test_a_learners_vote_does_not_count_but_it_is_given_to_those_who_know_better() -> None:
    log = [Entry(1, 1, configuration=of("abc", "x"))]
    raft = raft_of("a", "abc", term=1, log=log)
    for _ in range(2 * ELECTION_TICKS):
        raft.tick()
    asked = {m.receiver for m in take(raft).messages_after if isinstance(m, RequestVote)}
    assert asked == set("bc")
    raft.step(VoteReply("x", "a", 2, granted=True, pre_vote=True))
    assert raft.role is Role.PRE_CANDIDATE
    # The candidate may hold the entry that makes x a voter, while x itself does not yet.
    learner = raft_of("x", "", term=1, log=log)
    learner.step(RequestVote("b", "x", 2, last_log_index=2, last_log_term=1))
    assert take(learner).messages_after == (VoteReply("x", "b", 2, granted=True),)


def test_leadership_is_not_handed_to_a_learner() -> None:
    raft = leader_with_learner()
    with pytest.raises(ValueError, match=r"'x' is no other voter: choose one of \['b'\]"):
        raft.transfer_leadership("x")


# ---- rounds ---


def test_a_learner_that_reaches_the_rounds_end_within_a_time_out_becomes_a_voter() -> None:
    raft = leader_with_learner()
    let_time_pass(raft, ELECTION_TICKS - 1)
    accept(raft, "x", 1)
    assert raft.configuration == of("ab", "x")  # it lacks entry 2, where the round ends
    accept(raft, "x", 2)
    assert raft.configuration == of("abx")
    assert not raft.configuration_is_committed


def test_a_round_that_took_too_long_is_followed_by_another_to_the_logs_end_of_then() -> None:
    # "the algorithm waits a fixed number of rounds [...] if the last round lasts less than an
    # election timeout, then the leader adds the new server to the cluster"
    raft = leader_with_learner()
    let_time_pass(raft, ELECTION_TICKS)
    raft.propose([b"y", b"z"])
    let_time_pass(raft, 1)
    accept(raft, "x", 2)
    assert raft.configuration == of("ab", "x")
    accept(raft, "x", 3)
    assert raft.configuration == of("ab", "x")  # the round goes to 4
    raft.propose([b"later"])
    let_time_pass(raft, ELECTION_TICKS - 1)
    accept(raft, "x", 4)
    assert raft.configuration == of("abx")


def test_a_learner_that_is_slow_all_the_time_stays_one() -> None:
    raft = leader_with_learner()
    for _ in range(5):
        last = raft.last_index
        raft.propose([b"y"])
        let_time_pass(raft, ELECTION_TICKS)
        accept(raft, "x", last)
        assert raft.configuration == of("ab", "x")


def test_learners_are_promoted_one_after_the_other() -> None:
    raft = raft_of(voters="ab")
    lead(raft)
    for holder in "ab":
        accept(raft, holder, 1)
    raft.change_configuration(of("ab", "xy"))
    take(raft)
    accept(raft, "x", 2)
    assert raft.configuration == of("ab", "xy")  # its own coming is not committed yet
    for holder in "ab":
        accept(raft, holder, 2)
    accept(raft, "x", 2)
    accept(raft, "y", 2)
    assert raft.configuration == of("abx", "y")
    for holder in "abx":
        accept(raft, holder, 3)
    accept(raft, "y", 2)
    assert raft.configuration == of("abxy")


def test_a_learner_is_not_promoted_during_a_transfer_or_before_the_terms_first_commit() -> None:
    raft = leader_with_learner()
    raft.transfer_leadership("b")
    accept(raft, "x", 2)
    assert raft.configuration == of("ab", "x")
    fresh = raft_of("a", "ab", term=1, log=[Entry(1, 1, configuration=of("ab", "x"))])
    lead(fresh)
    accept(fresh, "x", fresh.last_index)
    assert fresh.configuration == of("ab", "x")
    for holder in "ab":
        accept(fresh, holder, fresh.last_index)
    accept(fresh, "x", fresh.last_index)
    assert fresh.configuration == of("abx")


def test_a_learner_whose_log_is_not_known_to_agree_is_not_promoted() -> None:
    raft = leader_with_learner()
    raft.step(AppendReply("x", "a", 1, accepted=False, refused_index=2, hint_index=0, hint_term=0))
    assert raft.configuration == of("ab", "x")


def test_promotion_keeps_the_context() -> None:
    raft = leader_with_learner()
    changed = Configuration(frozenset("ab"), frozenset("x"), b"addresses")
    index = raft.change_configuration(changed)
    for holder in "ab":
        accept(raft, holder, index)
    accept(raft, "x", index)
    assert raft.configuration == Configuration(frozenset("abx"), context=b"addresses")


def test_a_voter_that_answers_is_not_taken_for_a_learner() -> None:
    raft = leader_with_learner()
    accept(raft, "b", raft.last_index)
    accept(raft, "z", raft.last_index)
    assert raft.configuration == of("ab", "x")


def test_etcd_20269_a_wiped_member_comes_back_under_a_new_name() -> None:
    """A member that lost its disk came back as if it had never voted nor held anything, so that a
    quorum that counted it was none. Nothing in the protocol can tell (section 3.8 assumes that
    the disk stays): the assumption here is that whoever lost its disk takes a new name. It
    begins as a learner, and takes the old one's place only when it holds the log.
    """
    group = Group(*(raft_of(name) for name in "abc"), raft_of("d", ""))
    group.elect("a")
    group["a"].propose([b"x"])
    group.tick(2)
    group.cut = {"c"}  # its disk is gone
    group["a"].change_configuration(of("ab"))
    group.tick(2)
    group["a"].change_configuration(of("ab", "d"))
    group.tick(6)
    assert group["d"].configuration == of("abd")
    assert group.applied["d"] == group.applied["a"]
    group.cut = {"c", "a"}
    group.elect("b")
    assert group.leader() == "b"
    assert group["b"]._state.granted <= set("bd")


def test_an_empty_newcomer_votes_for_nobody_that_lacks_what_it_never_had() -> None:
    """The other side of it: an empty replica grants any log its vote, which is why it must not
    have the name of one that counts.
    """
    wiped = raft_of("x", "")
    wiped.step(RequestVote("b", "x", 9, last_log_index=0, last_log_term=0))
    assert take(wiped).messages_after == (VoteReply("x", "b", 9, granted=True),)
    honest = raft_of("x", "", term=1, log=log_of(1))
    honest.step(RequestVote("b", "x", 9, last_log_index=0, last_log_term=0))
    assert take(honest).messages_after == (VoteReply("x", "b", 9, granted=False),)


def test_a_leader_that_is_a_learner_by_its_own_log_does_not_promote_itself() -> None:
    """It was removed and added anew by another leader; neither is committed as far as it knows,
    so it may stand (4.2.2), and wins. Once its log is committed it steps down.
    """
    log = [
        Entry(1, 1, configuration=Configuration(frozenset("abc"))),
        Entry(2, 1, configuration=Configuration(frozenset("bc"))),
        Entry(3, 1, configuration=Configuration(frozenset("bc"), frozenset("a"))),
    ]
    raft = raft_of("a", term=1, log=log)
    lead(raft)
    accept(raft, "a", raft.last_index)
    assert raft.configuration == Configuration(frozenset("bc"), frozenset("a"))
    for holder in "bc":
        accept(raft, holder, raft.last_index)
    assert raft.role is Role.FOLLOWER


# ---- learners that stay ------------------------------------------------------------------------


def with_staying(voters: str, learners: str, staying: str) -> Configuration:
    return Configuration(frozenset(voters), frozenset(learners), b"", frozenset(staying))


def test_a_learner_that_is_to_stay_one_does_until_it_is_promoted() -> None:
    group = Group(raft_of("a", "ab"), raft_of("b", "ab"), raft_of("x", ""))
    group.elect("a")
    group["a"].change_configuration(with_staying("ab", "x", "x"))
    group.tick(4 * ELECTION_TICKS)
    assert group["x"].configuration == with_staying("ab", "x", "x")
    group["a"].propose([b"y"])
    group.tick(2)
    assert group.applied["x"] == group.applied["a"]
    # It need not stay any more: the rule of section 4.2.1 holds again.
    group["a"].change_configuration(of("ab", "x"))
    group.tick(ELECTION_TICKS)
    assert group["x"].configuration == of("abx")


def test_a_promotion_leaves_the_others_that_stay_as_they_are() -> None:
    group = Group(raft_of("a", "ab"), raft_of("b", "ab"), raft_of("x", ""), raft_of("y", ""))
    group.elect("a")
    group["a"].change_configuration(with_staying("ab", "y", "y"))
    group.tick(ELECTION_TICKS)
    group["a"].change_configuration(with_staying("ab", "xy", "y"))
    group.tick(2 * ELECTION_TICKS)
    assert group["a"].configuration == with_staying("abx", "y", "y")


def test_only_a_learner_can_stay_one() -> None:
    raft = raft_of(voters="ab")
    lead(raft)
    for holder in "ab":
        accept(raft, holder, 1)
    for staying in ("b", "z"):
        with pytest.raises(ValueError, match=f"{staying}: only a learner can stay one"):
            raft.change_configuration(with_staying("ab", "x", f"x{staying}"))
    assert raft.change_configuration(with_staying("ab", "x", "x")) == 2
