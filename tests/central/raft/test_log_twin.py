"""log.py and merge_writes against naive twins: any order of all that can happen to a log."""

from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from central.raft import (
    Configuration,
    Entry,
    HardState,
    Persist,
    Piece,
    Restore,
    Snapshot,
    merge_writes,
)
from central.raft.log import Log
from tests.central.raft.naive_disk import NaiveDisk

CONFIGURATIONS = [Configuration(frozenset(names)) for names in ("a", "ab", "abc")]
SOME = st.sampled_from(CONFIGURATIONS)
FIRST = Configuration(frozenset("z"))


@dataclass
class Twin:
    """The whole history as one list: nothing is ever dropped, `start` only says what is hidden."""

    entries: list[Entry] = field(default_factory=list)
    start: int = 0
    configuration: Configuration = FIRST  # of index 0

    def term(self, index: int) -> int:
        return self.entries[index - 1].term if index else 0

    def configuration_at(self, index: int) -> tuple[int, Configuration]:
        """Return the latest configuration at or before an index, and where it is."""
        known = [(0, self.configuration)]
        known += [(e.index, e.configuration) for e in self.entries[:index] if e.configuration]
        place, latest = known[-1]
        return max(place, min(self.start, index)), latest

    def snapshot(self, index: int) -> Snapshot:
        return Snapshot(index, self.term(index), self.configuration_at(index)[1])


@settings(max_examples=60, stateful_step_count=30, deadline=None)
class LogIsLikeItsTwin(RuleBasedStateMachine):
    """Proposals, changes, leaders' entries, compaction, snapshots and writes in any order.

    `writes` are what has left for the disk; now and then they reach it, one by one at one disk and
    merged at the other.
    """

    @initialize()
    def begin(self) -> None:
        self.twin = Twin()
        self.log = Log(start=Snapshot(0, 0, FIRST))
        self.committed = 0
        self.started = Snapshot(0, 0, FIRST)
        self.restore: Restore | None = None
        self.writes: list[Persist] = []
        self.disk, self.merged_disk = NaiveDisk(start=self.started), NaiveDisk(start=self.started)
        self.received = 0

    @property
    def last(self) -> int:
        return len(self.twin.entries)

    @rule(count=st.integers(1, 3), later=st.integers(0, 2))
    def append(self, count: int, later: int) -> None:
        term = self.twin.term(self.last) + later
        data = [b"%d" % i for i in range(count)]
        assert self.log.append(term, data) == self.last + 1
        self.twin.entries += [Entry(self.last + 1 + i, term, datum) for i, datum in enumerate(data)]

    @rule(configuration=SOME)
    def append_a_configuration(self, configuration: Configuration) -> None:
        term = self.twin.term(self.last)
        assert self.log.append_configuration(term, configuration) == self.last + 1
        self.twin.entries.append(Entry(self.last + 1, term, configuration=configuration))

    @rule(data=st.data())
    def take_a_leaders_entries(self, data: st.DataObject) -> None:
        first = data.draw(st.integers(self.committed + 1, self.last + 1), label="first")
        agreeing = data.draw(st.integers(first - 1, self.last), label="last that agrees")
        sent = self.twin.entries[first - 1 : agreeing]
        kinds = data.draw(st.lists(st.none() | SOME, max_size=3), label="new")
        # A term that ours lacks there, so that they conflict.
        term = max(entry.term for entry in (*self.twin.entries, Entry(0, 0))) + 1
        new = [Entry(agreeing + 1 + i, term, configuration=kind) for i, kind in enumerate(kinds)]
        self.log.merge([*sent, *new], committed=self.committed)
        if new:
            self.twin.entries = self.twin.entries[:agreeing] + new

    @rule(data=st.data())
    def commit(self, data: st.DataObject) -> None:
        self.committed = data.draw(st.integers(self.committed, self.last))

    @precondition(lambda self: not self.log._unwritten_from <= self.committed)
    @rule(data=st.data())
    def compact(self, data: st.DataObject) -> None:
        self.twin.start = data.draw(st.integers(self.twin.start, self.committed))
        self.log.compact(self.twin.start)

    @rule(further=st.integers(1, 5), later=st.integers(0, 2), configuration=SOME)
    def restore_a_snapshot(self, further: int, later: int, configuration: Configuration) -> None:
        index, term = self.committed + further, self.twin.term(self.last) + later + 1
        snapshot = Snapshot(index, term, configuration)
        # What the snapshot covers was never seen here: let one entry stand for all of it.
        unseen = [Entry(i, term, configuration=configuration) for i in range(1, index + 1)]
        self.twin.entries = self.twin.entries[: self.committed] + unseen[self.committed :]
        self.twin.start = self.committed = index
        self.log.restart_from(snapshot)
        self.restore = Restore(self.log.start, b"x")

    @rule(term=st.none() | st.integers(1, 9), pieces=st.integers(0, 2))
    def write(self, term: int | None, pieces: int) -> None:
        """Let what is new leave for the disk, as Raft does."""
        moved = self.log.start != self.started
        arrived = [
            Piece(Snapshot(99), b"x", 99, offset, b"1")
            for offset in range(self.received, self.received + pieces)
        ]
        self.received += pieces
        self.writes.append(
            Persist(
                hard_state=None if term is None else HardState(term),
                entries=self.log.take_unwritten(),
                start=self.log.start if moved else None,
                restore=self.restore,
                pieces=tuple(arrived),
            )
        )
        self.started, self.restore = self.log.start, None

    @rule()
    def begin_another_snapshot(self) -> None:
        self.received = 0

    @rule()
    def reach_the_disk(self) -> None:
        for write in self.writes:
            self.disk.write(write)
        merged = merge_writes(self.writes)
        assert len(merged) <= 1 + sum(write.start is not None for write in self.writes)
        for write in merged:
            self.merged_disk.write(write)
        self.writes = []
        assert self.disk == self.merged_disk
        if self.log._unwritten_from == self.last + 1 and self.log.start == self.started:
            assert self.disk.start == self.log.start
            assert self.disk.entries == self.twin.entries[self.twin.start :]
            restarted = Log(self.disk.entries, start=self.disk.start)
            assert restarted.configuration == self.log.configuration
            assert restarted.take_unwritten() == ()

    @invariant()
    def they_agree(self) -> None:
        log, twin, last = self.log, self.twin, self.last
        assert (log.last_index, log.last_term) == (last, twin.term(last))
        assert log.start == twin.snapshot(twin.start)
        assert (log.configuration_index, log.configuration) == twin.configuration_at(last)
        visible = range(twin.start, last + 1)
        for index in range(-1, last + 3):
            assert log.term_at(index) == (twin.term(index) if index in visible else None)
        for index in visible:
            assert log.snapshot_at(index) == twin.snapshot(index)
        with pytest.raises(AssertionError, match="does not reach"):
            log.snapshot_at(last + 1)
        assert log.between(twin.start + 1, last + 5) == tuple(twin.entries[twin.start :])
        for index in range(last + 2):
            kept = twin.entries[max(index, twin.start) :]
            assert log.bytes_after(index) == sum(len(entry.data) for entry in kept)
        with pytest.raises(AssertionError, match="compacted"):
            log.between(twin.start, last)

    @rule(index=st.integers(0, 20), term=st.integers(0, 9))
    def find_the_last_agreeing(self, index: int, term: int) -> None:
        twin = self.twin
        found = self.log.last_agreeing(index, term)
        if min(index, self.last) < twin.start:
            assert found == (index, 0)  # nothing is known there
            return
        fit = [twin.start] + [
            entry.index
            for entry in twin.entries[twin.start : min(index, self.last)]
            if entry.term <= term
        ]
        assert found == (fit[-1], twin.term(fit[-1]))


