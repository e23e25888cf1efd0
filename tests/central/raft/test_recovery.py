"""The way out when a quorum is gone for good: `forced`, at an operator's word."""

import pytest

from central.raft import (
    Configuration,
    Entry,
    HardState,
    Persist,
    RequestVote,
    Snapshot,
    VoteReply,
    forced,
)
from tests.central.raft.group import ELECTION_TICKS, Group, log_of, raft_of, take

OLD = frozenset("abcde")


def test_it_writes_the_survivors_as_an_entry_of_a_later_term() -> None:
    survivors = Configuration(frozenset("ab"), context=b"addresses")
    write = forced(HardState(4, "c"), Snapshot(7, 3, Configuration(OLD)), survivors)
    assert write == Persist(HardState(5, None), (Entry(8, 5, configuration=survivors),))


def survivors_of(names: str, *, longest: str = "a") -> Group:
    """Return the survivors of five, of whom the one with the longest log was recovered."""
    log = log_of(1, 2, 2)
    last = Snapshot(3, 2, Configuration(OLD))
    write = forced(HardState(2, "c"), last, Configuration(frozenset(names)))
    assert write.hard_state is not None
    recovered = raft_of(
        longest,
        "abcde",
        term=write.hard_state.term,
        vote=write.hard_state.vote,
        log=[*log, *write.entries],
        applied=1,
    )
    others = [
        raft_of(name, "abcde", term=3, vote="c", log=log_of(1, 2), applied=1)
        for name in names
        if name != longest
    ]
    return Group(recovered, *others)


@pytest.mark.parametrize("names", ["a", "ab", "abc"])
def test_the_survivors_go_on_by_themselves_with_all_that_the_longest_log_holds(
    names: str,
) -> None:
    group = survivors_of(names)
    group.tick(4 * ELECTION_TICKS)
    leader = group.leader()
    assert leader == "a"
    group["a"].propose([b"new"])
    group.tick(3)
    for name in names:
        assert [entry.data for entry in group.applied[name] if entry.data] == [b"2", b"3", b"new"]
        assert group[name].configuration == Configuration(frozenset(names))
        assert group[name].configuration_is_committed


def test_a_survivor_with_a_shorter_log_cannot_lead_by_itself() -> None:
    group = survivors_of("ab")
    group.cut = {"a"}
    group.tick(6 * ELECTION_TICKS)
    assert group.leader() is None


def test_the_old_vote_does_not_bind_in_the_forced_term() -> None:
    # The term is new: nobody was voted for in it, and the recovered one can stand in the next.
    raft = survivors_of("ab")["a"]
    raft.step(RequestVote("b", "a", 3, last_log_index=9, last_log_term=9))
    assert take(raft).messages_after == (VoteReply("a", "b", 3, granted=True),)


def test_a_forced_entry_follows_a_compacted_log_too() -> None:
    start = Snapshot(3, 2, Configuration(OLD))
    write = forced(HardState(2), start, Configuration(frozenset("a")))
    raft = raft_of("a", term=3, start=start, log=write.entries, applied=3)
    group = Group(raft)
    group.tick(3 * ELECTION_TICKS)
    assert group.leader() == "a"
    assert raft.commit_index == raft.last_index == 5
