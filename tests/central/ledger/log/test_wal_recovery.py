"""SQLite's own word on its write-ahead log, held against our check of every frame."""

import random
from pathlib import Path

import pytest

from central.ledger.log.wal_check import damaged_at
from central.ledger.log.wal_recovery import recovered_frames
from tests.central.ledger.log.test_wal_check import (
    FRAME,
    HEADER,
    flipped,
    frames_in_use,
    offset_of,
    wal_of,
)


def left_by_a_crash(directory: Path, wal: bytes) -> Path:
    """Return the path of a database that has such a log."""
    crashed = directory / "copy.db"
    for suffix in ("-wal", "-shm"):
        crashed.with_name(f"copy.db{suffix}").unlink(missing_ok=True)
    crashed.with_name("copy.db-wal").write_bytes(wal)
    return crashed


@pytest.mark.parametrize("generations", [1, 2])
def test_a_whole_log_is_recovered_to_its_end(tmp_path: Path, generations: int) -> None:
    wal, ends = wal_of(tmp_path / "x.db", sizes=[1, 2, 1, 1, 3], generations=generations)
    assert recovered_frames(left_by_a_crash(tmp_path, wal)) == ends[-1]
    assert damaged_at(wal, recovered=ends[-1]) is None


@pytest.mark.parametrize("generations", [1, 2])
def test_with_what_it_says_the_check_finds_the_same(tmp_path: Path, generations: int) -> None:
    wal, ends = wal_of(tmp_path / "x.db", sizes=[1, 2, 1, 4, 1, 3], generations=generations)
    rng = random.Random(generations)
    logs = [flipped(wal, rng.randrange(len(wal) * 8)) for _ in range(60)]
    logs += [wal[: rng.randrange(len(wal))] for _ in range(30)]
    heads = [offset_of(frame) + byte for frame in range(ends[-1]) for byte in range(24)]
    logs += [flipped(wal, rng.choice(heads) * 8 + rng.randrange(8)) for _ in range(60)]
    found = set()
    for log in logs:
        path = left_by_a_crash(tmp_path, log)
        database = path.read_bytes()
        recovered = recovered_frames(path)
        assert HEADER + recovered * FRAME <= max(len(log), HEADER)
        assert damaged_at(log, recovered=recovered) == damaged_at(log)
        found.add((recovered, damaged_at(log) is None))
        # What is damaged has to be found again at the next start.
        assert path.with_name("copy.db-wal").read_bytes() == log
        assert path.read_bytes() == database
    assert len(found) > 6


@pytest.mark.parametrize("content", [None, b"", b"no database" * 999])
def test_beside_no_database_nothing_is_lost_either(tmp_path: Path, content: bytes | None) -> None:
    wal, _ = wal_of(tmp_path / "x.db", sizes=[1, 2])
    path = left_by_a_crash(tmp_path, wal)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    said = recovered_frames(path)
    assert said == (frames_in_use(wal) if content else 0)
    assert path.with_name("copy.db-wal").read_bytes() == wal
