"""Real disks that fail: one that is full, a file that may not grow, one whose fsync says EIO."""

import contextlib
import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.ledger.log.storage import OnDisk, Storage
from central.raft import Configuration, Entry, HardState, Persist, Piece, Snapshot

FIRST = Snapshot(0, 0, Configuration(frozenset("abc")))
ROOT = Path(__file__).resolve().parents[4]


def open_storage(directory: Path, *, ahead: bool = True) -> Storage:
    return Storage(
        directory,
        cluster_id="c",
        replica_id="a",
        first=FIRST,
        segment_bytes=1 << 19,
        ahead=ahead,
    )


def entry(index: int, size: int = 100_000) -> Persist:
    return Persist(HardState(index, "a"), (Entry(index, 1, bytes(size)),))


def write_until_it_fails(storage: Storage) -> tuple[int, int | None]:
    """Return the last index that was written, and the error; what comes then is refused too."""
    for index in range(1, 10_000):
        try:
            storage.write(entry(index))
        except OSError as error:
            with pytest.raises(OSError, match="an earlier write failed"):
                storage.write(entry(index, size=1))
            return index - 1, error.errno
    raise AssertionError("the disk is too large")


def check(loaded: OnDisk, last: int) -> None:
    assert [each.index for each in loaded.entries] == list(range(1, last + 1))
    assert loaded.hard_state == HardState(last, "a")


@contextlib.contextmanager
def mounted(source: str, at: Path, *options: str) -> Iterator[Path]:
    """Mount for as long as the context; skips the test where one may not."""
    at.mkdir()
    done = subprocess.run(
        ["mount", *options, source, str(at)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"cannot mount {source}: {done.stderr.strip()}")
    try:
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")


@needs_root
@pytest.mark.parametrize("ahead", [True, False])
def test_nothing_of_a_write_counts_on_a_full_disk(tmp_path: Path, *, ahead: bool) -> None:
    with mounted("none", tmp_path / "disk", "-t", "tmpfs", "-o", "size=5m") as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(3_000_000))
        storage = open_storage(disk / "data", ahead=ahead)
        last, error = write_until_it_fails(storage)
        assert error == errno.ENOSPC
        assert last > 5
        check(storage.load(), last)
        ballast.unlink()
        storage.close()
        with open_storage(disk / "data") as storage:
            check(storage.load(), last)
            storage.write(entry(last + 1))
            check(storage.load(), last + 1)


@needs_root
def test_pieces_that_do_not_fit_do_not_count(tmp_path: Path) -> None:
    with mounted("none", tmp_path / "disk", "-t", "tmpfs", "-o", "size=1m") as disk:
        identity, size = bytes(32), 5_000_000
        pieces = (
            Piece(Snapshot(9, 1, FIRST.configuration), identity, size, 0, b"x" * 1000),
            Piece(Snapshot(9, 1, FIRST.configuration), identity, size, 1000, b"x" * 4_999_000),
        )
        with open_storage(disk / "data") as storage:
            storage.write(Persist(pieces=pieces[:1]))
            with pytest.raises(OSError, match="No space left"):
                storage.write(Persist(HardState(5, None), pieces=pieces[1:]))
            loaded = storage.load()
            assert loaded.received is not None
            assert (loaded.received.end, loaded.hard_state) == (1000, HardState())


CHILD = """
import resource
import sys
from pathlib import Path
from tests.central.ledger.log.test_storage_full_disk import open_storage, write_until_it_fails
storage = open_storage(Path(sys.argv[1]))
# Segments have their size from the beginning: it is the next, larger one that may not be.
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
last, _ = write_until_it_fails(storage)
assert last == storage.load().entries[-1].index
print(last)
"""


def test_nothing_of_a_write_counts_that_a_file_may_not_grow_for(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    last = int(done.stdout)
    assert last >= 2
    with open_storage(tmp_path) as storage:  # the child ended without closing it
        check(storage.load(), last)


@needs_root
def test_an_fsync_that_fails_is_an_error_and_what_was_acknowledged_stays(tmp_path: Path) -> None:
    # ext4 in a file on a tmpfs that is too small for it: the block device says EIO.
    with mounted("none", tmp_path / "small", "-t", "tmpfs", "-o", "size=14m") as small:
        ballast = small / "ballast"
        ballast.write_bytes(bytes(8_000_000))
        image = small / "image"
        with image.open("wb") as file:
            file.truncate(32 << 20)
        made = subprocess.run(["mkfs.ext4", "-q", str(image)], check=False)
        if made.returncode != 0:
            pytest.skip("cannot make an ext4 file system")
        with mounted(str(image), tmp_path / "disk", "-o", "loop") as disk:
            # Segments that were made are safe: what fails is the next one, or what names it.
            with open_storage(disk / "data", ahead=False) as storage:
                last, error = write_until_it_fails(storage)
            assert error in (errno.EIO, errno.EROFS, errno.ENOSPC)
            assert last > 5
            ballast.unlink()
        # a disk that is well again can be used, and nothing was thrown away
        with mounted(str(image), tmp_path / "again", "-o", "loop") as disk:
            with open_storage(disk / "data") as storage:
                check(storage.load(), last)
                storage.write(entry(last + 1))
            with open_storage(disk / "data") as storage:
                check(storage.load(), last + 1)
