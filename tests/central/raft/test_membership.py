"""Changes of membership, one voter at a time: section 4.1."""

import pytest

from central.raft import (
    AppendEntries,
    ChangeRefused,
    Configuration,
    Entry,
    NotLeader,
    RequestVote,
    Role,
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
    ticks_until_it_stands,
)
from tests.central.raft.membership_parts import group_led_by_a, leader, voters

# ---- section 4.1: safety ---


def test_a_configuration_counts_from_when_it_is_in_the_log_committed_or_not() -> None:
    # "a server always uses the latest configuration in its log, regardless of whether the entry
    # is committed"
    raft = leader("ab")
    index = raft.change_configuration(voters("abc"))
    assert (raft.configuration, raft.configuration_is_committed) == (voters("abc"), False)
    effects = take(raft)
    assert effects.persist is not None
    assert effects.persist.entries == (Entry(index, 1, configuration=voters("abc")),)
    assert sent_to("b", effects.messages_now)[-1].entries == effects.persist.entries
    accept(raft, "a", index)
    assert raft.commit_index == 1  # one of three
    accept(raft, "c", index)
    assert (raft.commit_index, raft.configuration_is_committed) == (index, True)


def test_etcd_7280_a_follower_uses_a_configuration_before_it_applies_it() -> None:
    """Configurations were applied asynchronously, so that two changes could overlap, and quorums
    were counted in a configuration that the log had left behind.
    """
    raft = raft_of(voters="abc", term=1)
    change = Entry(1, 1, configuration=voters("abcde"))
    raft.step(AppendEntries("b", "a", 1, 0, 0, 0, read_round=0, entries=(change,)))
    assert raft.configuration == voters("abcde")
    ticks_until_it_stands(raft)
    asked = {m.receiver for m in take(raft).messages_after if isinstance(m, RequestVote)}
    assert asked == set("bcde")
    raft.step(VoteReply("b", "a", 2, granted=True, pre_vote=True))
    assert role_of(raft) is Role.PRE_CANDIDATE  # two of five
    raft.step(VoteReply("d", "a", 2, granted=True, pre_vote=True))
    assert role_of(raft) is Role.CANDIDATE


def test_a_configuration_that_is_taken_out_of_the_log_no_longer_counts() -> None:
    # "if a configuration entry is removed from the log, a server falls back to the previous
    # configuration in its log"
    log = [*log_of(1), Entry(2, 1, configuration=voters("abcd")), *log_of(1, 1, 1)[2:]]
    raft = raft_of(term=1, log=log)
    assert raft.configuration == voters("abcd")
    raft.step(AppendEntries("b", "a", 2, 1, 1, 0, read_round=0, entries=(Entry(2, 2),)))
    assert raft.configuration == voters("abc")
    assert raft.configuration_is_committed


def test_a_restart_uses_the_latest_configuration_on_disk() -> None:
    raft = raft_of(term=1, log=[Entry(1, 1, configuration=voters("abcd"))])
    assert raft.configuration == voters("abcd")


@pytest.mark.parametrize("wanted", ["abcde", "a", "abd", "d"])
def test_only_one_voter_is_added_or_removed_at_a_time(wanted: str) -> None:
    raft = leader()
    with pytest.raises(ValueError, match="only one voter may be added or removed at a time"):
        raft.change_configuration(voters(wanted))
    assert raft.take_effects() is None


def test_a_configuration_that_makes_no_sense_is_refused() -> None:
    raft = leader()
    with pytest.raises(ValueError, match="c: a member is a voter or a learner, not both"):
        raft.change_configuration(voters("abc", "c"))
    for voter in "ac":  # learners are newcomers: it would become a voter again at once
        with pytest.raises(
            ValueError, match=f"{voter}: a voter can be removed, not made a learner"
        ):
            raft.change_configuration(Configuration(frozenset("abc") - {voter}, frozenset(voter)))
    with pytest.raises(ValueError, match="at least one voter"):
        leader("a").change_configuration(voters("", "a"))
    assert raft.take_effects() is None


