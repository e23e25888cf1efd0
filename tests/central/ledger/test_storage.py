import sqlite3
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.ledger.storage import CorruptLogError, Storage
from central.raft import Entry, HardState, Persist
from node.errors import UsageError


def open_storage(directory: Path, replica_id: str = "a", cluster_id: str = "c") -> Storage:
    return Storage(directory, cluster_id=cluster_id, replica_id=replica_id)


def entries(first: int, last: int, term: int = 1) -> tuple[Entry, ...]:
    return tuple(Entry(index, term, b"%d" % index) for index in range(first, last + 1))


def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    with open_storage(tmp_path) as storage:
        assert storage.load() == (HardState(), [])
        storage.write(Persist(HardState(3, "b"), entries(1, 4)))
        storage.write(Persist(None, entries(5, 5, term=3)))
    with open_storage(tmp_path) as storage:
        assert storage.load() == (HardState(3, "b"), [*entries(1, 4), *entries(5, 5, term=3)])


def test_a_conflict_inside_an_earlier_write_replaces_only_its_end(tmp_path: Path) -> None:
    with open_storage(tmp_path) as storage:
        storage.write(Persist(None, entries(1, 5)))
        storage.write(Persist(None, entries(6, 9)))
        storage.write(Persist(HardState(2, None), entries(3, 3, term=2)))
        assert storage.load() == (HardState(2, None), [*entries(1, 2), *entries(3, 3, term=2)])


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
            assert storage.load() == (HardState(term, None), model)


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
