"""Which disk a replica is: `identity.json` in its data directory, and whom it has met.

A replica that lost its disk has forgotten whom it voted for and what it acked. If it came back
under its old name, it could vote twice in a term, and be counted for entries that it no longer
has: what was acked could be lost (etcd#20269). So every data directory draws a random
*incarnation* when it is made, a replica tells it to each peer before anything else, and each
remembers, on disk, which incarnation of every member it has met; of those that were added, the
log itself says it. Another one of the same name is refused (see `acquaintances`).

What this does not catch: a disk that was set back to an older copy of itself (a virtual machine's
snapshot, a restored backup of the directory) has the right incarnation and yet has forgotten;
never restore a replica's directory, add an empty one. Nor is a lost disk noticed by members that
never met the old one, nor by those that lost theirs at the same time: if a majority of the disks
is lost at once, those replicas know of nothing and can begin a group anew beside the one that
remembers; what to do then is `parkledger recover`.
"""

import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from node.errors import OperationError
from node.values import frozen

FILE_NAME = "identity.json"


@frozen
class Identity:
    """incarnation: 128 random bits as hex digits. made_for: the group that the directory was made
    for; joined: as a newcomer to it. met: replica id -> incarnation.
    """

    incarnation: str
    made_for: str
    joined: bool
    met: Mapping[str, str] = field(default_factory=dict)


def new_identity(*, made_for: str, joined: bool) -> Identity:
    """Return the identity of a directory that is made now."""
    return Identity(os.urandom(16).hex(), made_for, joined)


def holds_replica(directory: Path) -> bool:
    """Return whether a replica has run on this directory: a start needs no --peers or --join."""
    return (directory / FILE_NAME).exists() and has_log(directory)


def has_log(directory: Path) -> bool:
    """Return whether there is a log, be it one that was only begun."""
    old = directory / "log.db"  # of earlier versions; opened, it becomes what is in log/
    return (directory / "log").is_dir() or (old.exists() and old.stat().st_size > 0)


def read_identity(directory: Path) -> Identity | None:
    """Return what was written, None if nothing was. Raises OperationError if it is damaged."""
    path = directory / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from error
    crc, _, body = text.partition("\n")
    if crc != _crc(body):
        raise _damaged(path, "its checksum is wrong")
    value = json.loads(body)
    return Identity(value["incarnation"], value["made_for"], value["joined"], value["met"])


def write_identity(directory: Path, identity: Identity) -> None:
    """Make it durable: when this returns, it survives a power cut. Raises OSError."""
    body = json.dumps(
        {
            "incarnation": identity.incarnation,
            "made_for": identity.made_for,
            "joined": identity.joined,
            "met": dict(sorted(identity.met.items())),
        },
        indent=1,
    )
    new = directory / f"{FILE_NAME}.new"
    descriptor = os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{_crc(body)}\n{body}")
        file.flush()
        os.fsync(descriptor)
    new.replace(directory / FILE_NAME)
    _fsync(directory)


def _fsync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _crc(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"


def _damaged(path: Path, why: str) -> OperationError:
    return OperationError(
        f"{path} cannot be read ({why}): remove this replica from its group with 'parkledger "
        "members remove' and add an empty one in its place"
    )
