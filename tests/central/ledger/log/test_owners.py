"""Whose log it is, and who may open it."""

import stat
from pathlib import Path

import pytest

from central.raft import Persist
from node.errors import UsageError
from tests.central.ledger.log.logs import entries, open_storage
from tests.central.ledger.log.segment_files import segments, set_version


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
    set_version(tmp_path, 99)
    before = segments(tmp_path)[0].read_bytes()
    with pytest.raises(UsageError, match="schema version 99, this program knows 3: upgrade"):
        open_storage(tmp_path)
    assert segments(tmp_path)[0].read_bytes() == before


def test_a_data_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        open_storage(path)


def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    with open_storage(directory) as storage:
        storage.write(Persist(None, entries(1, 1)))
        files = [path for path in directory.rglob("*") if path.is_file()]
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (directory, directory / "log")} == {0o700}
