"""Files that people keep: written whole, or left as they were."""

import contextlib
import os
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Write a file durably, or leave what was there, be it nothing. Raises OSError."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):  # where nothing can be written nothing is to be removed
            part.unlink(missing_ok=True)
        raise
