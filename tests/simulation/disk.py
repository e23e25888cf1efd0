"""A replica's disk as the core may rely on it: a write counts once fsync has returned.

tests/central/ledger holds the real storage against this model.
"""

import random
from dataclasses import dataclass

from central.raft import Entry, HardState, Persist, Piece, Restore, Snapshot
from tests.simulation.machine import Machine


class Broken(Exception):
    """A write failed: nobody may rely on this process any more. The message says how."""


@dataclass
class Arriving:
    """The pieces of a snapshot so far; `last` is the one that ends at `len(data)`."""

    last: Piece
    data: bytearray


class Disk:
    """What a crash leaves. Writes go one at a time, each there or not.

    The state machine keeps its own state: it reaches the disk with some later write, so that a
    restart applies some entries again.
    """

    def __init__(self, start: Snapshot | None = None) -> None:
        self.hard_state = HardState()
        self.start = start or Snapshot()
        self.entries: list[Entry] = []
        self.arriving: Arriving | None = None
        self.pending: Restore | None = None
        self._pending_data = b""
        self.machine = Machine()
        self.full = False
        self.failing = False  # the next fsync returns EIO
        self.flipped = False  # a bit; checksums show it when it is read
        self._under_way: tuple[Persist, Machine | None] | None = None

    def begin(self, persist: Persist, *, machine: Machine | None) -> None:
        """Start a write and its fsync."""
        assert self._under_way is None
        self._under_way = (persist, machine)

    def finish(self) -> None:
        """Let the fsync return: what was begun survives every crash from now on."""
        assert self._under_way is not None
        persist, machine = self._under_way
        self._under_way = None
        if machine is not None:
            self.machine = machine
        if persist.hard_state is not None:
            self.hard_state = persist.hard_state
        if persist.restore is not None:
            self._note(persist.restore)
        for piece in persist.pieces:
            self._keep(piece)
        if persist.start is not None:
            self._move_start(persist.start)
        if persist.entries:
            place = persist.entries[0].index - self.start.index - 1
            assert 0 <= place <= len(self.entries), "a write leaves a gap in the log on disk"
            self.entries[place:] = persist.entries

    def end(self, rng: random.Random) -> None:
        """Let the write end as this disk lets it; raises Broken."""
        if self.full:
            self._under_way = None
            raise Broken("disk full")
        if self.failing:
            self.failing = False
            # Whether the pages went out nobody knows, and asking again would not tell (fsyncgate).
            if rng.random() < 0.5:
                self.finish()
            self._under_way = None
            raise Broken("EIO on fsync")
        self.finish()

    def restored(self) -> None:
        """Make the snapshot that was received the state machine's state."""
        assert self.pending is not None
        self.machine = Machine.from_bytes(self._pending_data)
        if self.arriving is not None and self.arriving.last.identity == self.pending.identity:
            self.arriving = None
        self.pending = None

    def crash(self, rng: random.Random) -> str:
        """Lose power. A write that had not returned is lost, or on disk without anyone knowing."""
        if self._under_way is None:
            return "crash between writes"
        if rng.random() < 0.5:
            self.finish()
            return "crash after fsync, before it was known"
        self._under_way = None
        # Torn or not begun: the write's checksum tells, and it is cut off.
        return "crash with a write lost" if rng.random() < 0.5 else "crash with a torn write"

    @property
    def under_way(self) -> Persist | None:
        """The write that has not returned yet."""
        return self._under_way[0] if self._under_way else None

    @property
    def last_index(self) -> int:
        """The last index on disk."""
        return self.start.index + len(self.entries)

    def entry_at(self, index: int) -> Entry | None:
        """Return an entry, if it is here and not compacted."""
        place = index - self.start.index - 1
        return self.entries[place] if 0 <= place < len(self.entries) else None

    def _keep(self, piece: Piece) -> None:
        if piece.offset == 0:
            self.arriving = Arriving(piece, bytearray())
        assert self.arriving is not None
        assert self.arriving.last.identity == piece.identity, "a piece of another snapshot"
        assert piece.offset == len(self.arriving.data), "a piece out of its place"
        self.arriving.data += piece.data
        self.arriving.last = piece

    def _note(self, restore: Restore) -> None:
        arriving = self.arriving
        assert arriving is not None
        assert arriving.last.identity == restore.identity, "another snapshot than arrived"
        assert arriving.last.end == arriving.last.size, "restored from a part of a snapshot"
        self.pending, self._pending_data = restore, bytes(arriving.data)
        self.entries = []

    def _move_start(self, start: Snapshot) -> None:
        if self.pending is None:
            assert start.index <= self.machine.applied, "compacted what no state holds durably"
            del self.entries[: start.index - self.start.index]
        self.start = start
