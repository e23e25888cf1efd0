"""Replication as the dissertation has it: sections 3.5, 3.6.2 and 10.2.1."""

import pytest

from central.raft import AppendEntries, AppendReply, Entry, NotLeader
from tests.central.raft.group import (
    Group,
    accept,
    lead,
    log_of,
    raft_of,
    sent_to,
    take,
)

FIGURE_3_6_LEADER = (1, 1, 1, 4, 4, 5, 5, 6, 6, 6)
FIGURE_3_6_FOLLOWERS = {
    "a, lacks the last entry": (1, 1, 1, 4, 4, 5, 5, 6, 6),
    "b, lacks most": (1, 1, 1, 4),
    "c, has one uncommitted entry more": (1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6),
    "d, has a later term's entries": (1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7),
    "e, lacks some and has others": (1, 1, 1, 4, 4, 4, 4),
    "f, has two other terms": (1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3),
}


def append(
    previous: tuple[int, int], *entries: Entry, term: int = 2, commit: int = 0
) -> AppendEntries:
    """Return what leader b sends to a; `previous` is (index, term)."""
    return AppendEntries("b", "a", term, *previous, commit, read_round=0, entries=entries)


# ---- section 10.2.1: writing in parallel with sending; persistence ---


def test_a_leader_sends_entries_while_it_writes_them_and_counts_itself_afterwards() -> None:
    raft = raft_of()
    lead(raft)
    accept(raft, "b", 1)
    take(raft)
    assert raft.propose([b"x", b"y"]) == 2
    effects = take(raft)
    entries = (Entry(2, 1, b"x"), Entry(3, 1, b"y"))
    assert [m.entries for m in sent_to("b", effects.messages_now)] == [entries]
    assert effects.persist is not None
    assert effects.persist.entries == entries
    assert effects.messages_after == (AppendReply("a", "a", 1, accepted=True, match_index=3),)


def test_a_follower_acknowledges_only_after_its_write() -> None:
    raft = raft_of()
    raft.step(append((0, 0), *log_of(2)))
    effects = take(raft)
    assert effects.messages_now == ()
    assert effects.persist is not None
    assert effects.persist.entries == tuple(log_of(2))
    assert effects.messages_after == (AppendReply("a", "b", 2, accepted=True, match_index=1),)


def test_a_repeated_message_is_acknowledged_and_not_written_again() -> None:
    raft = raft_of()
    for _ in range(2):
        raft.step(append((0, 0), *log_of(2)))
        effects = take(raft)
    assert effects.persist is None
    assert effects.messages_after == (AppendReply("a", "b", 2, accepted=True, match_index=1),)


def test_an_old_message_does_not_cut_off_what_came_after_it() -> None:
    # Figure 3.1, rule 3: delete only what conflicts.
    raft = raft_of()
    one, two, three = log_of(2, 2, 2)
    raft.step(append((0, 0), one, two, three))
    take(raft)
    raft.step(append((0, 0), one))
    effects = take(raft)
    assert raft.last_index == 3
    (reply,) = effects.messages_after
    assert isinstance(reply, AppendReply)
    assert reply.match_index == 1  # what this message is known to agree about, not more


def test_a_message_from_before_the_commit_index_vouches_for_what_is_committed_only() -> None:
    raft = raft_of(term=2, log=log_of(1, 1, 1), applied=2)  # entry 3 may conflict
    raft.step(append((0, 0), *log_of(1)))
    (reply,) = take(raft).messages_after
    assert reply == AppendReply("a", "b", 2, accepted=True, match_index=2)


# ---- section 3.5: consistency check and bringing logs into line ---


@pytest.mark.parametrize(
    ("previous", "accepted"),
    [((0, 0), True), ((1, 1), True), ((2, 2), True), ((2, 1), False), ((3, 2), False)],
)
def test_a_follower_takes_entries_only_after_one_that_agrees(
    previous: tuple[int, int], accepted: bool
) -> None:
    raft = raft_of(term=3, log=log_of(1, 2))
    raft.step(append(previous, term=3))
    (reply,) = take(raft).messages_after
    assert isinstance(reply, AppendReply)
    assert reply.accepted is accepted
    assert (reply.match_index if accepted else reply.refused_index) == previous[0]


@pytest.mark.parametrize("terms", FIGURE_3_6_FOLLOWERS.values(), ids=FIGURE_3_6_FOLLOWERS)
def test_a_leader_brings_the_followers_of_figure_3_6_into_line(terms: tuple[int, ...]) -> None:
    leader = raft_of("a", term=7, log=log_of(*FIGURE_3_6_LEADER))
    follower = raft_of("b", term=7, log=log_of(*terms))
    group = Group(leader, follower)  # the third has voted for the leader, and then died
    lead(leader)
    accept(leader, "a", 11)
    group.tick(4)
    expected = [*log_of(*FIGURE_3_6_LEADER), Entry(11, 8, configuration=leader.configuration)]
    assert list(follower._state.log.between(1, follower.last_index)) == expected
    assert leader.match_indexes() == {"b": 11, "c": 0}
    assert leader.commit_index == 11


def test_a_new_entry_replaces_a_conflicting_one_and_all_that_follow_it() -> None:
    raft = raft_of(term=1, log=log_of(1, 1, 1))
    raft.step(append((1, 1), Entry(2, 2, b"new")))
    effects = take(raft)
    assert raft.last_index == 2
    assert effects.persist is not None
    assert effects.persist.entries == (Entry(2, 2, b"new"),)


