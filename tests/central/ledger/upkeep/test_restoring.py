"""Backups restored, and each way in which that can fail."""

import errno
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from central.ledger.replica.opening import open_replica
from central.ledger.snapshots.backup_file import HEAD_BYTES, Description, encode_head, read_backup
from central.ledger.state.schema import SCHEMA_VERSION
from central.ledger.upkeep import restoring
from central.ledger.upkeep.verify import verify_data
from node.errors import OperationError, UsageError
from tests.central.ledger.backups import HERE, made, quiet, restored, settings
from tests.central.ledger.books import book_of, tamper
from tests.command_line import Runner

CHANGES = 70


def contents(directory: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A backup of a lot with CHANGES changes."""
    book_of(tmp_path / "book", changes=CHANGES).close()
    made(tmp_path / "book", tmp_path / "north.backup")
    return tmp_path / "north.backup"


def test_a_restored_directory_goes_on_where_the_backup_ends(file: Path, tmp_path: Path) -> None:
    done = restored(file, tmp_path / "new")
    assert done.cluster_id.startswith("north-")
    assert done.cluster_id != "north-1234"
    data = tmp_path / "new"
    assert {path.stat().st_mode & 0o777 for path in data.rglob("*") if path.is_file()} == {0o600}
    assert data.stat().st_mode & 0o777 == 0o700
    before, after = verify_data(tmp_path / "book"), verify_data(data)
    assert (after.index, after.head, after.changes) == (before.index, before.head, before.changes)
    opened = open_replica(settings(data, "x"))
    assert opened.settings.cluster_id == done.cluster_id
    assert opened.raft.configuration.voters == {"x"}
    assert opened.raft.last_index == CHANGES + 2
    opened.state_machine.close()
    opened.storage.close()


def test_a_directory_that_is_not_empty_is_left_alone(file: Path, tmp_path: Path) -> None:
    restored(file, tmp_path / "new")
    before = contents(tmp_path / "new")
    with pytest.raises(UsageError, match=r"--data .*new: is not empty \(identity\.json\); give an"):
        restored(file, tmp_path / "new")
    assert {
        path: path.read_bytes() for path in (tmp_path / "new").rglob("*") if path.is_file()
    } == before
    with pytest.raises(UsageError, match=r"north\.backup' is a file: give a directory"):
        restored(file, file)


def test_an_interrupted_restore_may_be_done_again(file: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "state.db").write_bytes(b"half")
    (tmp_path / "new" / "lock").touch()
    assert restored(file, tmp_path / "new").checked.verified.index == CHANGES + 1


@pytest.mark.parametrize("at", [30, 200, HEAD_BYTES + 40, -5000, -1])
def test_any_flipped_bit_is_found_and_nothing_is_left(file: Path, tmp_path: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 4
    file.write_bytes(content)
    with pytest.raises(OperationError, match=r"north\.backup: is damaged: .*; use another backup"):
        restored(file, tmp_path / "new")
    assert not (tmp_path / "new").exists() or list((tmp_path / "new").iterdir()) == []
    with pytest.raises(OperationError, match=r"is damaged"):
        restoring.check(file, progress=quiet)


def test_a_file_that_is_cut_short_or_no_backup_is_refused(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    with pytest.raises(OperationError, match=r"is damaged: it has \d+ bytes, not \d+"):
        read_backup(file)
    file.write_bytes(bytes(HEAD_BYTES) + content[HEAD_BYTES:])
    with pytest.raises(UsageError, match=r"is no backup, or one that was not finished"):
        read_backup(file)
    file.write_bytes(b"")
    with pytest.raises(UsageError, match=r"is no backup"):
        read_backup(file)
    with pytest.raises(UsageError, match=r"absent: cannot be read \(No such file"):
        read_backup(file.with_name("absent"))


def test_a_newer_form_or_schema_is_refused(file: Path, tmp_path: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content.replace(b"backup 1\n", b"backup 2\n", 1))
    with pytest.raises(UsageError, match=r"of form 2, this program knows 1: upgrade Parkledger"):
        restored(file, tmp_path / "new")
    file.write_bytes(content)
    said = read_backup(file)
    newer = Description(**{**vars(said.description), "schema_version": SCHEMA_VERSION + 1})
    file.write_bytes(encode_head(newer, said.sha256) + content[HEAD_BYTES:])
    with pytest.raises(UsageError, match=rf"has schema version {SCHEMA_VERSION + 1}, this program"):
        restored(file, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_copy_whose_history_was_altered_before_it_was_made_is_refused(
    tmp_path: Path,
) -> None:
    book_of(tmp_path / "book", changes=CHANGES).close()
    tamper(
        tmp_path / "book" / "state.db",
        "UPDATE history SET changes = replace(changes, 'near', 'x') WHERE applied_index = ?",
        9,
    )
    file = (made(tmp_path / "book", tmp_path / "bad.backup")).path
    with pytest.raises(OperationError, match=r"bad\.backup: is damaged: .* index 9 does not fit"):
        restored(file, tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def test_a_full_disk_while_restoring_is_said(file: Path, tmp_path: Path) -> None:
    def full(done: int, size: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OperationError, match=r"new: cannot be written \(.*No space left on dev"):
        restoring.restore(
            file, tmp_path / "new", replica_id="x", listen=HERE, cluster_name=None, progress=full
        )
    assert list((tmp_path / "new").iterdir()) == []


def test_the_commands_say_what_is_wrong_in_one_line(run: Runner, tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    for arguments, code, said in (
        (("restore", tmp_path / "no"), 2, "restore: --data is missing; give it, or --check"),
        (("restore", tmp_path / "no", "--data", "d"), 2, "restore: --replica-id is missing"),
        (("restore", tmp_path / "no", "--check", "--data", "d"), 2, "--check: restores nothing"),
        (("restore", tmp_path / "no", "--check"), 2, "no: cannot be read (No such file or"),
        (("backup", tmp_path / "there"), 2, "there: is there already; give another name, or --rep"),
        (("backup", tmp_path / "no" / "b"), 2, "b.part: cannot be written (No such file or direct"),
        (
            ("backup", tmp_path / "b", "--ledger", "127.0.0.1:1", "--timeout", "0.2"),
            1,
            "the ledger gave no answer within 0.2 s",
        ),
        (
            ("backup", tmp_path / "b", "--ledger", "127.0.0.1:1", "--stale-ok"),
            1,
            "no replica answers at 127.0.0.1:1",
        ),
    ):
        ended = run(*arguments)
        assert (ended.code, ended.out) == (code, []), ended.err
        assert said in ended.err
        assert ended.err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there"]


def test_json_and_database_agree_on_what_a_backup_is(file: Path) -> None:
    head = file.read_bytes()[:HEAD_BYTES]
    values = json.loads(head.split(b"\n")[2])
    copy = file.with_name("copy.db")
    copy.write_bytes(file.read_bytes()[HEAD_BYTES:])
    with closing(sqlite3.connect(f"{copy.as_uri()}?immutable=1", uri=True)) as connection:
        index, digest = connection.execute("SELECT applied_index, chain_head FROM meta").fetchone()
    assert (values["index"], values["head"]) == (index, digest.hex())
