"""The next segment of the log, made before it is needed: to fill and sync a file takes a while."""

import logging
import threading
from pathlib import Path

from central.ledger.log.files import Files

logger = logging.getLogger(__name__)

UNFINISHED = "next.tmp"
"""A file that is being made; one that a crash has left counts for nothing."""

_PIECE = 1 << 18


class Spare:
    """At most one. `take` and `begin` are called by one thread at a time."""

    def __init__(self, directory: Path, files: Files) -> None:
        self._directory = directory
        self._files = files
        self._thread: threading.Thread | None = None
        self._made: tuple[Path, int, int] | None = None  # with its size and descriptor

    @property
    def is_ready(self) -> bool:
        """Whether one can be taken without waiting, if it is large enough."""
        return self._made is not None

    @property
    def is_begun(self) -> bool:
        """Whether there is one, or it is being made, or that has failed."""
        return self._thread is not None or self._made is not None

    def begin(self, path: Path, size: int) -> None:
        """Have one made; none may be begun."""
        self._thread = threading.Thread(target=self._try, args=(path, size), name="segment")
        self._thread.start()

    def keep(self, path: Path, size: int) -> None:
        """Use one that an earlier process has made."""
        self._made = path, size, self._files.open(path)

    def take(self, path: Path, size: int) -> tuple[int, int]:
        """Return descriptor and size of one that is at least so large, of zeros and durable.

        Waits if it is being made; one that is too small, or could not be made, is made now. Raises
        OSError.
        """
        self._join()
        made, self._made = self._made, None
        if made is not None:
            if made[0] == path and made[1] >= size:
                return made[2], made[1]
            self._files.close(made[2])
        return self._make(path, size), size

    def close(self) -> None:
        """Wait for what is being made; it stays for the next time."""
        self._join()
        if self._made is not None:
            self._files.close(self._made[2])
            self._made = None

    def _join(self) -> None:
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _try(self, path: Path, size: int) -> None:
        try:
            self._made = path, size, self._make(path, size)
        except OSError as error:
            # Not yet a failure of the log: it is tried again when there is no room left.
            logger.warning("cannot make the next segment of the log %s error=%s", path, error)

    def _make(self, path: Path, size: int) -> int:
        unfinished = self._directory / UNFINISHED
        descriptor = self._files.open(unfinished)
        try:
            for offset in range(0, size, _PIECE):
                self._files.write(descriptor, bytes(min(_PIECE, size - offset)), offset)
            self._files.sync(descriptor)
            self._files.rename(unfinished, path)
            self._files.sync_directory(self._directory)
        except BaseException:
            self._files.close(descriptor)
            if UNFINISHED in self._files.names(self._directory):
                self._files.remove(unfinished)
            raise
        return descriptor