def test_a_refusal_goes_back_a_term_in_one_round_trip() -> None:
    raft = raft_of("a", term=3, log=log_of(*[1] * 50, *[3] * 50))
    lead(raft)
    # The follower has 50 entries of term 2 where the leader has those of term 3.
    raft.step(
        AppendReply("b", "a", 4, accepted=False, refused_index=100, hint_index=100, hint_term=2)
    )
    assert sent_to("b", take(raft).messages_now)[-1].previous_index == 50


# ---- sections 3.5 and 3.6.2: commitment ---


@pytest.mark.parametrize(
    ("voters", "held_by", "committed"),
    [
        ("a", "a", True),
        ("abc", "a", False),
        ("abc", "ab", True),
        ("abc", "bc", True),  # the leader's own disk may be the slow one
        ("abc", "b", False),
        ("abcde", "ab", False),
        ("abcde", "abe", True),
        ("abcde", "bcd", True),
    ],
)
def test_an_entry_is_committed_once_a_majority_has_it_on_disk(
    voters: str, held_by: str, committed: bool
) -> None:
    raft = raft_of(voters=voters)
    lead(raft)
    for holder in held_by:
        accept(raft, holder, 1)
    assert raft.commit_index == (1 if committed else 0)
    assert [entry.index for entry in take(raft).committed] == ([1] if committed else [])


@pytest.mark.parametrize(
    ("leaders_commit", "expected"), [(0, 0), (2, 2), (9, 3)], ids=["none", "some", "beyond"]
)
def test_a_follower_commits_what_the_leader_has_and_it_knows_to_agree(
    leaders_commit: int, expected: int
) -> None:
    # "commitIndex = min(leaderCommit, index of last new entry)": entry 4 may conflict.
    raft = raft_of(term=2, log=log_of(1, 1, 1, 1))
    raft.step(append((1, 1), *log_of(1, 1, 1)[1:], commit=leaders_commit))
    assert raft.commit_index == expected
    assert [entry.index for entry in take(raft).committed] == list(range(1, expected + 1))


def test_a_commit_index_never_goes_back() -> None:
    raft = raft_of(log=log_of(1, 1), term=1)
    raft.step(append((2, 1), commit=2))
    raft.step(append((2, 1), commit=1))
    assert raft.commit_index == 2


def test_figure_3_7_an_entry_of_an_earlier_term_is_not_committed_by_counting() -> None:
    """(a) S1 leads term 2 and gives entry 2 to S2 only. (b) S5 leads term 3 and takes another
    entry 2. (c) S1 leads term 4 and gives its old entry 2 to S3 as well: it is on a majority,
    and S5 could still be elected and replace it (d1), unless an entry of term 4 follows (d2).
    """
    raft = raft_of("a", "abcde", term=3, log=log_of(1, 2))
    lead(raft)
    assert raft.term == 4
    for holder in "abc":
        accept(raft, holder, 2)
    assert raft.commit_index == 0
    for holder in "abc":
        accept(raft, holder, 3)  # the empty entry of term 4
    assert raft.commit_index == 3
    assert [entry.term for entry in take(raft).committed] == [1, 2, 4]


# ---- inputs and restarts ---


def test_only_a_leader_takes_proposals_and_others_name_it() -> None:
    raft = raft_of()
    raft.step(append((0, 0)))
    with pytest.raises(NotLeader, match="the leader is b") as refused:
        raft.propose([b"x"])
    assert refused.value.leader == "b"


@pytest.mark.parametrize("nothing", [[], [b""], [b"x", b""]])
def test_an_empty_proposal_is_refused(nothing: list[bytes]) -> None:
    raft = raft_of()
    lead(raft)
    with pytest.raises(ValueError, match="nothing to propose"):
        raft.propose(nothing)
    assert raft.last_index == 1


def test_a_restart_takes_up_from_the_disk_and_hands_out_what_was_not_applied() -> None:
    raft = raft_of(term=2, vote="c", log=log_of(1, 2, 2), applied=1)
    assert raft.take_effects() is None
    assert (raft.term, raft.last_index, raft.commit_index, raft.term_of_commit) == (2, 3, 1, 1)
    raft.step(append((3, 2), commit=3))
    assert take(raft).committed == tuple(log_of(1, 2, 2)[1:])


def test_a_log_shorter_than_what_was_applied_is_refused() -> None:
    with pytest.raises(ValueError, match="the log has lost data"):
        raft_of(term=1, log=log_of(1), applied=2)


def test_the_empty_entry_of_a_new_leader_commits_all_before_it() -> None:
    group = Group(*(raft_of(name, term=2, log=log_of(1, 2)) for name in "abc"))
    group.elect("a")
    group.tick(3)
    for applied in group.applied.values():
        assert [entry.data for entry in applied] == [b"1", b"2", b""]


def test_a_peer_that_messages_reach_again_hears_its_leader_at_once() -> None:
    raft = raft_of(log=log_of(1), term=1)
    raft.greet("b")  # nobody leads
    assert raft.take_effects() is None
    lead(raft)
    take(raft)
    raft.greet("b")
    raft.greet("z")  # there is no z
    (beat,) = take(raft).messages_now
    assert isinstance(beat, AppendEntries)
    assert (beat.receiver, beat.term, beat.entries) == ("b", 2, ())
