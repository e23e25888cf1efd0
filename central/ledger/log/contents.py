"""What a block of the log holds, and what all blocks together say. Pure.

A block is some records: kind, length, payload. The first block of each segment begins with a
*heading*: whose log it is, where the segment before ended, and everything that the segments before
say but the entries. So those before can be deleted once their entries are no longer needed. The
rest of a block is what one write changed. Entries replace everything from the index of the first
one on (Raft, 3.5).
"""

import struct
from collections.abc import Iterator
from enum import IntEnum

from central.ledger.log.format import (
    decode_entries,
    decode_hard_state,
    decode_identity,
    decode_index,
    decode_received,
    decode_restore,
    decode_snapshot,
    encode_entries,
    encode_hard_state,
    encode_identity,
    encode_index,
    encode_received,
    encode_restore,
    encode_snapshot,
)
from central.ledger.log.state import LogState
from central.raft import Entry, HardState, Persist, Piece, Restore, Snapshot
from node.values import frozen

_RECORD = struct.Struct(">BI")
_FIRST = struct.Struct(">Q")
_END = struct.Struct(">QI")


class Kind(IntEnum):
    """The records. Never renumbered."""

    OWNER = 1
    HARD_STATE = 2
    START = 3
    RECEIVED = 4
    RESTORE = 5
    LAST = 6
    ENTRIES = 7
    BEFORE = 8


@frozen
class Owner:
    """Whose log it is."""

    cluster_id: str
    replica_id: str


@frozen
class End:
    """Where a segment ended, and what the checksum of a next block would have gone on from."""

    offset: int
    crc: int


def heading(owner: Owner, before: End, state: LogState) -> bytes:
    """Return what a segment's first block begins with: `state` is as the segments before left it.

    Of the first segment of all, `before` is where nothing is: offset 0.
    """
    return b"".join(
        (
            _record(Kind.OWNER, encode_identity(owner.cluster_id, owner.replica_id)),
            _record(Kind.BEFORE, _END.pack(before.offset, before.crc)),
            _record(Kind.HARD_STATE, encode_hard_state(state.hard_state)),
            _record(Kind.START, encode_snapshot(state.start)),
            _record(Kind.RECEIVED, encode_received(state.received)),
            _record(Kind.RESTORE, encode_restore(state.restore)),
            _record(Kind.LAST, encode_index(state.last)),
        )
    )


def changes(old: LogState, new: LogState, persist: Persist) -> bytes:
    """Return what a write that leads from `old` to `new` puts down, which may be nothing."""
    parts = []
    if new.hard_state != old.hard_state:
        parts.append(_record(Kind.HARD_STATE, encode_hard_state(new.hard_state)))
    if persist.restore is not None or new.restore != old.restore:
        parts.append(_record(Kind.RESTORE, encode_restore(new.restore)))
    if persist.start is not None:
        parts.append(_record(Kind.START, encode_snapshot(new.start)))
    if new.received != old.received:
        parts.append(_record(Kind.RECEIVED, encode_received(new.received)))
    if persist.entries:
        first = _FIRST.pack(persist.entries[0].index)
        parts.append(_record(Kind.ENTRIES, first + encode_entries(persist.entries)))
    return b"".join(parts)


def owned_by(owner: Owner) -> bytes:
    """Return what makes it another's log."""
    return _record(Kind.OWNER, encode_identity(owner.cluster_id, owner.replica_id))


def end_before(payload: bytes) -> End:
    """Return where the segment before ended, of a segment's first block; raises ValueError."""
    for kind, record in _records(payload):
        if kind == Kind.BEFORE:
            return End(*_END.unpack(record))
    raise ValueError("a segment begins without a heading")


