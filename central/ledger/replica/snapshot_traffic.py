"""Snapshots between replicas: reads the pieces that others want, checks those that arrive."""

import logging
import sqlite3
import time
from collections.abc import Callable

from central.ledger.errors import NoCopy
from central.ledger.log.storage import Storage
from central.ledger.replica.workers import Worker
from central.ledger.snapshots.snapshots import SnapshotSource
from central.raft import InstallSnapshot, Message, Piece, PieceWanted, Raft

logger = logging.getLogger(__name__)

SAY_EVERY = 60.0
"""Seconds between lines that say why a replica gets no snapshot: it asks several times a second."""

WEIGH_EVERY = 0.25
"""Seconds; asking the file system costs more than the tick that asks."""


class SnapshotTraffic:
    """One replica's; `wake` is called after each thing that the core was told."""

    def __init__(
        self, raft: Raft, source: SnapshotSource, worker: Worker, wake: Callable[[], None]
    ) -> None:
        self._raft = raft
        self._source = source
        self._worker = worker
        self._wake = wake
        self._said_at: dict[str, float] = {}
        self._weighed_at = -WEIGH_EVERY
        self.last_index = 0  # of the last snapshot that was sent or restored since the start

    async def read(self, wanted: PieceWanted) -> None:
        """Read a piece and give it to the core."""
        needed = self._raft.start.index
        if wanted.identity is None:
            needed = max(needed, wanted.at_least)
        try:
            read = await self._worker.do(lambda: self._source.read(wanted, at_least=needed))
        except (NoCopy, OSError, sqlite3.Error) as error:
            # Nothing here is at risk: the backup goes on waiting, and is asked about again.
            self._complain(f"no snapshot for {wanted.receiver}, which waits", error)
            return
        self._said_at.clear()
        if read.index < self._raft.start.index:
            return  # compacted meanwhile; the core asks again
        snapshot = self._raft.snapshot_at(read.index)
        if read.offset == 0:
            self.last_index = read.index
            logger.info("snapshot to %s: index=%d bytes=%d", wanted.receiver, read.index, read.size)
        piece = Piece(snapshot, read.identity, read.size, read.offset, read.data)
        self._raft.piece_read(wanted.receiver, piece)
        self._wake()

    def weigh(self, *, now: float) -> None:
        """Tell the core what a snapshot would weigh now, at most every `WEIGH_EVERY`."""
        if now - self._weighed_at >= WEIGH_EVERY:
            self._weighed_at = now
            self._raft.note_snapshot_bytes(self._source.size())

    def has_room(self, message: Message) -> bool:
        """Return False for a piece of a snapshot that would fill our disk, which stops a replica.

        Its sender offers it again until there is room, or sends entries if it can.
        """
        if not isinstance(message, InstallSnapshot):
            return True
        try:
            self._source.check_room_for(message.size - message.offset)
        except NoCopy as error:
            self._complain(f"no snapshot is taken from {message.sender}", error)
            return False
        return True

    def _complain(self, what: str, error: Exception) -> None:
        now = time.monotonic()
        if now - self._said_at.get(what, -SAY_EVERY) >= SAY_EVERY:
            self._said_at[what] = now
            logger.warning("%s: %s", what, error)

    async def check(self, identity: bytes, storage: Storage, disk: Worker) -> None:
        """Tell the core whether a snapshot that is all here is what was sent."""
        intact = await disk.do(lambda: storage.verify(identity))
        logger.info("snapshot received intact=%s", intact)
        self._raft.snapshot_received(identity, intact=intact)
        self._wake()

    async def tidy(self) -> None:
        """Drop the copy that nobody asks for any more."""
        await self._worker.do(self._source.drop_if_unused)
