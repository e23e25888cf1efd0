from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.ledger.log.storage import OnDisk
from central.raft import Configuration, Entry, HardState, Persist, Piece, Restore, Snapshot
from tests.central.ledger.log.logs import (
    FIRST,
    GROUP,
    IDENTITY,
    entries,
    log_of,
    open_storage,
    piece,
)


def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    with open_storage(tmp_path) as storage:
        assert storage.load() == OnDisk(HardState(), FIRST, [], None, None)
        storage.write(Persist(HardState(3, "b"), entries(1, 4)))
        storage.write(Persist(None, entries(5, 5, term=3)))
    with open_storage(tmp_path) as storage:
        assert log_of(storage) == (HardState(3, "b"), [*entries(1, 4), *entries(5, 5, term=3)])


def test_a_conflict_inside_an_earlier_write_replaces_only_its_end(tmp_path: Path) -> None:
    with open_storage(tmp_path) as storage:
        storage.write(Persist(None, entries(1, 5)))
        storage.write(Persist(None, entries(6, 9)))
        storage.write(Persist(HardState(2, None), entries(3, 3, term=2)))
        assert log_of(storage) == (HardState(2, None), [*entries(1, 2), *entries(3, 3, term=2)])


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 4)), max_size=8))
def test_any_sequence_of_overwrites_equals_a_list(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[int, int]]
) -> None:
    model: list[Entry] = []
    with open_storage(tmp_path_factory.mktemp("log")) as storage:
        for term, (back, count) in enumerate(writes, start=1):
            first = max(1, len(model) + 1 - back)
            new = entries(first, first + count - 1, term)
            storage.write(Persist(HardState(term, None), new))
            model[first - 1 :] = new
            assert log_of(storage) == (HardState(term, None), model)


def test_an_entry_can_be_a_configuration(tmp_path: Path) -> None:
    changed = Configuration(frozenset({"a", "b"}), frozenset({"d"}), b"elsewhere")
    entry = Entry(1, 1, configuration=changed)
    with open_storage(tmp_path) as storage:
        storage.write(Persist(None, (entry, *entries(2, 3))))
    with open_storage(tmp_path) as storage:
        assert storage.load().entries == [entry, *entries(2, 3)]


def test_a_log_is_compacted_also_in_the_middle_of_a_write(tmp_path: Path) -> None:
    start = Snapshot(4, 1, GROUP)
    with open_storage(tmp_path) as storage:
        storage.write(Persist(None, entries(1, 2)))
        storage.write(Persist(None, entries(3, 7)))
        storage.write(Persist(None, entries(8, 8), start=start))
        assert storage.load() == OnDisk(HardState(), start, [*entries(5, 8)], None, None)
        # a conflict may go back to the first entry that is left, into that same write
        storage.write(Persist(None, entries(5, 5, term=2)))
    with open_storage(tmp_path) as storage:
        assert storage.load().entries == [*entries(5, 5, term=2)]
        storage.write(Persist(start=Snapshot(5, 2, GROUP)))
        assert storage.load() == OnDisk(HardState(), Snapshot(5, 2, GROUP), [], None, None)
        storage.write(Persist(None, entries(6, 6, term=2)))
        assert storage.load().entries == [*entries(6, 6, term=2)]


@pytest.mark.parametrize(
    "write",
    [
        Persist(None, entries(3, 3)),
        Persist(start=Snapshot(2, 1, GROUP)),
        Persist(start=Snapshot(2, 1, GROUP), restore=Restore(Snapshot(2, 1, GROUP), IDENTITY)),
        Persist(pieces=(piece(4, 5),)),
        Persist(pieces=(Piece(FIRST, b"../../passwd", 9, 0, b"x"),)),
    ],
)
def test_what_cannot_be_meant_is_not_written(tmp_path: Path, write: Persist) -> None:
    with open_storage(tmp_path) as storage:
        storage.write(Persist(HardState(1, "a"), entries(1, 1)))
        with pytest.raises(ValueError, match=r"the log|a piece at 4|no SHA-256"):
            storage.write(write)
        with pytest.raises(OSError, match="an earlier write failed"):
            storage.write(Persist(None, entries(2, 2)))
    with open_storage(tmp_path) as storage:
        loaded = storage.load()
        assert loaded == OnDisk(HardState(1, "a"), FIRST, [*entries(1, 1)], None, None)
        assert not list(tmp_path.glob("*.part"))