class Replay:
    """Everything that blocks say, in their order, without entries that are no longer needed.

    Every method raises ValueError, or struct.error, for what no write can have left.
    """

    def __init__(self) -> None:
        self.owner = Owner("", "")
        self.entries: list[Entry] = []
        self.begun_after = 0  # the last index before the first segment that is there
        self._base = 0  # the index before the first of `entries`
        self._hard_state = HardState()
        self._start = Snapshot()
        self._received: Piece | None = None
        self._restore: Restore | None = None

    @property
    def last(self) -> int:
        """The last index."""
        return self._base + len(self.entries)

    @property
    def state(self) -> LogState:
        """What is beside the entries."""
        return LogState(self._hard_state, self._start, self.last, self._received, self._restore)

    def begin_segment(self, payload: bytes, *, is_first: bool) -> None:
        """Take a segment's first block. `is_first`: of those that are there."""
        known, records = (self.owner, self.state), list(_records(payload))
        kinds = [kind for kind, _ in records]
        place = kinds.index(Kind.LAST) + 1 if Kind.LAST in kinds else 0
        if set(kinds[:place]) != set(Kind) - {Kind.ENTRIES}:
            raise ValueError("a segment begins without a heading")
        for kind, record in records[:place]:
            if kind != Kind.LAST:
                self._take(kind, record)
            elif is_first:
                self._base = self.begun_after = decode_index(record)
            elif decode_index(record) != self.last:
                raise ValueError(f"a segment goes on from {decode_index(record)}, not {self.last}")
        if not is_first and known != (self.owner, self.state):
            raise ValueError("a segment does not go on from the one before it")
        self._take_all(records[place:])

    def take(self, payload: bytes) -> None:
        """Take another block."""
        self._take_all(list(_records(payload)))

    @property
    def missing(self) -> tuple[int, int] | None:
        """First and last index of what was in segments that are gone, and is needed."""
        start = self._start.index
        return (start + 1, self._base) if self._base > start else None

    def _take_all(self, records: list[tuple[Kind, bytes]]) -> None:
        for kind, record in records:
            self._take(kind, record)
        if any(kind == Kind.START for kind, _ in records):
            replaced = any(kind == Kind.RESTORE and record for kind, record in records)
            self._drop(all_of_them=replaced)
        for kind, record in records:
            if kind == Kind.ENTRIES:
                (first,) = _FIRST.unpack_from(record)
                self._append(first, list(decode_entries(first, record[_FIRST.size :])))

    def _take(self, kind: Kind, record: bytes) -> None:
        match kind:
            case Kind.OWNER:
                self.owner = Owner(*decode_identity(record))
            case Kind.HARD_STATE:
                self._hard_state = decode_hard_state(record)
            case Kind.START:
                self._start = decode_snapshot(record)
            case Kind.RECEIVED:
                self._received = decode_received(record)
            case Kind.RESTORE:
                self._restore = decode_restore(record)
            case Kind.LAST | Kind.BEFORE | Kind.ENTRIES:
                pass

    def _drop(self, *, all_of_them: bool) -> None:
        start = self._start.index
        if all_of_them:
            self.entries, self._base = [], start
        elif start > self.last:
            raise ValueError(f"the log starts after {start}, but ends at {self.last}")
        elif start > self._base:
            del self.entries[: start - self._base]
            self._base = start

    def _append(self, first: int, entries: list[Entry]) -> None:
        if not self._start.index < first <= self.last + 1:
            raise ValueError(f"entry {first} does not follow {self.last}")
        if first <= self._base:  # those before it were in segments that are gone
            self.entries, self._base = entries, first - 1
        else:
            self.entries[first - self._base - 1 :] = entries


def _record(kind: Kind, payload: bytes) -> bytes:
    return _RECORD.pack(kind, len(payload)) + payload


def _records(payload: bytes) -> Iterator[tuple[Kind, bytes]]:
    offset = 0
    while offset < len(payload):
        kind, length = _RECORD.unpack_from(payload, offset)
        offset += _RECORD.size
        if offset + length > len(payload):
            raise ValueError("a record is cut short")
        yield Kind(kind), payload[offset : offset + length]
        offset += length
