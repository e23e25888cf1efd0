"""What a power cut can leave of a write to a replica's directory, made of its files before and
after it.

The order is that of the system calls: pieces of snapshots and their fsync, a new segment of zeros
and its fsync, a block and its fsync, files deleted. Only what lies between two fsyncs can be torn:
cut anywhere, or any of its sectors stale.
"""

import random
from pathlib import Path

SECTOR = 512

Files = dict[str, bytes]


def read_files(directory: Path) -> Files:
    """Return what survives of a directory, by name."""
    paths = [*directory.glob("snapshot-*"), *directory.glob("log/*")]
    return {str(path.relative_to(directory)): path.read_bytes() for path in sorted(paths)}


def write_files(directory: Path, files: Files) -> None:
    """Make a directory with those files."""
    (directory / "log").mkdir(mode=0o700, parents=True)
    for name, content in files.items():
        (directory / name).write_bytes(content)


def cut(before: Files, after: Files, rng: random.Random) -> tuple[str, Files]:
    """Return where the power failed, and the files then."""
    pieces = {name: after[name] for name in after if name.endswith(".part")}
    gone = sorted(before.keys() - after.keys())
    deleted = {name: before[name] for name in gone[rng.randrange(len(gone) + 1) :]}
    where = rng.choice(("pieces", "segment", "block", "block", "block", "end"))
    if where == "pieces":
        torn = {name: _torn(before.get(name, b""), new, rng) for name, new in pieces.items()}
        return where, before | torn
    made = {name: bytes(len(after[name])) for name in after.keys() - before.keys() - pieces.keys()}
    settled = before | pieces | made
    changed = [name for name in after.keys() - pieces.keys() if settled[name] != after[name]]
    if where == "segment" or not changed:
        return where, settled
    if where == "block":
        (name,) = changed  # one block a write
        return where, settled | {name: _torn(settled[name], after[name], rng)}
    return where, after | deleted


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
