"""What verifying finds."""

from pathlib import Path

from node.errors import OperationError


class Mismatch(OperationError):
    """Something is not what was committed; the message names the first index."""


def mismatch(path: Path, index: int, why: str) -> Mismatch:
    """Return the error for an index of a file."""
    return Mismatch(f"{path}: index {index} does not fit: {why}")
