"""Bugs that other Raft implementations had, played on this one.

Each test opens with what went wrong there.
"""

import pytest

from central.raft import (
    AppendEntries,
    AppendReply,
    Entry,
    HardState,
    RequestVote,
    Role,
    VoteReply,
    merge_writes,
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


def entries_from(
    sender: str, term: int, previous: tuple[int, int], *entries: Entry
) -> AppendEntries:
    return AppendEntries(
        sender, "a", term, *previous, commit_index=0, read_round=0, entries=entries
    )


def test_logcabin_44_an_old_terms_entry_on_every_disk_waits_for_one_of_the_new_term() -> None:
    """A leader committed an earlier term's entry because a majority had it."""
    raft = raft_of(term=2, log=log_of(1, 2))
    lead(raft)
    for holder in "abc":
        accept(raft, holder, 2)
    assert raft.commit_index == 0
    accept(raft, "b", 3)
    assert raft.commit_index == 0  # b alone has the entry of term 3
    accept(raft, "c", 3)
    assert raft.commit_index == 3


def test_etcd_1690_entries_replaced_while_they_are_written_are_written_again() -> None:
    """Entries 1-3 were on their way to disk when a new leader's 1-3 came. That the first write
    ended was taken to mean that the second one's entries were on disk too: they never were.
    """
    raft = raft_of()
    raft.step(entries_from("b", 1, (0, 0), *log_of(1, 1, 1)))
    first = take(raft)
    raft.step(entries_from("c", 2, (0, 0), *log_of(2, 2)))
    second = take(raft)  # before anybody said that the first write is done
    assert first.persist is not None
    assert second.persist is not None
    assert first.persist.entries == tuple(log_of(1, 1, 1))
    assert second.persist.entries == tuple(log_of(2, 2))
    assert second.persist.hard_state == HardState(2)
    assert second.messages_after == (AppendReply("a", "c", 2, accepted=True, match_index=2),)
    [both] = merge_writes([first.persist, second.persist])
    assert both.entries == tuple(log_of(2, 2))


def test_etcd_1690_a_late_write_of_an_earlier_leadership_counts_for_nothing() -> None:
    """The same, where it loses data: a write that ends late must not vouch for other entries
    that stand at its indexes by now.
    """
    raft = raft_of(term=0)
    lead(raft)
    raft.propose([b"x"] * 5)
    (late,) = take(raft).messages_after  # our own disk has 1-6 of term 1; told only below
    raft.step(entries_from("b", 2, (0, 0), Entry(1, 2)))  # replaces all of it
    take(raft)
    lead(raft)
    assert (raft.term, raft.last_index) == (3, 2)
    raft.propose([b"y"] * 4)
    take(raft)
    raft.step(late)
    accept(raft, "b", 2)
    assert raft.commit_index == 0  # ours is one of the two disks that entry 2 needs
    raft.step(AppendReply("a", "a", 3, accepted=True, match_index=6))
    assert raft.commit_index == 2


@pytest.mark.parametrize("first", ["a", "c"])
def test_etcd_8243_a_replica_in_an_earlier_term_is_not_stuck_in_pre_votes(first: str) -> None:
    """c was cut off in term 1, the others went on to term 5, and their leader died. c's pre-votes
    were ignored for their term, and a's did not move c's term, so that nobody could win.
    """
    a = raft_of("a", term=5, log=log_of(1, 5))
    c = raft_of("c", term=1, log=log_of(1))
    group = Group(a, c)
    group.time_out(first)
    group.tick(10 * ELECTION_TICKS)
    assert group.leader() == "a"


@pytest.mark.parametrize("first", ["a", "b"])
def test_etcd_8501_a_later_term_and_a_longer_log_at_different_replicas(first: str) -> None:
    """a has the later term, b the better log. b refused a for its log; a dropped what b sent for
    its term, in silence, so that b never learned the term in which it could win.
    """
    a = raft_of("a", term=7, log=log_of(1))
    b = raft_of("b", term=2, log=log_of(1, 2))
    group = Group(a, b)
    group.time_out(first)
    group.tick(10 * ELECTION_TICKS)
    assert group.leader() == "b"
    assert group["b"].term > 7


def test_etcd_8501_a_leader_in_an_earlier_term_frees_a_replica_that_is_ahead() -> None:
    """The same under a live leader: the replica that is ahead could not follow it, and was
    refused pre-votes because the others heard the leader.
    """
    group = Group(*(raft_of(name) for name in "abc"))
    group.elect("a")
    ahead = raft_of("c", term=7, log=log_of(1))
    group.rafts["c"] = ahead
    group.tick(10 * ELECTION_TICKS)
    assert group.leader() is not None
    assert ahead.leader == group.leader()
    assert {raft.term for raft in group.rafts.values()} == {ahead.term}


def test_canonical_196_asking_for_pre_votes_keeps_the_vote() -> None:
    """A pre-candidate forgot whom it had voted for, and voted again in the same term."""
    raft = raft_of(term=3, vote="b")
    ticks_until_it_stands(raft)
    take(raft)
    raft.step(RequestVote("c", "a", 3, last_log_index=9, last_log_term=3))
    assert take(raft).messages_after == (VoteReply("a", "c", 3, granted=False),)


def test_canonical_196_a_granted_pre_vote_is_no_vote() -> None:
    """Answers to pre-votes were counted as votes: they bind nobody and are on no disk."""
    raft = raft_of()
    ticks_until_it_stands(raft)
    for voter in "bc":
        raft.step(VoteReply(voter, "a", 1, granted=True, pre_vote=True))
    for term in (1, 2):
        raft.step(VoteReply("b", "a", term, granted=True, pre_vote=True))
    assert role_of(raft) is Role.CANDIDATE


def test_canonical_196_stepping_down_within_a_term_keeps_the_vote() -> None:
    """A candidate that met its term's leader became a follower, and could vote once more."""
    raft = raft_of(term=2)
    ticks_until_it_stands(raft)
    raft.step(VoteReply("b", "a", 3, granted=True, pre_vote=True))
    assert (raft.role, raft.term) == (Role.CANDIDATE, 3)
    raft.step(entries_from("c", 3, (0, 0)))
    for _ in range(ELECTION_TICKS):
        raft.tick()
    take(raft)
    raft.step(RequestVote("b", "a", 3, last_log_index=9, last_log_term=3))
    assert VoteReply("a", "b", 3, granted=False) in take(raft).messages_after


def test_tikv_7971_a_read_that_joins_waiting_reads_keeps_its_own_index() -> None:
    """1. A read finds commit index 1 and asks the quorum. 2. Entry 2 commits and its client is
    answered. 3. Another read joins the first one's batch. 4. Both were answered with index 1.
    """
    raft = raft_of()
    lead(raft)
    for holder in "ab":
        accept(raft, holder, 1)
    raft.read(1)
    first = sent_to("b", take(raft).messages_now)[-1].read_round
    raft.propose([b"x"])
    take(raft)
    for holder in "ab":
        accept(raft, holder, 2, read_round=first - 1)
    raft.read(2)
    second = sent_to("b", take(raft).messages_now)[-1].read_round
    assert second > first
    accept(raft, "c", 2, read_round=second)
    assert [(ready.context, ready.index) for ready in take(raft).reads] == [(1, 1), (2, 2)]


def test_pysyncobj_202_a_log_from_later_terms_than_the_term_on_disk_is_refused() -> None:
    """All nodes restarted with their terms lost, and voted anew in terms that were over."""
    with pytest.raises(ValueError, match="term"):
        raft_of(term=1, log=log_of(1, 2))
