"""A backup as a file: a head of one page, then a copy of state.db.

    "parkledger-backup 1\n"        what it is, and of which form
    64 hex digits, "\n"            SHA-256 of the next line, without its end
    JSON, "\n"                     what the copy is of, its size and its SHA-256
    zeros up to byte 4096
    the copy                       a SQLite database

The head is written last: a file that was not finished has none.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from node.errors import OperationError, UsageError
from node.values import frozen

HEAD_BYTES = 4096
FORM = 1
_MAGIC = b"parkledger-backup "


@frozen
class Description:
    """What a copy is of. index: the last that is applied in it. head: over all up to there.

    size: of the copy in bytes. taken_at_us: by the clock of the replica that made it.
    """

    cluster_id: str
    replica_id: str
    index: int
    head: bytes
    schema_version: int
    size: int
    taken_at_us: int


@frozen
class Digest:
    """SHA-256 of a copy."""

    sha256: bytes


BackupPart = Description | bytes | Digest
"""What a replica sends: first what the copy is of, then its bytes, at last their digest."""


@frozen
class Backup:
    """A file that holds a copy, and the digest that its copy must have."""

    path: Path
    description: Description
    sha256: bytes


def encode_head(description: Description, sha256: bytes) -> bytes:
    """Return the first HEAD_BYTES of a backup."""
    values = {**asdict(description), "head": description.head.hex(), "sha256": sha256.hex()}
    body = json.dumps(values, sort_keys=True).encode()
    digest = hashlib.sha256(body).hexdigest().encode()
    head = b"\n".join((_MAGIC + str(FORM).encode(), digest, body, b""))
    if len(head) > HEAD_BYTES:
        raise AssertionError(f"a backup's head has {len(head)} bytes")
    return head.ljust(HEAD_BYTES, b"\0")


def read_backup(path: Path) -> Backup:
    """Return what a file says of itself; the copy is not looked at, but for its size.

    Raises UsageError for a file that is no backup or a newer one, OperationError for a damaged one.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        size = path.stat().st_size
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    if not head.startswith(_MAGIC):
        raise UsageError(f"{path}: is no backup, or one that was not finished; give another file")
    form, _, rest = head.removeprefix(_MAGIC).partition(b"\n")
    if form.isdigit() and int(form) > FORM:
        raise UsageError(
            f"{path}: is a backup of form {int(form)}, this program knows {FORM}: "
            "upgrade Parkledger"
        )
    digest, _, rest = rest.partition(b"\n")
    body = rest.partition(b"\n")[0]
    if form != str(FORM).encode() or digest != hashlib.sha256(body).hexdigest().encode():
        raise damaged(path, "its head is not what was written")
    values = json.loads(body)
    sha256 = bytes.fromhex(values.pop("sha256"))
    description = Description(**{**values, "head": bytes.fromhex(values["head"])})
    if size != HEAD_BYTES + description.size:
        raise damaged(path, f"it has {size} bytes, not {HEAD_BYTES + description.size}")
    return Backup(path, description, sha256)


def damaged(path: Path, why: str) -> OperationError:
    """Return the error that says so."""
    return OperationError(f"{path}: is damaged: {why}; use another backup")
