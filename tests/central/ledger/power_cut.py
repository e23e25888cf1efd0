"""What a power cut can leave of a write to a replica's directory, made of its files before and
after it.

The order is that of the system calls: a checkpoint of SQLite's, pieces of snapshots and their
fsync, the WAL's header and its fsync if the WAL begins anew, its frames and their fsync, files
deleted. Only what lies between two fsyncs can be torn: cut anywhere, or any of its sectors stale.
"""

import random
from pathlib import Path

SECTOR = 512
_WAL_HEADER = 32
WAL = "log.db-wal"

Files = dict[str, bytes]


def read_files(directory: Path) -> Files:
    """Return what survives of a directory, by name."""
    return {
        path.name: path.read_bytes()
        for path in sorted(directory.iterdir())
        if path.name.startswith(("log.db", "snapshot-")) and not path.name.endswith("-shm")
    }


def write_files(directory: Path, files: Files) -> None:
    """Make a directory with those files."""
    directory.mkdir(mode=0o700)
    for name, content in files.items():
        (directory / name).write_bytes(content)


def cut(before: Files, after: Files, rng: random.Random) -> tuple[str, Files]:
    """Return where the power failed, and the files then."""
    pieces = {name: after[name] for name in after if name.endswith(".part")}
    deleted = {name: before[name] for name in before.keys() - after.keys() if rng.random() < 0.5}
    where = rng.choice(("checkpoint", "pieces", "commit", "commit", "commit", "end"))
    if where == "checkpoint":
        return where, before | {"log.db": _torn(before["log.db"], after["log.db"], rng)}
    settled = before | {"log.db": after["log.db"]}
    if where == "pieces":
        torn = {name: _torn(before.get(name, b""), new, rng) for name, new in pieces.items()}
        return where, settled | torn
    if where == "commit":
        wal = _torn_wal(before.get(WAL, b""), after[WAL], rng)
        return where, settled | pieces | {WAL: wal}
    return where, after | deleted


def _torn_wal(old: bytes, new: bytes, rng: random.Random) -> bytes:
    if old[:_WAL_HEADER] == new[:_WAL_HEADER]:
        return _torn(old, new, rng)
    if rng.random() < 0.2:
        return old  # the frames follow the header's fsync
    return new[:_WAL_HEADER] + _torn(old[_WAL_HEADER:], new[_WAL_HEADER:], rng)


def _torn(old: bytes, new: bytes, rng: random.Random) -> bytes:
    if rng.random() < 0.5:
        place = rng.choice((rng.randrange(len(new) + 1), _near_the_change(old, new, rng)))
        return new[:place] + old[place:]
    padded = old.ljust(len(new), b"\0")
    stale = rng.random()
    return (
        b"".join(
            (padded if rng.random() < stale else new)[place : place + SECTOR]
            for place in range(0, len(new), SECTOR)
        )
        + old[len(new) :]
    )


def _near_the_change(old: bytes, new: bytes, rng: random.Random) -> int:
    """Return a place inside what the write changed: a long file has little of it."""
    changed = [
        place
        for place in range(0, len(new), SECTOR)
        if old[place : place + SECTOR] != new[place : place + SECTOR]
    ]
    return min(len(new), rng.choice(changed or [0]) + rng.randrange(SECTOR))
