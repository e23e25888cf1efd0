"""Where a command may write."""

from collections.abc import Iterable
from pathlib import Path

from node.errors import UsageError


def check_output(option: str, path: Path, *, inputs: Iterable[Path | None]) -> None:
    """Raise UsageError if `path` is one of the files that are read: it would be lost."""
    for read in inputs:
        if read is not None and path.exists() and read.exists() and path.samefile(read):
            raise UsageError(f"{option} {path}: is what is read; name another file")
