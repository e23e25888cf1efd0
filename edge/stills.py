"""A folder, or a pattern, of still pictures: a camera that writes a JPEG every minute.

The newest file wins and its time is when it was captured. A file that is still being written is
waited for; one that never becomes whole is passed over.
"""

import glob
import logging
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from edge.frames import Image
from edge.pictures import decode_picture, is_whole
from edge.reader import SourceUnavailable
from edge.source import Source

logger = logging.getLogger(__name__)

SUFFIXES = (".jpg", ".jpeg", ".png")

_LOOK_EVERY_S = 0.5
_MOST_BUSY = 0.05  # share of the time that may go into looking at a large folder
_GIVE_UP_AFTER_S = 30.0  # on a file that does not become whole
_GUESSED_INTERVAL_S = 60.0


@dataclass(frozen=True, order=True)
class _Found:
    """Ordered by time, then by name: some file systems count in seconds."""

    modified_ns: int
    path: str


class StillsReader:
    """A Reader of files that somebody else writes."""

    piles_up = False

    def __init__(self, location: str, name: str) -> None:
        self._location = location
        self._name = name
        self._interrupted = threading.Event()
        self._newest = _Found(0, "")  # taken or given up
        self._data = b""
        self._told_of_none = False

    @classmethod
    def open(cls, source: Source) -> Self:
        """Open `source`; raises SourceUnavailable if its folder is not there."""
        folder = Path(source.location)
        if not glob.has_magic(source.location) and not folder.is_dir():
            raise SourceUnavailable(f"{source.name} is not there")
        return cls(source.location, source.name)

    @property
    def interval_s(self) -> float:
        return _GUESSED_INTERVAL_S

    def grab(self) -> bool:
        """Wait for a newer picture; False if the folder is gone or it was interrupted."""
        while not self._interrupted.is_set():
            began = time.monotonic()
            try:
                if self._take(_newest(self._location)):
                    return True
            except OSError as error:
                logger.debug("%s: %s", self._name, error)
                return False
            busy_s = time.monotonic() - began
            self._interrupted.wait(max(_LOOK_EVERY_S, busy_s / _MOST_BUSY))
        return False

    def _take(self, found: _Found | None) -> bool:
        if found is None:
            self._tell_of_none()
            return False
        if found <= self._newest:
            return False
        try:
            self._data = Path(found.path).read_bytes()
        except FileNotFoundError:  # cleared away meanwhile
            return False
        age_s = time.time() - found.modified_ns / 1e9
        if not is_whole(self._data):
            if age_s > _GIVE_UP_AFTER_S:
                logger.warning("%s: %s is no whole JPEG or PNG", self._name, Path(found.path).name)
                self._newest = found
            return False
        self._newest = found
        return True

    def _tell_of_none(self) -> None:
        if not self._told_of_none:
            self._told_of_none = True
            logger.warning("%s holds no picture yet (%s)", self._name, ", ".join(SUFFIXES))

    def position_us(self) -> int:
        return 0

    def captured_at_us(self) -> int | None:
        return min(self._newest.modified_ns, time.time_ns()) // 1000

    def retrieve(self) -> Image | None:
        return decode_picture(self._data)

    def interrupt(self) -> None:
        self._interrupted.set()

    def release(self) -> None:
        """Nothing is held open."""


def holds_picture(source: Source) -> bool:
    """Return whether a folder or pattern has any file that may be a picture."""
    try:
        return _newest(source.location) is not None
    except OSError:
        return False


def _newest(location: str) -> _Found | None:
    """Return the newest file; raises OSError if the folder is gone."""
    paths: Iterator[str]
    if glob.has_magic(location):
        paths = glob.iglob(location, recursive=True)  # noqa: PTH207 - Path knows no absolute ones
        return max(filter(None, map(_stat, paths)), default=None)
    with os.scandir(location) as entries:
        paths = (entry.path for entry in entries if entry.name.lower().endswith(SUFFIXES))
        return max(filter(None, map(_stat, paths)), default=None)


def _stat(path: str) -> _Found | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - a Path a file costs as much as the call
    except FileNotFoundError:
        return None
    return _Found(found.st_mtime_ns, path)
