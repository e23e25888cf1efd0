"""Paper tests that planted bugs asked for: without them nobody noticed.

Each opens with the name that the bug has in tests/mutation/bugs.
"""

import pytest

from central.raft import (
    AppendEntries,
    AppendReply,
    Entry,
    HardState,
    Persist,
    RequestVote,
    Role,
    TimeoutNow,
    VoteReply,
    merge_writes,
)
from tests.central.raft.group import (
    ELECTION_TICKS,
    accept,
    lead,
    log_of,
    raft_of,
    role_of,
    sent_to,
    take,
    ticks_until_it_stands,
)


def test_granting_a_vote_of_ones_own_term_gives_the_candidate_time() -> None:
    """granting-gives-no-time: a voter that meets a later term waits anew anyhow; one that knows
    the term already must do so because it grants (section 3.4).
    """
    raft = raft_of(term=1)
    for _ in range(ELECTION_TICKS - 1):
        raft.tick()
    raft.step(RequestVote("b", "a", 1, last_log_index=0, last_log_term=0))
    assert take(raft).messages_after == (VoteReply("a", "b", 1, granted=True),)
    assert ticks_until_it_stands(raft) >= ELECTION_TICKS


def test_a_refused_vote_gives_nobody_time() -> None:
    """refusing-gives-time: a replica with a better log must stand soon (section 3.4)."""
    raft = raft_of(term=1, log=log_of(1))
    for _ in range(ELECTION_TICKS - 1):
        raft.tick()
    raft.step(RequestVote("b", "a", 1, last_log_index=0, last_log_term=0))
    assert take(raft).messages_after == (VoteReply("a", "b", 1, granted=False),)
    assert ticks_until_it_stands(raft) <= ELECTION_TICKS


def test_a_pre_vote_for_an_earlier_campaign_does_not_count_for_this_one() -> None:
    """stale-pre-vote-counted: it was granted before the voter heard of a leader (section 9.6)."""
    raft = raft_of(term=1)
    ticks_until_it_stands(raft)
    raft.step(VoteReply("b", "a", 2, granted=True, pre_vote=True))
    assert (role_of(raft), raft.term) == (Role.CANDIDATE, 2)
    for _ in range(2 * ELECTION_TICKS):
        raft.tick()
    assert role_of(raft) is Role.PRE_CANDIDATE
    raft.step(VoteReply("c", "a", 2, granted=True, pre_vote=True))
    assert (role_of(raft), raft.term) == (Role.PRE_CANDIDATE, 2)
    raft.step(VoteReply("c", "a", 3, granted=True, pre_vote=True))
    assert (role_of(raft), raft.term) == (Role.CANDIDATE, 3)


def test_a_quorum_that_answered_once_must_go_on_answering() -> None:
    """check-quorum-never-anew: each election time-out needs a quorum of its own (section 6.2)."""
    raft = raft_of()
    lead(raft)
    accept(raft, "b", 1)
    for _ in range(ELECTION_TICKS):
        raft.tick()
    assert role_of(raft) is Role.LEADER
    for _ in range(ELECTION_TICKS):
        raft.tick()
    assert role_of(raft) is Role.FOLLOWER


def test_a_read_of_an_earlier_leadership_is_not_answered_in_a_later_one() -> None:
    """read-outlives-leadership: that we lead again does not show that we led when the read was
    asked; another leader may have committed and answered in between (section 6.4).
    """
    raft = raft_of()
    lead(raft)
    for holder in "ab":
        accept(raft, holder, 1)
    raft.read(7)
    asked = sent_to("b", take(raft).messages_now)[0].read_round
    raft.step(AppendEntries("c", "a", 9, 1, 1, commit_index=1, read_round=0))
    take(raft)
    lead(raft)
    for holder in "ab":
        accept(raft, holder, raft.last_index, read_round=asked)
    assert take(raft).reads == ()


def test_a_new_leadership_knows_nothing_of_its_own_disk_at_first() -> None:
    """own-match-outlives-leadership: what an earlier leadership wrote may have been replaced, and
    what stands there now may not be on disk yet (section 10.2.1).
    """
    raft = raft_of()
    lead(raft)
    raft.propose([b"x"] * 5)
    take(raft)
    accept(raft, "a", 6)
    raft.step(AppendEntries("b", "a", 2, 0, 0, 0, read_round=0, entries=(Entry(1, 2),)))
    take(raft)
    lead(raft)
    accept(raft, "b", 2)
    assert raft.commit_index == 0  # b alone is known to hold entry 2
    raft.step(AppendReply("a", "a", 3, accepted=True, match_index=2))
    assert raft.commit_index == 2


@pytest.mark.parametrize(
    ("earlier", "later", "merged"),
    [
        (HardState(2, "b"), None, HardState(2, "b")),
        (HardState(2, "b"), HardState(3, None), HardState(3, None)),
        (None, HardState(3, "c"), HardState(3, "c")),
        (None, None, None),
    ],
)
def test_a_merged_write_has_the_last_term_and_vote_of_the_two(
    earlier: HardState | None, later: HardState | None, merged: HardState | None
) -> None:
    """merged-write-forgets-the-vote: a later write without a vote left out the earlier one's
    (section 3.8).
    """
    one, two = Persist(earlier, tuple(log_of(1))), Persist(later, (Entry(2, 2),))
    [both] = merge_writes([one, two])
    assert both.hard_state == merged


def test_a_transfer_of_an_earlier_leadership_is_forgotten_in_a_later_one() -> None:
    """transfer-outlives-leadership: the new term's leader refused proposals, and handed over to
    whom nobody had asked it to (section 3.10).
    """
    raft = raft_of()
    lead(raft)
    raft.transfer_leadership("b")
    raft.step(AppendEntries("c", "a", 9, 0, 0, commit_index=0, read_round=0))
    take(raft)
    lead(raft)
    assert raft.propose([b"x"]) == raft.last_index
    accept(raft, "b", raft.last_index)
    assert not any(isinstance(message, TimeoutNow) for message in take(raft).messages_after)
