"""PURE: which processor a camera prefers, so that many cameras share many without a coordinator.

Rendezvous hashing (Thaler and Ravishankar, 1998): each camera ranks the processors by a hash of
both names. All agree without talking; a processor that goes takes its own cameras' first choice
only, and they spread over all the others.
"""

import hashlib
from collections.abc import Iterable

from node.address import Address


def ranked(camera_id: str, processors: Iterable[Address]) -> tuple[Address, ...]:
    """Return `processors`, the camera's favourite first, whatever order they are given in.

    They count as written: every camera has to be told the same names.
    """

    def weight(processor: Address) -> bytes:
        return hashlib.sha256(f"{camera_id}\0{processor}".encode()).digest()

    return tuple(sorted(processors, key=weight, reverse=True))