TestLogIsLikeItsTwin = LogIsLikeItsTwin.TestCase


def test_a_write_that_moves_the_start_does_not_join_an_earlier_one_that_truncates() -> None:
    """The first write takes entries 4 to 6 away and puts another 4; the second drops the log up to
    4. As one write the start would come first, and 5 and 6 would then lie after it again.
    """
    old = [Entry(index, 1) for index in range(1, 7)]
    writes = [Persist(entries=(Entry(4, 2),)), Persist(start=Snapshot(4, 2))]
    assert merge_writes(writes) == writes
    disk = NaiveDisk(entries=list(old))
    for write in merge_writes(writes):
        disk.write(write)
    assert (disk.start, disk.entries) == (Snapshot(4, 2), [])


def test_nothing_to_write_is_no_write() -> None:
    assert merge_writes([]) == []


def test_only_what_is_on_its_way_to_the_disk_is_compacted() -> None:
    log = Log(start=Snapshot(0, 0, FIRST))
    log.append(1, [b"x"])
    with pytest.raises(AssertionError):
        log.compact(1)
    log.take_unwritten()
    log.compact(1)
    assert (log.start, log.last_index, log.last_term) == (Snapshot(1, 1, FIRST), 1, 1)


def test_a_write_that_replaces_the_log_does_so_also_with_a_later_one_merged_into_it() -> None:
    """Entries 5 and 6 conflict with the snapshot at 4, and must not follow it."""
    replaced = Persist(start=Snapshot(4, 2), restore=Restore(Snapshot(4, 2), b"x"))
    for later in (Persist(HardState(3)), Persist(entries=(Entry(5, 2),))):
        one, two = (NaiveDisk(entries=[Entry(index, 1) for index in range(1, 7)]) for _ in "12")
        for write in (replaced, later):
            one.write(write)
        [merged] = merge_writes([replaced, later])
        two.write(merged)
        assert one == two
        assert one.entries == list(later.entries)


def test_a_merged_write_has_the_pieces_of_both() -> None:
    one, two = (Piece(Snapshot(9), b"x", 8, offset, b"1234") for offset in (0, 4))
    [merged] = merge_writes([Persist(pieces=(one,)), Persist(pieces=(two,))])
    assert merged.pieces == (one, two)


def test_compaction_keeps_the_configuration_of_the_start_beside_later_ones() -> None:
    one, other, later = CONFIGURATIONS
    log = Log(start=Snapshot(0, 0, FIRST))
    log.append_configuration(1, one)
    log.append_configuration(1, other)
    log.append(1, [b"x"])
    log.append_configuration(1, later)
    log.take_unwritten()
    log.compact(2)
    assert log.snapshot_at(3) == Snapshot(3, 1, other)
    log.merge([Entry(4, 2, b"y")], committed=3)
    assert (log.configuration_index, log.configuration) == (2, other)
