"""The log of earlier versions, a SQLite file, becomes segments when it is opened."""

import errno
import re
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from central.ledger.log.files import DiskFiles
from central.ledger.log.format import (
    encode_entries,
    encode_hard_state,
    encode_identity,
    encode_index,
    encode_received,
    encode_restore,
    encode_snapshot,
)
from central.ledger.log.storage import CorruptLogError, OnDisk, Storage
from central.raft import Entry, HardState, Persist, Piece, Restore, Snapshot
from node.errors import OperationError, UsageError
from tests.central.ledger.log.logs import (
    BYTES,
    FIRST,
    GROUP,
    IDENTITY,
    entries,
    open_storage,
)

SCHEMA_1 = """
CREATE TABLE identity (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    schema_version INTEGER NOT NULL, cluster_id TEXT NOT NULL, replica_id TEXT NOT NULL
);
CREATE TABLE hard_state (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    term INTEGER NOT NULL, vote TEXT
);
CREATE TABLE log (
    first_index INTEGER PRIMARY KEY, last_index INTEGER NOT NULL,
    crc32 INTEGER NOT NULL, entries BLOB NOT NULL
);
INSERT INTO identity VALUES (1, 1, 'c', 'a');
INSERT INTO hard_state VALUES (1, 7, 'b');
INSERT INTO log VALUES
    (1, 2, 4083003810, x'00000000000000010000000131000000000000000700000000');
INSERT INTO log VALUES (3, 3, 3032098413, x'00000000000000070000000133');
"""


def make_schema_1(directory: Path, *more: str) -> None:
    connection = sqlite3.connect(directory / "log.db")
    connection.executescript(f"PRAGMA journal_mode = WAL; {SCHEMA_1}")
    for statement in more:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_directory_of_schema_1_is_brought_up_to_date(tmp_path: Path) -> None:
    make_schema_1(tmp_path)
    known = [Entry(1, 1, b"1"), Entry(2, 7, b""), Entry(3, 7, b"3")]
    for _ in range(2):
        with open_storage(tmp_path) as storage:
            assert storage.load() == OnDisk(HardState(7, "b"), FIRST, known, None, None)


@pytest.mark.parametrize("table", ["log", "hard_state"])
def test_an_empty_directory_of_schema_1_is_brought_up_to_date(tmp_path: Path, table: str) -> None:
    make_schema_1(tmp_path, f"DELETE FROM {table}")
    with open_storage(tmp_path) as storage:
        loaded = storage.load()
        assert len(loaded.entries) == (0 if table == "log" else 3)
        assert loaded.hard_state == (HardState() if table == "hard_state" else HardState(7, "b"))


def test_a_damaged_directory_of_schema_1_is_left_as_it_is(tmp_path: Path) -> None:
    make_schema_1(tmp_path, "UPDATE log SET crc32 = 5 WHERE first_index = 3")
    for _ in range(2):
        with pytest.raises(CorruptLogError, match="entries 3 to 3"):
            open_storage(tmp_path)


SCHEMA_2 = """
CREATE TABLE identity (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    schema_version INTEGER NOT NULL, cluster_id TEXT NOT NULL, replica_id TEXT NOT NULL
);
CREATE TABLE log (
    first_index INTEGER PRIMARY KEY, last_index INTEGER NOT NULL,
    crc32 INTEGER NOT NULL, entries BLOB NOT NULL
);
CREATE TABLE record (kind INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
INSERT INTO identity VALUES (1, 2, 'c', 'a');
"""
START = Snapshot(3, 1, GROUP)
ROWS = (
    entries(2, 4),  # begins before the start of the log
    (Entry(5, 1, configuration=GROUP), *entries(6, 9, 2, size=600)),
    entries(10, 12, 2, size=40_000),
)
PIECE = Piece(Snapshot(50, 2, GROUP), IDENTITY, len(BYTES), len(BYTES), b"")
KNOWN = OnDisk(HardState(7, "b"), START, [entry for row in ROWS for entry in row][2:], PIECE, None)


def sealed(kind: int, record: bytes) -> str:
    """Return a record as it stands in the file, in SQL."""
    crc = zlib.crc32(record, zlib.crc32(bytes([kind])))
    return f"x'{crc.to_bytes(4, 'big').hex()}{record.hex()}'"


BEGUN_ANEW = (
    "DELETE FROM log",
    f"UPDATE record SET sealed = {sealed(2, encode_hard_state(HardState()))} WHERE kind = 2",
    f"UPDATE record SET sealed = {sealed(3, encode_snapshot(FIRST))} WHERE kind = 3",
    f"UPDATE record SET sealed = {sealed(6, encode_index(0))} WHERE kind = 6",
)


