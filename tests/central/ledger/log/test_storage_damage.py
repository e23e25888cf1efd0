"""A flipped bit anywhere leads to exactly what was written or to an error, not to something else.

It does not matter only where nothing was written: that is looked at here for every byte.
"""

import hashlib
import random
import shutil
from pathlib import Path

import pytest

from central.ledger.log.storage import CorruptLogError, OnDisk, Storage
from central.raft import Entry, HardState, Persist, Piece, Snapshot
from tests.central.ledger.log.logs import GROUP, entries, open_storage
from tests.central.ledger.log.segment_files import blocks, flip, segments

BYTES = b"state" * 40
SMALL = 1 << 12


def fill(storage: Storage) -> None:
    storage.write(Persist(HardState(1, "a"), entries(1, 5, size=9)))
    storage.write(Persist(None, entries(6, 120, size=30)))
    storage.write(Persist(None, (Entry(121, 1, configuration=GROUP),)))
    storage.write(Persist(HardState(2, "b"), entries(122, 126, 2, size=600)))
    storage.write(Persist(start=Snapshot(3, 1, GROUP)))
    identity = hashlib.sha256(BYTES).digest()
    piece = Piece(Snapshot(400, 3, GROUP), identity, len(BYTES), 0, BYTES)
    storage.write(Persist(pieces=(piece,)))
    storage.write(Persist(None, (Entry(127, 2, b"the last one"),)))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A log of several segments, the last of them not full."""
    with open_storage(tmp_path / "data", segment_bytes=SMALL) as storage:
        fill(storage)
    assert len(segments(tmp_path / "data")) >= 3
    return tmp_path / "data"


def outcome(data: Path) -> OnDisk | None:
    """Return what is read, None if the damage is noticed; to look does not mend it."""
    found: list[OnDisk | None] = []
    says: list[str] = []
    for _ in range(2):
        try:
            with open_storage(data) as storage:
                found.append(storage.load())
        except CorruptLogError as error:
            found.append(None)
            says.append(str(error))
    assert found[0] == found[1]
    assert all(".log" in each for each in says)
    return found[0]


def written(data: Path) -> OnDisk:
    found = outcome(data)
    assert found is not None
    return found


def test_every_flipped_bit_is_found_or_where_nothing_was_written(data: Path) -> None:
    expected, rng = written(data), random.Random(1)
    for segment in segments(data):
        content, end = segment.read_bytes(), blocks(segment)[-1].end
        for place in rng.sample(range(len(content)), 50):
            flip(segment, place, rng.randrange(8))
            assert outcome(data) == (None if place < end else expected), (segment.name, place)
            segment.write_bytes(content)


def test_a_flipped_bit_in_the_last_write_is_named_with_file_and_index(data: Path) -> None:
    last = segments(data)[-1]
    begin = blocks(last)[-2].end
    flip(last, blocks(last)[-1].end - 20)
    for _ in range(2):
        with pytest.raises(
            CorruptLogError,
            match=rf"log cannot be read \({last.name} is damaged at byte {begin}: entries from 127"
            " on do not match their checksum",
        ):
            open_storage(data)


def test_a_torn_last_write_is_cut_off_and_written_anew(data: Path) -> None:
    expected, last = written(data), segments(data)[-1]
    before, end = blocks(last)[-2].end, blocks(last)[-1].end
    content = last.read_bytes()
    for cut in range(before, end, 3):
        last.write_bytes(content[:cut].ljust(len(content), b"\0"))
        with open_storage(data) as storage:
            assert storage.load().entries == expected.entries[:-1]
            storage.write(Persist(None, tuple(expected.entries[-1:])))
        assert last.read_bytes() == content


def test_a_segment_that_is_gone_is_found(data: Path) -> None:
    # Of the last one only the one to come tells, if that is there already.
    last = segments(data)[-1]
    last.with_name(f"{int(last.stem) + 1:012}.log").write_bytes(bytes(4096))
    written(data)
    for place in range(len(segments(data)) - 1):
        copy = data.with_name(f"copy-{place}")
        shutil.copytree(data, copy)
        segments(copy)[place].unlink()
        assert outcome(copy) is None


@pytest.mark.parametrize("size", [0, 20, 1000])
def test_a_segment_that_was_cut_short_is_found(data: Path, size: int) -> None:
    for place in range(len(segments(data))):
        copy = data.with_name(f"copy-{place}")
        shutil.copytree(data, copy)
        segment = segments(copy)[place]
        segment.write_bytes(segment.read_bytes()[:size])
        assert outcome(copy) is None


def test_segments_that_changed_places_are_found(data: Path) -> None:
    first, second, *_ = segments(data)
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)
    assert outcome(data) is None
    first.write_bytes(one)
    second.write_bytes(bytes(len(two)))
    assert outcome(data) is None


def test_a_log_without_a_segment_is_not_taken_for_a_new_one(data: Path) -> None:
    for segment in segments(data):
        segment.unlink()
    with pytest.raises(CorruptLogError, match="no segment is there"):
        open_storage(data)
    (data / "log" / "000000000001.log").write_bytes(bytes(5000))
    with pytest.raises(CorruptLogError, match="it is empty"):
        open_storage(data)


def test_a_file_that_is_no_segment_is_named_and_the_lock_released(data: Path) -> None:
    segments(data)[0].write_bytes(b"holiday pictures" * 500)
    for _ in range(2):
        with pytest.raises(CorruptLogError, match=r"log cannot be read \(000000000001\.log is dam"):
            open_storage(data)


def test_what_a_crash_left_that_counts_for_nothing_is_removed(data: Path) -> None:
    expected, last = written(data), segments(data)[-1]
    following = last.with_name(f"{int(last.stem) + 1:012}.log")
    following.write_bytes(last.read_bytes()[:20].ljust(4096, b"\0"))  # torn when it was begun
    last.with_name("next.tmp").write_bytes(b"x")
    last.with_name("notes").write_text("not ours")
    assert outcome(data) == expected
    assert not following.exists()
    assert {path.name for path in (data / "log").iterdir()} == {
        *(path.name for path in segments(data)),
        "notes",
    }
