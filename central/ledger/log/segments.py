"""The files of a log, written: one block a write, one sync.

Segments are zero-filled and synced before they are used, so that a write changes nothing but bytes
that are there, and a sync need not write what the file system knows about the file. Nothing is
written behind what has failed; and whoever opens a log reads its end from the disk itself.
"""

from pathlib import Path

from central.ledger.log.blocks import (
    PREAMBLE_BYTES,
    block_bytes,
    encode_block,
    encode_preamble,
    first_crc,
)
from central.ledger.log.contents import End, Owner, heading
from central.ledger.log.files import Files
from central.ledger.log.reading import Found, Segment, segment_name
from central.ledger.log.spare import Spare
from central.ledger.log.state import LogState

SEGMENT_BYTES = 4 << 20
"""What a segment has, unless a single write is larger."""

_FIRST_BYTES = 1 << 18  # a young log is small; then each segment is larger than the one before
_GROWTH = 4
_PAGE = 4096


class Segments:
    """One thread at a time writes. After a failure it is to be closed."""

    def __init__(
        self, directory: Path, files: Files, found: Found, *, segment_bytes: int, ahead: bool
    ) -> None:
        """Go on where what was found ends, be it nothing. ahead: make the next segment by a thread,
        in time. Raises OSError.
        """
        self._directory = directory
        self._files = files
        self._segment_bytes = segment_bytes
        self._ahead = ahead
        self._segments = list(found.segments)
        self._size = found.size
        self._end = found.end
        for name in found.useless:
            files.remove(directory / name)
        self._spare = Spare(directory, files)
        self._descriptor: int | None = None
        if found.segments:
            self._descriptor = files.open(self._path(self._sequence))
        if self._descriptor is not None and found.behind:
            files.write(self._descriptor, bytes(found.behind), found.end.offset)
            files.sync(self._descriptor)
        if found.spare:
            self._spare.keep(self._path(self._sequence + 1), found.spare)

    @property
    def is_room_made(self) -> bool:
        """Whether the next segment is there: going over to it then takes no longer than a write."""
        return self._spare.is_ready

    def has_room(self, payload_bytes: int) -> bool:
        """Return whether so much still goes into this segment."""
        return self._end.offset + block_bytes(payload_bytes) <= self._size

    def append(self, payload: bytes, owner: Owner, before: LogState) -> None:
        """Write a block, durably; `before` is what all before it come to. Raises OSError."""
        if self.has_room(len(payload)):
            self._write(payload, prefix=b"")
        else:
            self._go_over(heading(owner, self._end, before) + payload, before.last)
        if self._ahead and self._end.offset > self._size // 2 and not self._spare.is_begun:
            self._spare.begin(self._path(self._sequence + 1), self._next_size())

    def drop_before(self, start: int) -> None:
        """Delete the segments that hold no entry after `start`. Raises OSError."""
        while len(self._segments) > 1 and self._segments[1].after <= start:
            self._files.remove(self._path(self._segments[0].sequence))
            del self._segments[0]

    def close(self) -> None:
        """Release the files."""
        self._spare.close()
        if self._descriptor is not None:
            self._files.close(self._descriptor)
            self._descriptor = None

    @property
    def _sequence(self) -> int:
        return self._segments[-1].sequence if self._segments else 0

    def _path(self, sequence: int) -> Path:
        return self._directory / segment_name(sequence)

    def _next_size(self) -> int:
        return min(self._segment_bytes, max(_FIRST_BYTES, self._size * _GROWTH))

    def _go_over(self, payload: bytes, last: int) -> None:
        sequence = self._sequence + 1
        needed = PREAMBLE_BYTES + block_bytes(len(payload))
        size = max(self._next_size(), -(-needed // _PAGE) * _PAGE)
        descriptor, self._size = self._spare.take(self._path(sequence), size)
        if self._descriptor is not None:
            self._files.close(self._descriptor)
        self._descriptor = descriptor
        self._segments.append(Segment(sequence, last))
        preamble = encode_preamble(sequence, self._size)
        self._end = End(PREAMBLE_BYTES, first_crc(preamble))
        self._write(payload, prefix=preamble)

    def _write(self, payload: bytes, *, prefix: bytes) -> None:
        assert self._descriptor is not None
        offset = self._end.offset
        block, crc = encode_block(
            payload, sequence=self._sequence, offset=offset, crc=self._end.crc
        )
        self._files.write(self._descriptor, prefix + block, offset - len(prefix))
        self._files.sync(self._descriptor)
        self._end = End(offset + len(block), crc)
