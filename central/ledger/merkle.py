"""A Merkle tree that only grows, as in Certificate Transparency (RFC 6962, section 2.1). Pure.

The root over the first n leaves commits to all of them in order; an audit path of about log2(n)
hashes proves to whoever knows a root what one leaf was. That is why it is a tree and not a list of
links: a proof over a list is as long as what came after.

A node is named by level and position: it covers the leaves `position << level` and on, `1 << level`
of them. Leaves count from 0.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

EMPTY_ROOT = hashlib.sha256(b"").digest()

Subtree = Callable[[int, int], bytes]
"""Level, position -> hash of a full subtree."""


@dataclass(frozen=True, slots=True)
class Node:
    """A full subtree."""

    level: int
    position: int
    digest: bytes


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees side by side."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Frontier:
    """The full subtrees that a tree consists of, largest first: all it takes to go on growing."""

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        self.size = size
        self._peaks = list(peaks)

    def copy(self) -> "Frontier":
        """Return another one that grows by itself."""
        return Frontier(self.size, self._peaks)

    def append(self, leaf: bytes) -> list[Node]:
        """Add a leaf's hash; returns the subtrees of two leaves and more that it completed."""
        completed: list[Node] = []
        level, position, digest = 0, self.size, leaf
        while position & 1:
            digest = node_hash(self._peaks.pop(), digest)
            level, position = level + 1, position >> 1
            completed.append(Node(level, position, digest))
        self._peaks.append(digest)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        return _fold(self._peaks)

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """The hashes of the subtrees: with `size`, what makes this frontier again."""
        return tuple(self._peaks)


def frontier_at(size: int, subtree: Subtree) -> Frontier:
    """Return the frontier over the first leaves of a larger tree."""
    return Frontier(size, [subtree(level, position) for level, position in peaks(0, size)])


def audit_path(leaf: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the hashes that, with the leaf's, make the root over the first `size` leaves.

    PATH(m, D[n]) of RFC 6962, from the leaf up.
    """
    path: list[bytes] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + (1 << ((end - first - 1).bit_length() - 1))
        other = (middle, end) if leaf < middle else (first, middle)
        path.append(_fold([subtree(*place) for place in peaks(*other)]))
        first, end = (first, middle) if leaf < middle else (middle, end)
    return path[::-1]


def root_of_path(digest: bytes, leaf: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that an audit path leads to, None if its length cannot be right.

    RFC 9162, section 2.1.3.2.
    """
    if not 0 <= leaf < size:
        return None
    place, last = leaf, size - 1
    for sibling in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            digest = node_hash(sibling, digest)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            digest = node_hash(digest, sibling)
        place, last = place >> 1, last >> 1
    return digest if last == 0 else None


def peaks(first: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield level and position of the full subtrees from leaf `first` on, largest first."""
    while first < end:
        level = (end - first).bit_length() - 1
        yield level, first >> level
        first += 1 << level


def _fold(peaks: Sequence[bytes]) -> bytes:
    if not peaks:
        return EMPTY_ROOT
    digest = peaks[-1]
    for peak in reversed(peaks[:-1]):
        digest = node_hash(peak, digest)
    return digest
