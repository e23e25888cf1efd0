"""What the ledger did at one index, proved against a head that the reader knows. Pure.

The reader needs no ledger: the head at an index that an auditor noted once, this proof, and
SHA-256. The tree is that of RFC 6962; what is hashed for a link stands in protos/audit.proto.
"""

import hashlib
import json
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from central.ledger.merkle import leaf_hash, root_of_path
from node.errors import UsageError

FORMAT = 1
"""Version of what is hashed. Heads of different formats cannot be compared."""

_LEAF = struct.Struct(">QQQ32s32s")

HeadAt = Callable[[int], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Head:
    """What commits to all entries up to an index."""

    index: int
    digest: bytes
    format: int
    replica_id: str

    def __str__(self) -> str:
        return f"{self.index}:{self.digest.hex()}"


@dataclass(frozen=True, slots=True)
class Link:
    """One applied entry: what it was, and what it did.

    content: SHA-256 of a byte 0 and the entry's data, or a byte 1 and its configuration.
    rows: JSON, [changes, layouts, counts], each a list of the rows that the entry made.
    """

    index: int
    term: int
    committed_at_us: int
    content: bytes
    rows: str

    def leaf(self) -> bytes:
        """Return the hash that stands for this entry in the tree."""
        rows = hashlib.sha256(self.rows.encode()).digest()
        data = _LEAF.pack(self.index, self.term, self.committed_at_us, self.content, rows)
        return leaf_hash(data)


@dataclass(frozen=True, slots=True)
class Proof:
    """A link, a head at or after it, and the audit path from one to the other."""

    link: Link
    head: Head
    path: tuple[bytes, ...]

    @property
    def holds(self) -> bool:
        """Whether the head commits to the link."""
        root = root_of_path(self.link.leaf(), self.link.index - 1, self.head.index, self.path)
        return root == self.head.digest


async def first_difference(one: HeadAt, other: HeadAt, *, low: int = 0, high: int) -> int:
    """Return the first index after `low` at which two chains differ, if they differ at `high`.

    By bisection: a head commits to everything before it, so heads that differ once differ on.
    """
    while high - low > 1:
        middle = (low + high) // 2
        if await one(middle) == await other(middle):
            low = middle
        else:
            high = middle
    return high


def proof_to_json(proof: Proof) -> str:
    """Return a proof as one JSON object. `rows` stays the text that was hashed."""
    link, head = proof.link, proof.head
    return json.dumps(
        {
            "index": link.index,
            "term": link.term,
            "committed_at_us": link.committed_at_us,
            "content": link.content.hex(),
            "rows": link.rows,
            "head_index": head.index,
            "head": head.digest.hex(),
            "format": head.format,
            "replica": head.replica_id,
            "path": [digest.hex() for digest in proof.path],
        },
        ensure_ascii=False,
        indent=2,
    )


def proof_from_json(text: str, *, source: str) -> Proof:
    """Return the proof that `proof_to_json` wrote; raises UsageError naming `source`."""
    try:
        value: dict[str, Any] = json.loads(text)
        return Proof(
            Link(
                _number(value, "index"),
                _number(value, "term"),
                _number(value, "committed_at_us"),
                _digest(value["content"]),
                str(value["rows"]),
            ),
            Head(
                _number(value, "head_index"),
                _digest(value["head"]),
                _number(value, "format"),
                str(value["replica"]),
            ),
            tuple(_digest(part) for part in value["path"]),
        )
    except KeyError as error:
        raise _no_proof(source, f"it has no {error}") from error
    except TypeError as error:
        raise _no_proof(source, "it is built otherwise") from error
    except ValueError as error:
        raise _no_proof(source, str(error)) from error


def _no_proof(source: str, why: str) -> UsageError:
    return UsageError(
        f"{source} is no proof ({why}): give what 'parkledger history --proof' printed"
    )


def _number(value: dict[str, Any], key: str) -> int:
    number = value[key]
    if not isinstance(number, int) or not 0 <= number < 2**63:
        raise ValueError(f"{key} is {number!r}")
    return number


def _digest(text: str) -> bytes:
    digest = bytes.fromhex(text)
    if len(digest) != 32:
        raise ValueError(f"'{text}' is no SHA-256")
    return digest
