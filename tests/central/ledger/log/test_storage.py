import hashlib
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.ledger.log.storage import CorruptLogError, OnDisk, Storage
from central.raft import Configuration, Entry, HardState, Persist, Piece, Restore, Snapshot
from node.errors import UsageError

GROUP = Configuration(frozenset({"a", "b", "c"}), frozenset(), b"where they are")
FIRST = Snapshot(0, 0, GROUP)
BYTES = b"all that was ever applied"
IDENTITY = hashlib.sha256(BYTES).digest()
REPLACED = Persist(start=Snapshot(50, 2, GROUP), restore=Restore(Snapshot(50, 2, GROUP), IDENTITY))


def open_storage(directory: Path, replica_id: str = "a", cluster_id: str = "c") -> Storage:
    return Storage(directory, cluster_id=cluster_id, replica_id=replica_id, first=FIRST)


def log_of(storage: Storage) -> tuple[HardState, list[Entry]]:
    loaded = storage.load()
    return loaded.hard_state, loaded.entries


def piece(offset: int, end: int, data: bytes = BYTES, *, index: int = 50) -> Piece:
    identity = hashlib.sha256(data).digest()
    return Piece(Snapshot(index, 2, GROUP), identity, len(data), offset, data[offset:end])


def parts(directory: Path) -> set[str]:
    return {path.name for path in directory.glob("*.part")}


def entries(first: int, last: int, term: int = 1) -> tuple[Entry, ...]:
    return tuple(Entry(index, term, b"%d" % index) for index in range(first, last + 1))


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


def test_a_flipped_bit_is_found_and_named(tmp_path: Path) -> None:
    with open_storage(tmp_path) as storage:
        storage.write(Persist(None, entries(1, 2)))
        storage.write(Persist(None, entries(3, 7)))
    with sqlite3.connect(tmp_path / "log.db") as connection:
        (blob,) = connection.execute("SELECT entries FROM log WHERE first_index = 3").fetchone()
        flipped = bytes([*blob[:-1], blob[-1] ^ 1])
        connection.execute("UPDATE log SET entries = ? WHERE first_index = 3", (flipped,))
    connection.close()
    with (
        open_storage(tmp_path) as storage,
        pytest.raises(CorruptLogError, match=r"log\.db.*3 to 7"),
    ):
        storage.load()


def test_a_missing_write_is_found_and_named(tmp_path: Path) -> None:
    with open_storage(tmp_path) as storage:
        for index in (1, 2, 3):
            storage.write(Persist(None, entries(index, index)))
    with sqlite3.connect(tmp_path / "log.db") as connection:
        connection.execute("DELETE FROM log WHERE first_index = 2")
    connection.close()
    with open_storage(tmp_path) as storage, pytest.raises(CorruptLogError, match="3 to 3"):
        storage.load()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_bytes(b"holiday pictures" * 500)
    with pytest.raises(CorruptLogError, match=r"log\.db cannot be read"):
        open_storage(tmp_path)
    # and the lock is released: the next attempt says the same, not "in use"
    with pytest.raises(CorruptLogError):
        open_storage(tmp_path)


def test_another_replicas_directory_is_refused(tmp_path: Path) -> None:
    open_storage(tmp_path, "a").close()
    with pytest.raises(UsageError, match=r"belongs to replica 'a', not 'b'.*--replica-id a"):
        open_storage(tmp_path, "b")


def test_another_clusters_directory_is_refused(tmp_path: Path) -> None:
    open_storage(tmp_path, cluster_id="campus").close()
    with pytest.raises(UsageError, match="belongs to cluster campus, not other"):
        open_storage(tmp_path, cluster_id="other")


def test_a_directory_serves_one_process_at_a_time(tmp_path: Path) -> None:
    with open_storage(tmp_path), pytest.raises(UsageError, match="in use by another process"):
        open_storage(tmp_path)
    open_storage(tmp_path).close()


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    open_storage(tmp_path).close()
    with sqlite3.connect(tmp_path / "log.db") as connection:
        connection.execute("UPDATE identity SET schema_version = 99")
    connection.close()
    with pytest.raises(UsageError, match="schema version 99"):
        open_storage(tmp_path)


