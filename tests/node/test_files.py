"""Files that are written whole or left as they were."""

import errno
import os
from pathlib import Path

import pytest

from node.files import write_whole


def test_what_was_there_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "a.ref"
    for content in (b"first", b"second"):
        write_whole(file, content)
        assert file.read_bytes() == content
    assert list(tmp_path.iterdir()) == [file]


def test_what_was_there_stays_if_it_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "a.ref"
    file.write_bytes(b"known")
    (tmp_path / "a.ref.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        write_whole(file, b"new")
    assert file.read_bytes() == b"known"
    assert list(tmp_path.iterdir()) == [file]
