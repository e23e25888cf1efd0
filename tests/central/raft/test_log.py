"""log.py against a list and the rules of section 3.5."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.raft import Entry, Persist, merge_writes
from central.raft.log import Log
from tests.central.raft.group import log_of

TERMS = st.lists(st.integers(1, 5), max_size=8).map(sorted)


def agree_up_to(one: list[Entry], other: list[Entry]) -> int:
    """Return how many entries two logs share, as log matching allows: a prefix."""
    pairs = zip(one, other, strict=False)
    return next(
        (i for i, (a, b) in enumerate(pairs) if a.term != b.term), min(map(len, (one, other)))
    )


def entries_of(log: Log) -> list[Entry]:
    return list(log.between(1, log.last_index))


@given(TERMS, TERMS, st.data())
def test_merge_keeps_what_agrees_and_replaces_from_the_first_conflict(
    ours: list[int], theirs: list[int], data: st.DataObject
) -> None:
    mine, leaders = log_of(*ours), log_of(*theirs)
    agreed = agree_up_to(mine, leaders)
    first = data.draw(st.integers(1, agreed + 1), label="first index sent")
    last = data.draw(st.integers(first - 1, len(leaders)), label="last index sent")
    log, sent = Log(mine), leaders[first - 1 : last]
    disk = list(mine)

    log.merge(sent, committed=0)

    conflicts = last > agreed
    expected = leaders[:last] if conflicts else mine
    assert entries_of(log) == expected
    unwritten = log.take_unwritten()
    if unwritten:
        disk[unwritten[0].index - 1 :] = unwritten
    assert disk == expected
    assert log.take_unwritten() == ()


def test_merge_never_replaces_a_committed_entry() -> None:
    log = Log(log_of(1, 1))
    with pytest.raises(AssertionError, match="entry 2 is committed"):
        log.merge(log_of(1, 2)[1:], committed=2)


@given(TERMS, st.integers(0, 9), st.integers(0, 6))
def test_last_agreeing_is_the_last_whose_term_is_low_enough(
    terms: list[int], index: int, term: int
) -> None:
    fit = [(0, 0)] + [
        (e.index, e.term) for e in log_of(*terms) if e.index <= index and e.term <= term
    ]
    assert Log(log_of(*terms)).last_agreeing(index, term) == fit[-1]


@given(TERMS, TERMS)
def test_the_two_hints_find_the_last_agreeing_entry_without_going_below_it(
    ours: list[int], theirs: list[int]
) -> None:
    """Section 3.5: a refusal's hint, cut by the leader, never skips an entry that agrees."""
    mine, leaders = log_of(*ours), log_of(*theirs)
    agreed = agree_up_to(mine, leaders)
    previous, rounds = len(leaders), 0
    while Log(mine).term_at(previous) != Log(leaders).term_at(previous):
        hint = Log(mine).last_agreeing(previous, Log(leaders).term_at(previous) or 0)
        before = previous
        previous = min(Log(leaders).last_agreeing(*hint)[0], previous - 1)
        rounds += 1
        assert agreed <= previous < before
    assert rounds <= len(set(ours) | set(theirs)) + 1  # a term a round trip, not an entry


@given(TERMS, TERMS)
def test_up_to_date_compares_last_terms_and_then_lengths(
    ours: list[int], theirs: list[int]
) -> None:
    # Section 3.6.1: "if the logs have last entries with different terms, then the log with the
    # later term is more up-to-date. If the logs end with the same term, then whichever log is
    # longer is more up-to-date."
    mine, other = log_of(*ours), log_of(*theirs)
    last, others_last = ([Entry(0, 0), *log][-1] for log in (mine, other))
    if last.term != others_last.term:
        expected = others_last.term > last.term
    else:
        expected = len(other) >= len(mine)
    assert Log(mine).is_up_to_date(others_last.index, others_last.term) == expected


@given(TERMS, st.integers(1, 9), st.integers(0, 9), st.integers(0, 5))
def test_between_takes_what_fits_but_at_least_one(
    terms: list[int], first: int, last: int, max_bytes: int
) -> None:
    log = Log(log_of(*terms))
    wanted = tuple(e for e in log_of(*terms) if first <= e.index <= last)
    taken = log.between(first, last, max_bytes=max_bytes)
    assert taken == wanted[: len(taken)]
    assert bool(taken) == bool(wanted)
    size = sum(len(entry.data) for entry in taken)
    assert len(taken) <= 1 or size <= max_bytes
    if taken and len(taken) < len(wanted):
        assert size + len(wanted[len(taken)].data) > max_bytes


def test_a_log_without_a_term_order_or_with_a_gap_is_refused() -> None:
    with pytest.raises(AssertionError, match="cannot follow"):
        Log([Entry(1, 2), Entry(2, 1)])
    with pytest.raises(AssertionError, match="cannot follow"):
        Log([Entry(2, 1)])


@given(TERMS, TERMS, TERMS, st.data())
def test_a_merged_write_leaves_the_disk_as_the_two_would(
    start: list[int], one: list[int], two: list[int], data: st.DataObject
) -> None:
    def write(disk: list[Entry], persist: Persist) -> list[Entry]:
        if not persist.entries:
            return disk
        return disk[: persist.entries[0].index - 1] + list(persist.entries)

    def suffix(length: int, terms: list[int]) -> Persist:
        first = data.draw(st.integers(1, length + 1))
        return Persist(None, tuple(Entry(first + i, term) for i, term in enumerate(terms)))

    disk = log_of(*start)
    earlier = suffix(len(disk), one)
    after = write(disk, earlier)
    later = suffix(len(after), two)
    [both] = merge_writes([earlier, later])
    assert write(disk, both) == write(after, later)