def make_schema_2(directory: Path, *more: str, restore: Restore | None = None) -> None:
    directory.mkdir(exist_ok=True)
    (directory / f"snapshot-{IDENTITY.hex()}.part").write_bytes(BYTES)
    records = (
        encode_identity("c", "a"),
        encode_hard_state(KNOWN.hard_state),
        encode_snapshot(START),
        encode_received(PIECE),
        encode_restore(restore),
        encode_index(12),
    )
    with closing(sqlite3.connect(directory / "log.db")) as connection, connection:
        connection.executescript(f"PRAGMA journal_mode = WAL; {SCHEMA_2}")
        for kind, record in enumerate(records, start=1):
            connection.execute(f"INSERT INTO record VALUES ({kind}, {sealed(kind, record)})")
        for row in ROWS:
            blob, ends = encode_entries(row), (row[0].index, row[-1].index)
            crc = zlib.crc32(blob, zlib.crc32(b"".join(map(encode_index, ends))))
            connection.execute("INSERT INTO log VALUES (?, ?, ?, ?)", (*ends, crc, blob))
        for statement in more:
            connection.execute(statement)


def test_a_directory_of_schema_2_is_converted_and_goes_on(tmp_path: Path) -> None:
    make_schema_2(tmp_path)
    (tmp_path / "log.db-wal").touch()
    for _ in range(2):
        with open_storage(tmp_path) as storage:
            assert storage.load() == KNOWN
            assert storage.verify(IDENTITY)
    assert not list(tmp_path.glob("log.*"))
    with open_storage(tmp_path) as storage:
        storage.write(Persist(None, entries(11, 11, 3)))
        assert storage.load().entries == [*KNOWN.entries[:-2], *entries(11, 11, 3)]


def test_a_pending_restart_is_converted(tmp_path: Path) -> None:
    restore = Restore(PIECE.snapshot, IDENTITY)
    make_schema_2(tmp_path, restore=restore)
    with open_storage(tmp_path) as storage:
        assert storage.load().restore == restore


class Interrupted(DiskFiles):
    """A process that ends, or a disk that fails, before a call: `left` go well."""

    def __init__(self, left: int, error: BaseException) -> None:
        self.left = left
        self.error = error

    def _step(self) -> None:
        if self.left == 0:
            raise self.error
        self.left -= 1

    def make_directory(self, directory: Path) -> None:
        self._step()
        super().make_directory(directory)

    def sync_directory(self, directory: Path) -> None:
        self._step()
        super().sync_directory(directory)

    def rename(self, old: Path, new: Path) -> None:
        self._step()
        super().rename(old, new)

    def remove(self, path: Path) -> None:
        self._step()
        super().remove(path)

    def write(self, descriptor: int, data: bytes, offset: int) -> None:
        self._step()
        super().write(descriptor, data, offset)

    def sync(self, descriptor: int) -> None:
        self._step()
        super().sync(descriptor)


class Killed(BaseException):
    """A process that is gone."""


@pytest.mark.parametrize("error", [Killed(), OSError(errno.ENOSPC, "as told")])
def test_a_conversion_that_is_interrupted_is_done_again(
    tmp_path: Path, error: BaseException
) -> None:
    for left in range(1000):
        directory = tmp_path / str(left)
        make_schema_2(directory)
        try:
            Storage(
                directory,
                cluster_id="c",
                replica_id="a",
                first=FIRST,
                segment_bytes=1 << 14,
                files=Interrupted(left, error),
            ).close()
        except (Killed, OperationError):
            with open_storage(directory) as storage:
                assert storage.load() == KNOWN
            assert sorted(path.name for path in directory.iterdir()) == [
                "lock",
                "log",
                f"snapshot-{IDENTITY.hex()}.part",
            ]
            continue
        assert left > 10
        return
    raise AssertionError("it never ends")


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM log WHERE first_index = 10",
        "DELETE FROM log WHERE first_index = 5",
        "DELETE FROM record WHERE kind = 2",
        "UPDATE record SET sealed = (SELECT sealed FROM record WHERE kind = 5) WHERE kind = 4",
        "UPDATE record SET kind = 9 WHERE kind = 5",
        "UPDATE log SET last_index = 9 WHERE first_index = 10",
        "UPDATE log SET entries = zeroblob(9) WHERE first_index = 10",
        "UPDATE identity SET replica_id = 'b'",
        "DELETE FROM identity",
        "DROP TABLE log",
        "DROP TABLE record",
    ],
)
def test_a_damaged_directory_of_schema_2_is_left_as_it_is(tmp_path: Path, damage: str) -> None:
    make_schema_2(tmp_path, damage)
    for _ in range(2):
        with pytest.raises(CorruptLogError, match=r"log\.db"):
            open_storage(tmp_path)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_bytes(b"holiday pictures" * 500)
    for _ in range(2):
        with pytest.raises(CorruptLogError, match=r"log\.db: file is not a database"):
            open_storage(tmp_path)


