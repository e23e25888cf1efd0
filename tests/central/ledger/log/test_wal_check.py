"""A damaged write-ahead log of SQLite's, told from a torn one."""

import random
import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest

from central.ledger.log.wal_check import damaged_at

HEADER, FRAME = 32, 24 + 4096


def wal_of(path: Path, *, sizes: list[int], generations: int = 1) -> tuple[bytes, list[int]]:
    """Return a WAL, and how many frames it had after each of its transactions.

    Each transaction writes as many blobs as `sizes` says; before each later generation the WAL is
    checkpointed, so that SQLite begins it anew and old frames stay behind.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    wal = path.with_name(f"{path.name}-wal")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE t (b BLOB)")
    ends: list[int] = []
    for generation in range(generations):
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        ends = []
        for count in sizes[: len(sizes) - 2 * generation]:
            with connection:
                connection.execute("BEGIN")
                for _ in range(count):
                    connection.execute("INSERT INTO t VALUES (?)", (b"\xa5" * 3000,))
            ends.append(frames_in_use(wal.read_bytes()))
    content = wal.read_bytes()
    path.with_name("copy.db").write_bytes(path.read_bytes())  # closing empties the WAL into it
    connection.close()
    return content, ends


def frames_in_use(wal: bytes) -> int:
    """Count the frames with the header's salts, from the first on."""
    count = 0
    while wal[HEADER + count * FRAME :][8:16] == wal[16:24]:
        count += 1
    return count


def flipped(wal: bytes, bit: int) -> bytes:
    damaged = bytearray(wal)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def offset_of(frame: int) -> int:
    return HEADER + frame * FRAME


@pytest.mark.parametrize("generations", [1, 2])
def test_a_whole_log_is_not_damaged(tmp_path: Path, generations: int) -> None:
    wal, ends = wal_of(tmp_path / "x.db", sizes=[1, 2, 1, 1, 3], generations=generations)
    assert (len(wal) - HEADER) // FRAME > ends[-1] or generations == 1  # old frames behind
    assert damaged_at(wal) is None


@pytest.mark.parametrize("wal", [b"", b"\0" * 32, b"x" * 20, b"\0" * 9000])
def test_a_log_that_was_not_begun_is_not_damaged(wal: bytes) -> None:
    assert damaged_at(wal) is None


@pytest.mark.parametrize("generations", [1, 2])
def test_a_torn_last_transaction_is_not_damage(tmp_path: Path, generations: int) -> None:
    wal, ends = wal_of(tmp_path / "x.db", sizes=[1, 2, 1, 1, 3], generations=generations)
    rng = random.Random(3)
    first, last = offset_of(ends[-2]), offset_of(ends[-1])
    for _ in range(40):
        cut = rng.randrange(first, last)
        assert damaged_at(wal[:cut]) is None
        assert damaged_at(wal[:cut].ljust(last, b"\0")) is None
        assert damaged_at(wal[:cut] + b"\0" * 512 + wal[cut + 512 :]) is None


@pytest.mark.parametrize("generations", [1, 2])
def test_a_flipped_bit_before_the_last_transaction_is_damage(
    tmp_path: Path, generations: int
) -> None:
    wal, ends = wal_of(tmp_path / "x.db", sizes=[1, 2, 1, 1, 3], generations=generations)
    rng = random.Random(4)
    for _ in range(150):
        place = rng.randrange(offset_of(ends[-2]))
        frame = 0 if place < HEADER else offset_of((place - HEADER) // FRAME)
        assert damaged_at(flipped(wal, place * 8 + rng.randrange(8))) == frame


@pytest.mark.parametrize("byte", range(24))
def test_a_flipped_bit_in_the_header_of_the_last_but_one_is_damage(
    tmp_path: Path, byte: int
) -> None:
    # Of pages of a power of two, so that one bit makes a commit look like none.
    wal, ends = wal_of(tmp_path / "x.db", sizes=[1, 1, 1, 1, 1, 1, 1, 1])
    seen_power = False
    for end, next_end in pairwise(ends):
        frame = offset_of(end - 1)
        pages = int.from_bytes(wal[frame + 4 : frame + 8], "big")
        seen_power = seen_power or pages.bit_count() == 1
        for bit in range(8):
            until = wal[: offset_of(next_end)]
            assert damaged_at(flipped(until, (frame + byte) * 8 + bit)) == frame
    assert seen_power


def test_a_damaged_log_is_what_sqlite_would_pass_over(tmp_path: Path) -> None:
    wal, ends = wal_of(tmp_path / "x.db", sizes=[1, 1, 1, 1])
    (tmp_path / "copy.db-wal").write_bytes(flipped(wal, (offset_of(ends[2]) - 9) * 8))
    with sqlite3.connect(tmp_path / "copy.db") as connection:
        (rows,) = connection.execute("SELECT count(*) FROM t").fetchone()
    connection.close()
    assert rows == 2  # of 4, and not a word
