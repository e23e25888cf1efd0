"""Whose messages a replica takes: only those of the disk that it knows under that name.

See `identity` for why, and for what this cannot notice.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from central.ledger.peers.identity import Identity, write_identity
from central.ledger.peers.members import Place, Standing, decode_places
from central.raft import Configuration


def known_incarnation(identity: Identity, peer: str, place: Place | None) -> str:
    """Return which incarnation of a peer is the right one, empty if any is. Pure.

    What the log says of a member that was added counts more than what we met: it may have been
    removed and added anew while we were away.
    """
    return (place.incarnation if place else "") or identity.met.get(peer, "")


def lost_disk(peer: str) -> str:
    """Say that another incarnation uses a member's name."""
    return (
        f"replica '{peer}' has lost its disk, or another one uses its name: remove it with "
        f"'parkledger members remove {peer}' and add it under a new id"
    )


def after_hearing(identity: Identity, peer: str, incarnation: str, standing: Standing) -> Identity:
    """Return what is known after a peer that may be listened to was heard. Pure.

    Only members are remembered: nothing rests on the word of others, for they are not counted.
    Once a configuration without it is committed, a former member is forgotten: it may come back
    with an empty disk, for it comes as a learner.
    """
    members, met = standing.configuration.members, identity.met
    if standing.committed and not met.keys() <= members:
        met = {one: its for one, its in met.items() if one in members}
    if incarnation and peer in members and peer not in met:
        met = {**met, peer: incarnation}
    return identity if met is identity.met else replace(identity, met=met)


class Acquaintances:
    """One replica's, kept on disk."""

    def __init__(
        self, directory: Path, identity: Identity, standing: Callable[[], Standing]
    ) -> None:
        """`standing` gives the latest configuration in this replica's log."""
        self._directory = directory
        self._identity = identity
        self._standing = standing
        self._places: tuple[Configuration, dict[str, Place]] | None = None
        self._writing = asyncio.Lock()
        # What `knows` was answered from, and for whom it was yes.
        self._ground: tuple[Identity, Standing] | None = None
        self._known: set[tuple[str, str, int]] = set()

    @property
    def incarnation(self) -> str:
        """This replica's own."""
        return self._identity.incarnation

    def fault(self, peer: str, incarnation: str, known_since: int = 0) -> str:
        """Say why this incarnation of a peer is not listened to; empty if it may be.

        known_since: index of the configuration in its log, if that names this incarnation, else 0.
        One whose log is ahead of ours there was taken in by a quorum since: whoever had its name
        before was removed first, and it may be the primary that is to bring us the log.
        """
        standing = self._standing()
        if known_since > standing.index:
            return ""
        configuration = standing.configuration
        if self._places is None or self._places[0] is not configuration:
            self._places = (configuration, decode_places(configuration.context))
        # As it will be once it is written that former members are forgotten.
        identity = after_hearing(self._identity, "", "", standing)
        known = known_incarnation(identity, peer, self._places[1].get(peer))
        return lost_disk(peer) if known and known != incarnation else ""

    def knows(self, peer: str, incarnation: str, known_since: int = 0) -> bool:
        """Return whether `admit` would find no fault and have nothing to write.

        Asked before each message: the answer is kept as long as nothing changes that it rests on.
        """
        standing = self._standing()
        if self._ground is None or self._ground != (self._identity, standing):
            self._ground = (self._identity, standing)
            self._known.clear()
        asked = (peer, incarnation, known_since)
        if asked in self._known:
            return True
        if self.fault(*asked) or self._after(peer, incarnation) is not self._identity:
            return False
        self._known.add(asked)
        return True

    async def admit(self, peer: str, incarnation: str, known_since: int = 0) -> str:
        """Return why a peer is not to be listened to, empty if it is; then it is remembered.

        To be asked before each of its messages is taken: it may have become a member meanwhile.
        Raises OSError if that cannot be written; then its messages must not be taken.
        """
        if fault := self.fault(peer, incarnation, known_since):
            return fault
        if self._after(peer, incarnation) is not self._identity:
            async with self._writing:
                new = self._after(peer, incarnation)
                if new is not self._identity:
                    await asyncio.to_thread(write_identity, self._directory, new)
                    self._identity = new
            return self.fault(peer, incarnation, known_since)
        return ""

    def _after(self, peer: str, incarnation: str) -> Identity:
        return after_hearing(self._identity, peer, incarnation, self._standing())