def test_one_of_another_replica_or_group_or_a_newer_schema_is_refused(tmp_path: Path) -> None:
    make_schema_2(tmp_path)
    with pytest.raises(UsageError, match="belongs to replica 'a', not 'b'"):
        open_storage(tmp_path, "b")
    with pytest.raises(UsageError, match="belongs to cluster c, not other"):
        open_storage(tmp_path, cluster_id="other")
    make_schema_2(tmp_path / "newer", "UPDATE identity SET schema_version = 99")
    with pytest.raises(UsageError, match="schema version 99, this program knows 3: upgrade"):
        open_storage(tmp_path / "newer")
    with open_storage(tmp_path, cluster_id="other", any_cluster=True) as storage:
        assert storage.cluster_id == "c"


def test_one_that_was_only_begun_counts_for_nothing(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    with open_storage(tmp_path) as storage:
        assert storage.load() == OnDisk(HardState(), FIRST, [], None, None)


@pytest.mark.parametrize(
    "left",
    [
        pytest.param((), id="by a crash while it was deleted"),
        pytest.param(BEGUN_ANEW, id="by an old program"),
    ],
)
def test_one_beside_segments_that_say_all_of_it_goes(tmp_path: Path, left: tuple[str, ...]) -> None:
    """An old program that is started on a directory which was converted begins a file anew, and
    stops before it votes: its log ends before what the state has applied."""
    make_schema_2(tmp_path)
    with open_storage(tmp_path) as storage:
        storage.write(Persist(HardState(8, None), entries(13, 13, 8)))
        known = storage.load()
    make_schema_2(tmp_path, *left)
    (tmp_path / "log.db-wal").touch()
    for _ in range(2):
        with open_storage(tmp_path) as storage:
            assert storage.load() == known
    assert not list(tmp_path.glob("log.*"))


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (
            ("UPDATE log SET crc32 = 5",),
            "cannot be read (log.db: entries 2",
        ),
        (("UPDATE identity SET replica_id = 'b'",), "cannot be read (log.db: its owner"),
        (None, "cannot be read (log.db: file is not a database)"),
        ((), "has entries after 9"),
    ],
)
def test_one_beside_segments_that_lack_some_of_it_is_left(
    tmp_path: Path, made: tuple[str, ...] | None, says: str
) -> None:
    """A copy of some other time, say: what it acknowledged must not be lost, nor a vote be given
    twice."""
    with open_storage(tmp_path) as storage:
        storage.write(Persist(HardState(7, "b"), entries(1, 9)))
    if made is None:
        (tmp_path / "log.db").write_bytes(b"holiday pictures" * 500)
    else:
        make_schema_2(tmp_path, *made)
    for _ in range(2):
        with pytest.raises(UsageError, match=re.escape(says)):
            open_storage(tmp_path)
    (tmp_path / "log.db").rename(tmp_path / "elsewhere")
    with open_storage(tmp_path) as storage:
        assert storage.load().entries == [*entries(1, 9)]


@pytest.mark.parametrize(
    ("hard_state", "last", "says"),
    [
        (HardState(6, None), entries(1, 12, 2), "has a vote of term 7"),
        (HardState(7, "c"), entries(1, 12, 2), "has a vote of term 7"),
        (HardState(7, "b"), entries(1, 12, 1), "has entry 6 of a later term"),
        (HardState(7, None), entries(1, 12, 2), "has a vote of term 7"),
    ],
)
def test_a_vote_or_an_entry_that_the_segments_lack_is_left(
    tmp_path: Path, hard_state: HardState, last: tuple[Entry, ...], says: str
) -> None:
    with open_storage(tmp_path) as storage:
        storage.write(Persist(hard_state, last))
    make_schema_2(tmp_path)
    with pytest.raises(UsageError, match=says):
        open_storage(tmp_path)
    assert (tmp_path / "log.db").exists()
