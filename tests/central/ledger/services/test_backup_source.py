"""Copies of a live replica's state: whole, one at a time, and nothing is left of them."""

import hashlib
from contextlib import aclosing
from pathlib import Path

import pytest

from central.ledger.errors import NoCopy
from central.ledger.services.backup_source import BackupSource
from central.ledger.snapshots.backup_file import Description, Digest
from central.ledger.state.schema import SCHEMA_VERSION
from tests.central.ledger.backups import parts_of, settings
from tests.central.ledger.books import book_of

CHANGES = 70


def sorted_files(directory: Path) -> list[Path]:
    return sorted(directory.iterdir())


async def test_a_copy_is_described_and_leaves_nothing_behind(tmp_path: Path) -> None:
    book = book_of(tmp_path, changes=CHANGES)
    description, *pieces, digest = await parts_of(BackupSource(settings(tmp_path)), at_least=71)
    assert isinstance(description, Description)
    assert (description.index, description.head) == (CHANGES + 1, book.machine.chain_head)
    assert (description.cluster_id, description.replica_id) == ("north-1234", "a")
    assert description.schema_version == SCHEMA_VERSION
    body = b"".join(piece for piece in pieces if isinstance(piece, bytes))
    assert len(body) == description.size
    assert digest == Digest(hashlib.sha256(body).digest())
    book.close()
    assert [path.name for path in sorted_files(tmp_path)] == ["state.db"]


async def test_one_copy_at_a_time_and_the_next_after_a_reader_went_away(tmp_path: Path) -> None:
    book_of(tmp_path, changes=3).close()
    source = BackupSource(settings(tmp_path))
    async with aclosing(source.copy(at_least=0)) as first:
        await anext(first)
        with pytest.raises(NoCopy, match="another backup of this replica is under way"):
            await parts_of(source)
    assert len(await parts_of(source)) == 3


async def test_a_copy_that_would_fill_the_disk_is_not_made(tmp_path: Path) -> None:
    book_of(tmp_path, changes=3).close()
    source = BackupSource(settings(tmp_path), free_bytes=lambda _: 60 << 20)
    line = r"replica 'a': 60 MB of disk are free .*, a copy needs 65: free 5 MB more, or ask"
    with pytest.raises(NoCopy, match=line):
        await parts_of(source)
    with pytest.raises(NoCopy, match=r"the copy has applied 4, not 5"):
        await parts_of(BackupSource(settings(tmp_path)), at_least=5)


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "backup-sending.db").write_bytes(b"half")
    BackupSource(settings(tmp_path))
    assert list(tmp_path.iterdir()) == []
