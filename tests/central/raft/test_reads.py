"""Linearizable reads by read index: section 6.4."""

import pytest

from central.raft import AppendEntries, Configuration, NotLeader, Raft, ReadReady
from tests.central.raft.group import accept, lead, raft_of, sent_to, take


def committed_leader(voters: str = "abc") -> Raft:
    """Return a leader that has committed the first entry of its term."""
    raft = raft_of(voters=voters)
    lead(raft)
    for holder in voters:
        accept(raft, holder, 1)
    take(raft)
    return raft


def round_of(raft: Raft) -> int:
    """Send what is due and return the round that it carries."""
    return sent_to("b", take(raft).messages_now)[0].read_round


def test_a_read_waits_until_an_entry_of_the_leaders_own_term_is_committed() -> None:
    # Step 1: "if the leader has not yet marked an entry from its current term committed, it
    # waits until it has done so".
    raft = raft_of()
    lead(raft)
    assert raft.read(1) is False
    for holder in "ab":
        accept(raft, holder, 1)
    assert raft.read(1) is True


def test_a_read_is_answered_once_a_quorum_has_heard_the_leader_after_it_was_asked() -> None:
    raft = committed_leader("abcde")
    raft.read(7)
    asked = round_of(raft)
    accept(raft, "b", 1, read_round=asked - 1)  # heard before
    accept(raft, "c", 1, read_round=asked - 1)
    assert take(raft).reads == ()
    accept(raft, "b", 1, read_round=asked)
    assert take(raft).reads == ()
    accept(raft, "c", 1, read_round=asked)
    assert take(raft).reads == (ReadReady(7, 1),)
    accept(raft, "d", 1, read_round=asked)
    assert take(raft).reads == ()  # once


def test_that_messages_reach_a_peer_again_is_no_answer_of_it() -> None:
    raft = committed_leader()
    raft.read(7)
    asked = round_of(raft)
    for peer in "bc":
        raft.greet(peer)
    assert take(raft).reads == ()
    accept(raft, "b", 1, read_round=asked)
    assert take(raft).reads == (ReadReady(7, 1),)


def test_the_index_is_what_was_committed_when_the_read_was_asked() -> None:
    # Step 2. Later would be right too, but would wait for more than is needed.
    raft = committed_leader()
    raft.read(7)
    asked = round_of(raft)
    raft.propose([b"x"])
    take(raft)
    for holder in "ab":
        accept(raft, holder, 2, read_round=asked - 1)
    accept(raft, "c", 1, read_round=asked)
    assert take(raft).reads == (ReadReady(7, 1),)


def test_reads_that_come_together_share_a_round() -> None:
    raft = committed_leader()
    for context in range(5):
        raft.read(context)
    effects = take(raft)
    assert len(effects.messages_now) == 2  # one heartbeat a follower
    accept(raft, "b", 1, read_round=sent_to("b", effects.messages_now)[0].read_round)
    assert [ready.context for ready in take(raft).reads] == list(range(5))


def test_a_leader_of_one_answers_by_itself() -> None:
    raft = committed_leader("a")
    raft.read(7)
    assert take(raft).reads == (ReadReady(7, 1),)


def test_a_read_is_not_answered_by_who_leads_no_more() -> None:
    raft = committed_leader()
    raft.read(7)
    asked = round_of(raft)
    raft.step(AppendEntries("c", "a", 9, 1, 1, commit_index=1, read_round=asked))
    accept(raft, "b", 1, read_round=asked)
    assert take(raft).reads == ()
    with pytest.raises(NotLeader, match="the leader is c"):
        raft.read(8)


def test_reads_do_not_send_entries_anew_to_a_follower_that_does_not_answer() -> None:
    # While a follower's log is not known to agree, one message with entries is out at a time; a
    # round of reads is no sign that it was lost.
    raft = raft_of()
    lead(raft)  # this sent entry 1 to both; c never answers
    for holder in "ab":
        accept(raft, holder, 1)
    take(raft)
    sent = 0
    for context in range(10):
        raft.read(context)
        sent += sum(len(m.entries) for m in sent_to("c", take(raft).messages_now))
    assert sent <= 1


def test_reads_that_waited_for_a_member_are_answered_when_it_is_removed() -> None:
    """Seed 20915 of the simulator: nobody was left whose reply would have answered them, and
    with as many waiting as may wait no other read was taken, for ever.
    """
    raft = committed_leader("ab")
    assert raft.read(1)
    take(raft)
    assert raft.change_configuration(Configuration(frozenset("a"))) == raft.configuration_index
    assert take(raft).reads == (ReadReady(1, 1),)
