"""Where a command may write."""

from collections.abc import Iterable
from pathlib import Path

from node.errors import UsageError


def check_output(option: str, path: Path, *, inputs: Iterable[Path | None]) -> None:
    """Raise UsageError if `path` is one of the files that are read: it would be lost."""
    for read in inputs:
        if read is not None and path.exists() and read.exists() and path.samefile(read):
            raise UsageError(f"{option} {path}: is what is read; name another file")


def check_new(option: str, path: Path, *, replace: bool) -> None:
    """Raise UsageError if something is there that is not to be replaced."""
    if not replace and path.exists():
        raise UsageError(f"{option} {path}: is there already; give another name, or --replace")
