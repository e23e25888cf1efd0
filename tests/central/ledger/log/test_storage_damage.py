"""A flipped bit anywhere leads to exactly what was written or to an error, not to something else.

The one exception is the last transaction in SQLite's write-ahead log (see wal_check).
"""

import hashlib
import random
import shutil
from pathlib import Path

import pytest

from central.ledger.log.storage import CorruptLogError, OnDisk, Storage
from central.raft import Configuration, Entry, HardState, Persist, Piece, Snapshot
from node.errors import UsageError
from tests.central.ledger.power_cut import WAL, Files, read_files, write_files

GROUP = Configuration(frozenset("abc"), frozenset("d"), b"addresses")
BYTES = b"state" * 40


def open_storage(directory: Path) -> Storage:
    first = Snapshot(0, 0, GROUP)
    return Storage(directory, cluster_id="c", replica_id="a", first=first)


def entries(first: int, last: int, term: int = 1) -> tuple[Entry, ...]:
    return tuple(Entry(index, term, b"%d" % index * 9) for index in range(first, last + 1))


def fill(storage: Storage) -> None:
    storage.write(Persist(HardState(1, "a"), entries(1, 5)))
    storage.write(Persist(None, entries(6, 300)))
    storage.write(Persist(None, (Entry(301, 1, configuration=GROUP),)))
    storage.write(Persist(HardState(2, "b"), entries(302, 306, 2)))
    storage.write(Persist(start=Snapshot(3, 1, GROUP)))
    identity = hashlib.sha256(BYTES).digest()
    piece = Piece(Snapshot(400, 3, GROUP), identity, len(BYTES), 0, BYTES)
    storage.write(Persist(pieces=(piece,)))


def outcome(directory: Path, files: Files) -> OnDisk | None:
    """Return what is read, None if the damage is noticed."""
    write_files(directory, files)
    try:
        with open_storage(directory) as storage:
            return storage.load()
    except CorruptLogError:
        return None
    except UsageError:
        return None  # the schema's version: one bit makes 2 a later one


def with_a_bit_flipped(files: Files, name: str, rng: random.Random) -> Files:
    content = bytearray(files[name])
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return files | {name: bytes(content)}


def test_a_flipped_bit_in_the_file_is_found_or_does_not_matter(tmp_path: Path) -> None:
    with open_storage(tmp_path / "a") as storage:
        fill(storage)
        written = storage.load()
    files = read_files(tmp_path / "a")
    assert WAL not in files
    rng = random.Random(1)
    found = [
        outcome(tmp_path / f"{n}", with_a_bit_flipped(files, "log.db", rng)) for n in range(150)
    ]
    assert all(each in (written, None) for each in found)
    assert found.count(None) > 30
    assert found.count(written) > 30  # in pages that are not full


def test_a_flipped_bit_in_the_write_ahead_log_is_found_but_in_the_last_write(
    tmp_path: Path,
) -> None:
    with open_storage(tmp_path / "a") as storage:
        fill(storage)
        before = storage.load()
        storage.write(Persist(None, entries(307, 307, 2)))
        written = storage.load()
        files = read_files(tmp_path / "a")
    rng = random.Random(2)
    found = [outcome(tmp_path / f"{n}", with_a_bit_flipped(files, WAL, rng)) for n in range(150)]
    assert all(each in (written, before, None) for each in found)
    assert found.count(None) > 100
    assert found.count(before) < 20


@pytest.mark.parametrize("closed", [True, False])
def test_every_bit_of_the_files_headers_counts(tmp_path: Path, *, closed: bool) -> None:
    with open_storage(tmp_path / "a") as storage:
        fill(storage)
        written = storage.load()
        files = read_files(tmp_path / "a")
    if closed:
        files = read_files(tmp_path / "a")
    name, length = ("log.db", 100) if closed else (WAL, 32)
    for place in range(length):
        content = bytearray(files[name])
        content[place] ^= 1 << place % 8
        found = outcome(tmp_path / f"{place}", files | {name: bytes(content)})
        assert found in (written, None)
        assert found is None or closed


@pytest.mark.parametrize("gone", [False, True])
def test_a_file_that_is_empty_or_gone_beside_its_write_ahead_log_is_found(
    tmp_path: Path, *, gone: bool
) -> None:
    crashed = tmp_path / "crashed"
    with open_storage(tmp_path / "running") as storage:
        storage.write(Persist(None, entries(1, 2)))
        shutil.copytree(tmp_path / "running", crashed)
    (crashed / "log.db").unlink()
    if not gone:
        (crashed / "log.db").touch()
    for _ in range(2):  # to look does not mend it
        with pytest.raises(CorruptLogError, match="it is empty or gone, and log"):
            open_storage(crashed)


def test_a_flipped_bit_that_is_found_stays_found(tmp_path: Path) -> None:
    with open_storage(tmp_path / "a") as storage:
        for index in range(1, 9):
            storage.write(Persist(None, entries(index, index)))
        files = read_files(tmp_path / "a")
    damaged = bytearray(files[WAL])
    damaged[len(damaged) // 2] ^= 1
    write_files(tmp_path / "b", files | {WAL: bytes(damaged)})
    for _ in range(2):
        with pytest.raises(CorruptLogError, match=r"log\.db-wal is damaged at byte \d+"):
            open_storage(tmp_path / "b")