def test_only_a_leader_changes_the_configuration() -> None:
    raft = raft_of()
    raft.step(AppendEntries("b", "a", 1, 0, 0, commit_index=0, read_round=0))
    with pytest.raises(NotLeader, match="the leader is b"):
        raft.change_configuration(voters("ab"))


def test_a_second_change_waits_until_the_first_is_committed() -> None:
    raft = leader()
    index = raft.change_configuration(voters("abcd"))
    with pytest.raises(ChangeRefused, match="an earlier change is not committed yet: try later"):
        raft.change_configuration(voters("abcde"))
    for holder in "abc":
        accept(raft, holder, index)
    raft.change_configuration(voters("abcde"))


def test_ongaro_2015_a_new_leader_commits_an_entry_of_its_own_term_before_any_change() -> None:
    """ "Bug in single-server membership changes", raft-dev, 2015. S1-S4; S1 adds S5 in term 1,
    which only S1 and S5 get. S2 leads term 2 by S2, S3, S4, and removes S1: S2 and S3 commit
    that. S1 leads term 3 by S1, S4, S5 and commits over it: two majorities that do not overlap.
    """
    group = Group(*(raft_of(name, "abcd", term=0) for name in "abcd"), raft_of("e", ""))
    group.elect("a")
    group.tick(2)
    group.cut = {"b", "c", "d"}
    group["a"].change_configuration(voters("abcde"))
    group.tick(2)
    assert group["e"].configuration == voters("abcde")
    group.cut = {"a", "e"}
    group.elect("b")
    assert group.leader() == "b"
    raft = raft_of("b", "abcd", term=1, log=log_of(1))
    lead(raft)
    with pytest.raises(ChangeRefused, match="nothing is committed in this term yet"):
        raft.change_configuration(voters("bcd"))
    # The entry of term 2 is on a majority of the old configuration first, so that a is behind.
    group["b"].change_configuration(voters("bcd"))
    group.deliver()
    group.cut = set("bc")
    group.elect("a")
    assert role_of(group["a"]) is not Role.LEADER


def test_no_change_during_a_transfer() -> None:
    raft = leader()
    raft.transfer_leadership("b")
    with pytest.raises(ChangeRefused, match="leadership is being handed over"):
        raft.change_configuration(voters("ab"))


def test_the_context_of_a_configuration_travels_with_it() -> None:
    group = group_led_by_a()
    changed = Configuration(frozenset("abc"), context=b"addresses")
    group["a"].change_configuration(changed)
    group.tick(2)
    assert group["c"].configuration == changed


# ---- section 4.1: who counts after a change ---


def test_a_member_that_comes_is_sent_the_log_and_one_that_goes_is_sent_nothing_more() -> None:
    raft = leader()
    raft.change_configuration(voters("abcd"))
    for _ in range(2):
        raft.tick()
    assert sent_to("d", take(raft).messages_now) != []
    assert set(raft.match_indexes()) == set("bcd")
    for holder in "abc":
        accept(raft, holder, 2)
    raft.change_configuration(voters("abd"))
    for _ in range(4):
        raft.tick()
    assert sent_to("c", take(raft).messages_now) == []
    accept(raft, "c", 3)  # late
    assert raft.commit_index == 2
    assert set(raft.match_indexes()) == set("bd")


def test_what_is_known_of_the_others_outlives_a_change() -> None:
    raft = leader()
    raft.change_configuration(voters("abcd"))
    assert raft.match_indexes() == {"b": 1, "c": 1, "d": 0}


def test_a_member_that_was_removed_and_added_again_is_known_nothing_of() -> None:
    raft = leader()
    for wanted in ("ab", "abc"):
        index = raft.change_configuration(voters(wanted))
        take(raft)
        for holder in "ab":
            accept(raft, holder, index)
    assert raft.match_indexes() == {"b": 3, "c": 0}


def test_a_removed_voters_answers_keep_no_leader_in_office() -> None:
    raft = leader("abcd")
    index = raft.change_configuration(voters("abc"))
    for holder in "abc":
        accept(raft, holder, index)
    for _ in range(2 * ELECTION_TICKS):
        raft.tick()
        accept(raft, "d", 1)
    assert role_of(raft) is Role.FOLLOWER