def test_a_data_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        open_storage(path)


def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    with open_storage(directory) as storage:
        storage.write(Persist(None, entries(1, 1)))
        modes = {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


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
        # a conflict may go back to the first entry that is left, into that same row
        storage.write(Persist(None, entries(5, 5, term=2)))
    with open_storage(tmp_path) as storage:
        assert storage.load().entries == [*entries(5, 5, term=2)]
        storage.write(Persist(start=Snapshot(5, 2, GROUP)))
        assert storage.load() == OnDisk(HardState(), Snapshot(5, 2, GROUP), [], None, None)
        storage.write(Persist(None, entries(6, 6, term=2)))
        assert storage.load().entries == [*entries(6, 6, term=2)]


def test_a_snapshot_arrives_in_pieces_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    with open_storage(tmp_path) as storage:
        storage.write(Persist(pieces=(piece(0, 5), piece(5, 9))))
    with open_storage(tmp_path) as storage:
        received = storage.load().received
        assert received is not None
        assert (received.snapshot, received.identity) == (Snapshot(50, 2, GROUP), IDENTITY)
        assert (received.end, received.size) == (9, len(BYTES))
        assert not storage.verify(IDENTITY)
        storage.write(Persist(pieces=(piece(9, len(BYTES)),)))
        assert storage.verify(IDENTITY)
        assert storage.snapshot_path(IDENTITY).read_bytes() == BYTES


def test_a_flipped_bit_in_a_snapshot_is_found(tmp_path: Path) -> None:
    with open_storage(tmp_path) as storage:
        storage.write(Persist(pieces=(piece(0, len(BYTES)),)))
        path = storage.snapshot_path(IDENTITY)
        path.write_bytes(BYTES[:-1] + bytes([BYTES[-1] ^ 4]))
        assert not storage.verify(IDENTITY)


def test_one_snapshot_arrives_at_a_time(tmp_path: Path) -> None:
    other = piece(0, 3, b"another state")
    with open_storage(tmp_path) as storage:
        storage.write(Persist(pieces=(piece(0, 5), other)))
        assert parts(tmp_path) == {f"snapshot-{other.identity.hex()}.part"}
        storage.write(Persist(pieces=(piece(0, 5),)))
        assert parts(tmp_path) == {f"snapshot-{IDENTITY.hex()}.part"}


def test_a_restart_is_pending_until_it_is_done(tmp_path: Path) -> None:
    start = Snapshot(50, 2, GROUP)
    with open_storage(tmp_path) as storage:
        storage.write(Persist(HardState(2, None), entries(1, 60)))
        storage.write(Persist(pieces=(piece(0, len(BYTES)),)))
        storage.write(Persist(start=start, restore=Restore(start, IDENTITY)))
        storage.write(Persist(None, entries(51, 52, term=3)))
    with open_storage(tmp_path) as storage:
        loaded = storage.load()
        assert (loaded.start, loaded.entries) == (start, [*entries(51, 52, term=3)])
        assert loaded.restore == Restore(start, IDENTITY)
        assert storage.verify(IDENTITY)
        storage.restored()
        assert storage.load() == OnDisk(
            HardState(2, None), start, [*entries(51, 52, term=3)], None, None
        )
        assert parts(tmp_path) == set()
        storage.restored()  # once more changes nothing
    with open_storage(tmp_path) as storage:
        assert storage.load().restore is None


def test_a_snapshot_that_arrives_again_never_writes_into_the_state_that_it_became(
    tmp_path: Path,
) -> None:
    """They are one file: if its name could not be deleted then, its bytes may not change."""
    with open_storage(tmp_path) as storage:
        storage.write(Persist(pieces=(piece(0, len(BYTES)),)))
        state = tmp_path / "state.db"
        state.hardlink_to(storage.snapshot_path(IDENTITY))
        state.write_bytes(b"the state went on")
        storage.write(Persist(pieces=(piece(0, 5),)))
        assert state.read_bytes() == b"the state went on"
        assert storage.snapshot_path(IDENTITY).read_bytes() == BYTES[:5]


def test_a_restart_keeps_its_snapshot_while_the_next_one_arrives(tmp_path: Path) -> None:
    # One Effects can carry both: pieces that came after `snapshot_received`, and the restart.
    other = piece(0, 3, b"another state", index=90)
    with open_storage(tmp_path) as storage:
        storage.write(Persist(pieces=(piece(0, len(BYTES)),)))
        storage.write(replace(REPLACED, pieces=(other,)))
    with open_storage(tmp_path) as storage:
        loaded = storage.load()
        assert loaded.restore == Restore(Snapshot(50, 2, GROUP), IDENTITY)
        assert loaded.received is not None
        assert loaded.received.identity == other.identity
        storage.restored()
        assert parts(tmp_path) == {f"snapshot-{other.identity.hex()}.part"}


def test_a_snapshot_that_compaction_overtook_is_dropped(tmp_path: Path) -> None:
    with open_storage(tmp_path) as storage:
        storage.write(Persist(pieces=(piece(0, 5),)))
        storage.write(Persist(None, entries(1, 60)))
        storage.write(Persist(start=Snapshot(50, 1, GROUP)))
        assert storage.load().received is None
        assert parts(tmp_path) == set()


def test_lost_pieces_are_asked_for_again_but_a_lost_restore_is_damage(tmp_path: Path) -> None:
    with open_storage(tmp_path) as storage:
        storage.write(Persist(pieces=(piece(0, 5),)))
        storage.snapshot_path(IDENTITY).unlink()
    with open_storage(tmp_path) as storage:
        assert storage.load().received is None
        storage.write(Persist(pieces=(piece(0, len(BYTES)),)))
        storage.write(REPLACED)
        storage.snapshot_path(IDENTITY).write_bytes(BYTES[:-1])
    with pytest.raises(CorruptLogError, match=r"snapshot-.*\.part is gone or damaged"):
        open_storage(tmp_path)


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
        assert parts(tmp_path) == set()


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


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM log WHERE first_index = 3",
        "DELETE FROM record WHERE kind = 2",
        "UPDATE record SET sealed = (SELECT sealed FROM record WHERE kind = 5) WHERE kind = 4",
        "UPDATE record SET kind = 9 WHERE kind = 5",
        "UPDATE log SET last_index = 9 WHERE first_index = 3",
        "UPDATE log SET first_index = 9, last_index = 10 WHERE first_index = 3",
        "UPDATE identity SET replica_id = 'b'",
        "DELETE FROM identity",
        "DROP TABLE log",
        "DROP TABLE record",
    ],
)
def test_what_is_gone_or_out_of_place_is_found(tmp_path: Path, damage: str) -> None:
    with open_storage(tmp_path) as storage:
        storage.write(Persist(HardState(1, "a"), entries(1, 2)))
        storage.write(Persist(None, entries(3, 4)))
    connection = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    connection.execute(damage)
    connection.close()

    def use() -> None:
        with open_storage(tmp_path) as storage:
            storage.load()

    for _ in range(2):  # to look does not mend it
        with pytest.raises(CorruptLogError):
            use()


def test_an_emptied_file_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    with open_storage(tmp_path) as storage:
        storage.write(Persist(None, entries(1, 2)))
    connection = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    for table in ("identity", "record", "log"):
        connection.execute(f"DROP TABLE {table}")
    connection.close()
    with pytest.raises(CorruptLogError):
        open_storage(tmp_path)


def test_the_log_stays_whole_over_many_checkpoints(tmp_path: Path) -> None:
    with Storage(
        tmp_path, cluster_id="c", replica_id="a", first=FIRST, checkpoint_pages=12
    ) as storage:
        for index in range(1, 60):
            storage.write(Persist(None, entries(index, index)))
        # many times over what one round of checkpoints holds
        assert (tmp_path / "log.db-wal").stat().st_size < 40 * 4120
        storage.write(Persist(None, entries(20, 21, term=2)))
    with open_storage(tmp_path) as storage:
        assert storage.load().entries == [*entries(1, 19), *entries(20, 21, term=2)]
