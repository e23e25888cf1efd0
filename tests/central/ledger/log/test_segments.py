"""How the files of a log come and go."""

from pathlib import Path

import pytest

from central.ledger.log.storage import Storage
from central.raft import HardState, Persist, Restore, Snapshot
from tests.central.ledger.log.logs import (
    BYTES,
    FIRST,
    GROUP,
    IDENTITY,
    entries,
    open_storage,
    piece,
)
from tests.central.ledger.log.segment_files import segments

SMALL = 1 << 14


def sequences(data: Path) -> list[int]:
    return [int(path.stem) for path in segments(data)]


def write_one_by_one(storage: Storage, first: int, last: int) -> None:
    for index in range(first, last + 1):
        storage.write(Persist(HardState(index, None), entries(index, index, size=1000)))


def test_a_young_log_is_small_and_grows_by_larger_and_larger_files(tmp_path: Path) -> None:
    with open_storage(tmp_path, segment_bytes=4 << 20) as storage:
        assert [path.stat().st_size for path in segments(tmp_path)] == [1 << 18]
        write_one_by_one(storage, 1, 300)
        for index in range(301, 330):
            storage.write(Persist(None, entries(index, index, size=300_000)))
        sizes = [path.stat().st_size for path in segments(tmp_path)]
    assert sizes == [1 << 18, 1 << 20, 4 << 20, 4 << 20]


def test_a_write_larger_than_a_segment_has_one_of_its_own(tmp_path: Path) -> None:
    large = entries(2, 2, size=100_000)
    with open_storage(tmp_path, segment_bytes=SMALL) as storage:
        storage.write(Persist(None, entries(1, 1)))
        storage.write(Persist(None, large))
        write_one_by_one(storage, 3, 6)
        sizes = [path.stat().st_size for path in segments(tmp_path)]
    assert sizes == [SMALL, 102_400, SMALL]
    with open_storage(tmp_path) as storage:
        assert storage.load().entries == [*entries(1, 1), *large, *entries(3, 6, size=1000)]


def test_compaction_deletes_whole_segments_and_keeps_what_is_needed(tmp_path: Path) -> None:
    with open_storage(tmp_path, segment_bytes=SMALL) as storage:
        write_one_by_one(storage, 1, 100)
        before = sequences(tmp_path)
        assert before == list(range(1, len(before) + 1))
        for start in (40, 41, 90):
            snapshot = Snapshot(start, 1, GROUP)
            storage.write(Persist(start=snapshot))
            left = sequences(tmp_path)
            assert left == before[-len(left) :]
            assert len(left) * SMALL < (100 - start) * 1100 + 3 * SMALL
            loaded = storage.load()
            assert (loaded.start, loaded.entries) == (
                snapshot,
                [*entries(start + 1, 100, size=1000)],
            )
    with open_storage(tmp_path, segment_bytes=SMALL) as storage:
        assert storage.load() == loaded
        storage.write(Persist(start=Snapshot(100, 1, GROUP)))
        assert len(sequences(tmp_path)) == 1
        write_one_by_one(storage, 101, 130)
        assert storage.load().entries == [*entries(101, 130, size=1000)]


def test_a_conflict_may_reach_back_over_segments(tmp_path: Path) -> None:
    with open_storage(tmp_path, segment_bytes=SMALL) as storage:
        write_one_by_one(storage, 1, 60)
        storage.write(Persist(start=Snapshot(7, 1, GROUP)))
        storage.write(Persist(None, entries(8, 9, term=2)))
        assert storage.load().entries == [*entries(8, 9, term=2)]
        write_one_by_one(storage, 10, 70)
        storage.write(Persist(start=Snapshot(60, 1, GROUP)))
        storage.write(Persist(None, entries(61, 61, term=3)))
    with open_storage(tmp_path) as storage:
        assert storage.load().entries == [*entries(61, 61, term=3)]


def test_a_restart_from_a_snapshot_behind_the_end_keeps_no_entry(tmp_path: Path) -> None:
    start = Snapshot(50, 2, GROUP)
    with open_storage(tmp_path, segment_bytes=SMALL) as storage:
        write_one_by_one(storage, 1, 70)
        storage.write(Persist(pieces=(piece(0, len(BYTES)),)))
        storage.write(Persist(start=start, restore=Restore(start, IDENTITY)))
        assert storage.load().entries == []
        write_one_by_one(storage, 51, 90)
        storage.restored()
    with open_storage(tmp_path) as storage:
        assert storage.load().entries == [*entries(51, 90, size=1000)]
        storage.write(Persist(start=Snapshot(90, 1, GROUP)))
        assert len(sequences(tmp_path)) == 1


def test_the_next_segment_is_made_ahead_and_used_later(tmp_path: Path) -> None:
    def opened() -> Storage:
        return Storage(tmp_path, cluster_id="c", replica_id="a", first=FIRST, segment_bytes=SMALL)

    storage = opened()
    write_one_by_one(storage, 1, 5)
    assert sequences(tmp_path) == [1]
    write_one_by_one(storage, 6, 10)
    storage.close()  # waits for what is under way
    assert sequences(tmp_path) == [1, 2]
    assert segments(tmp_path)[1].read_bytes() == bytes(SMALL)
    made = segments(tmp_path)[1].stat().st_ino
    with opened() as storage:
        assert storage.is_short(Persist(None, entries(11, 30, size=1000)))
        write_one_by_one(storage, 11, 16)
        assert segments(tmp_path)[1].stat().st_ino == made
        assert storage.load().entries == [*entries(1, 16, size=1000)]


def test_what_needs_a_new_file_is_not_short(tmp_path: Path) -> None:
    with open_storage(tmp_path, segment_bytes=SMALL) as storage:
        assert storage.is_short(Persist(HardState(1, None), entries(1, 10, size=1000)))
        assert not storage.is_short(Persist(None, entries(1, 17, size=1000)))
        write_one_by_one(storage, 1, 12)
        assert not storage.is_short(Persist(None, entries(13, 17, size=1000)))
        for other in (
            Persist(start=Snapshot(4, 1, GROUP)),
            Persist(pieces=(piece(0, 4),)),
            Persist(restore=Restore(FIRST, IDENTITY)),
        ):
            assert not storage.is_short(other)


@pytest.mark.parametrize("size", [SMALL, 1 << 20])
def test_a_write_of_nothing_writes_nothing(tmp_path: Path, size: int) -> None:
    with open_storage(tmp_path, segment_bytes=size) as storage:
        storage.write(Persist(HardState(1, "a"), entries(1, 1)))
        before = segments(tmp_path)[0].read_bytes()
        storage.write(Persist())
        storage.write(Persist(HardState(1, "a")))
        assert segments(tmp_path)[0].read_bytes() == before
