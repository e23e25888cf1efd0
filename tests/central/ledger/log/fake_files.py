"""A file system whose power can fail: what was not synced may be there, or not, or half of it.

The rules are those of POSIX, and of a disk that writes sectors whole: a file's bytes are safe once
it was synced, a name once its directory was. Until then each name and each sector is as before or
as after, independently of all others.
"""

import errno
import random
from dataclasses import dataclass, field
from pathlib import Path

from central.ledger.log.blocks import SECTOR


class PowerCut(BaseException):
    """The process is gone; not an error that anybody may handle."""


@dataclass
class Inode:
    """A file, or a directory by name."""

    content: bytearray = field(default_factory=bytearray)
    synced: bytes = b""
    names: dict[str, "Inode"] | None = None
    synced_names: dict[str, "Inode"] = field(default_factory=dict)


class FakeFiles:
    """See Files. left: so many calls go well, then `failing` is raised, before the next is done."""

    def __init__(self, root: Path, rng: random.Random) -> None:
        self.root = root
        self.left: int | None = None
        self.failing: BaseException = PowerCut()
        self.calls = 0
        self._rng = rng
        self._top = Inode(names={})
        self._open: dict[int, Inode] = {}

    def after_power_cut(self) -> "FakeFiles":
        """Return what a next process finds."""
        files = FakeFiles(self.root, self._rng)
        files._top = self._survivor(self._top)
        return files

    def names(self, directory: Path) -> list[str]:
        found = self._find(directory)
        return [] if found is None else sorted(found.names or {})

    def make_directory(self, directory: Path) -> None:
        self._step()
        names = self._names_of(directory.parent)
        if directory.name in names:
            raise FileExistsError(errno.EEXIST, "File exists", str(directory))
        names[directory.name] = Inode(names={})

    def sync_directory(self, directory: Path) -> None:
        self._step()
        found = self._find(directory)
        assert found is not None
        found.synced_names = dict(self._names_of(directory))

    def rename(self, old: Path, new: Path) -> None:
        self._step()
        self._names_of(new.parent)[new.name] = self._names_of(old.parent).pop(old.name)

    def remove(self, path: Path) -> None:
        self._step()
        removed = self._names_of(path.parent).pop(path.name)
        assert not removed.names, "a directory that is not empty"

    def read(self, path: Path, *, from_disk: bool) -> bytes:
        found = self._find(path)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, "No such file", str(path))
        if from_disk:
            self._step()
            found.synced = bytes(found.content)
        return bytes(found.content)

    def open(self, path: Path) -> int:
        self._step()
        inode = self._names_of(path.parent).setdefault(path.name, Inode())
        descriptor = max(self._open, default=2) + 1
        self._open[descriptor] = inode
        return descriptor

    def write(self, descriptor: int, data: bytes, offset: int) -> None:
        self._step()
        content = self._open[descriptor].content
        content.extend(bytes(max(0, offset + len(data) - len(content))))
        content[offset : offset + len(data)] = data

    def sync(self, descriptor: int) -> None:
        self._step()
        inode = self._open[descriptor]
        inode.synced = bytes(inode.content)

    def close(self, descriptor: int) -> None:
        del self._open[descriptor]

    def _step(self) -> None:
        self.calls += 1
        if self.left is not None:
            if self.left == 0:
                raise self.failing
            self.left -= 1

    def _find(self, path: Path) -> Inode | None:
        found: Inode | None = self._top
        for name in path.relative_to(self.root).parts:
            found = found.names.get(name) if found is not None and found.names else None
        return found

    def _names_of(self, directory: Path) -> dict[str, Inode]:
        found = self._find(directory)
        assert found is not None
        assert found.names is not None
        return found.names

    def _survivor(self, inode: Inode) -> Inode:
        rng = self._rng
        if inode.names is None:
            now = bytes(inode.content)
            before = inode.synced.ljust(len(now), b"\0")
            share = rng.choice((0.0, 0.5, 1.0))
            content = b"".join(
                (now if rng.random() < share else before)[place : place + SECTOR]
                for place in range(0, len(now), SECTOR)
            )
            return Inode(bytearray(content), content)
        names: dict[str, Inode] = {}
        for name in sorted(inode.names.keys() | inode.synced_names.keys()):
            now_named, was_named = inode.names.get(name), inode.synced_names.get(name)
            survivor = now_named if rng.random() < 0.5 else was_named
            if survivor is not None:
                names[name] = self._survivor(survivor)
        return Inode(names=names, synced_names=dict(names))
