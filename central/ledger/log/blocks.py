"""A segment of the log as bytes: a preamble, then a block for each write. Pure.

    preamble   magic, schema version, sequence, size of the file, CRC-32            32 bytes
    block      length, blank sectors, CRC-32 of the payload, CRC-32 of this head    16 bytes
               the payload (see contents.py)
               1 to 16 bytes FF, so that the next block begins at a multiple of 16
    ...        zeros: the file has its full size, and was synced, before it was used

A block is written and synced before the next one begins. So after a crash only the last one can be
torn: some of its sectors are on the disk, the others still zero. Damage has to be told from that,
for a torn block was never acknowledged, and one that has rotted may have been. A head lies within
one sector. No sector of a whole block is zero, but for those that its head counts as blank: heads
have a length, and the last sector ends in FF. Therefore (as etcd's isTornEntry, made exact):

- A head that is there says truly how long its block is. If a sector more than said is zero, or its
  end is, and nothing stands behind it, it is torn; else, with a wrong checksum, it is damaged.
- Where no head is, nothing was finished there, unless a sound head stands further on.
- A head with a wrong checksum is damaged, unless nothing stands behind it: then it was cut short.

A payload's checksum goes on from the one before, and a head's covers where it stands, so that no
block is taken for another. Everything is big-endian.
"""

import struct
import zlib
from collections.abc import Iterator

from node.values import frozen

SCHEMA_VERSION = 3
"""Of the log; 1 and 2 were SQLite files (see log_db.py)."""

PREAMBLE_BYTES = 32
SECTOR = 512

_MAGIC = b"parklog\0"
_PREAMBLE = struct.Struct(">8sIQQ")
_CRC = struct.Struct(">I")
_HEAD = struct.Struct(">III")
_PLACE = struct.Struct(">QQ")
_HEAD_BYTES = _HEAD.size + _CRC.size
_ZEROS = bytes(1 << 14)
_ALIGNED = 16


class Damaged(ValueError):
    """What was written whole is not what is there now. offset: where that begins."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"damaged at byte {offset}")
        self.offset = offset


class NewerVersion(Exception):
    """A segment that a later program has written. version: of its schema."""

    def __init__(self, version: int) -> None:
        super().__init__(f"schema version {version}")
        self.version = version


@frozen
class Block:
    """end: where the next one begins. crc: what that one's checksum goes on from."""

    payload: bytes
    end: int
    crc: int


def encode_preamble(sequence: int, size: int) -> bytes:
    """Return what a segment begins with."""
    return _sealed(_PREAMBLE.pack(_MAGIC, SCHEMA_VERSION, sequence, size))


def first_crc(preamble: bytes) -> int:
    """Return what the checksum of a segment's first block goes on from."""
    return zlib.crc32(preamble)


def encode_block(payload: bytes, *, sequence: int, offset: int, crc: int) -> tuple[bytes, int]:
    """Return a block for its place, and what the next one's checksum goes on from.

    `payload` is not empty, `offset` a multiple of 16.
    """
    crc = zlib.crc32(payload, crc)
    length = len(payload)
    body = payload + b"\xff" * (_ALIGNED - length % _ALIGNED)
    blank = 0
    shift = offset % SECTOR
    if 0 in payload[-(shift + _HEAD_BYTES) % SECTOR :: SECTOR]:  # else no whole sector is zero
        placed = bytes(shift) + b"\xff" * _HEAD_BYTES + body
        blank = _blank_sectors(placed, shift, len(placed))
    head = _HEAD.pack(length, blank, crc)
    return head + _CRC.pack(_head_crc(head, sequence, offset)) + body, crc


def block_bytes(payload_bytes: int) -> int:
    """Return how large the block is that holds so much."""
    return _HEAD_BYTES + payload_bytes + _ALIGNED - payload_bytes % _ALIGNED


def read_blocks(content: bytes, *, sequence: int, until: int | None = None) -> Iterator[Block]:
    """Yield the blocks of a segment, as far as they were written.

    until: where they are known to end. Raises Damaged, NewerVersion.
    """
    if len(content) < PREAMBLE_BYTES:
        raise Damaged(0)  # a segment has its full size before it has its name
    written = written_bytes(content)
    if until is None and _was_cut(content, sequence, 0, PREAMBLE_BYTES, written):
        return
    _check_preamble(content, sequence)
    offset, crc = PREAMBLE_BYTES, first_crc(content[:PREAMBLE_BYTES])
    while offset < (written if until is None else until):
        block = _block_at(content, sequence, offset, crc)
        if block is None:
            if until is None and _is_torn(content, sequence, offset, written):
                return
            raise Damaged(offset)
        yield block
        offset, crc = block.end, block.crc
    if until is not None and offset != until:
        raise Damaged(offset)


def written_bytes(content: bytes) -> int:
    """Return where the zeros begin that content ends in; a megabyte of them takes no time."""
    end = len(content)
    while content.endswith(_ZEROS, 0, end):
        end -= len(_ZEROS)
    return len(content[max(0, end - len(_ZEROS)) : end].rstrip(b"\0")) + max(0, end - len(_ZEROS))


def _check_preamble(content: bytes, sequence: int) -> None:
    preamble = content[:PREAMBLE_BYTES]
    magic, version, of_sequence, size = _PREAMBLE.unpack_from(preamble)
    if magic != _MAGIC or preamble != _sealed(preamble[: _PREAMBLE.size]):
        raise Damaged(0)
    if version > SCHEMA_VERSION:
        raise NewerVersion(version)
    if of_sequence != sequence:
        raise Damaged(0)
    if size != len(content):
        raise Damaged(min(size, len(content)))


def _block_at(content: bytes, sequence: int, offset: int, crc: int) -> Block | None:
    """Return the block that stands there, if it is whole."""
    head = content[offset : offset + _HEAD_BYTES]
    if not _is_head(head, sequence, offset):
        return None
    length, _, stored = _HEAD.unpack_from(head)
    begin, end = offset + _HEAD_BYTES, offset + block_bytes(length)
    payload = content[begin : begin + length]
    whole = zlib.crc32(payload, crc) == stored and len(content) >= end
    if not whole or content[begin + length : end].strip(b"\xff"):
        return None
    return Block(payload, end, stored)


def _is_head(head: bytes, sequence: int, offset: int) -> bool:
    return (
        len(head) == _HEAD_BYTES
        and any(head[:4])
        and _CRC.unpack_from(head, _HEAD.size)[0] == _head_crc(head[: _HEAD.size], sequence, offset)
    )


def _is_torn(content: bytes, sequence: int, offset: int, written: int) -> bool:
    """Return whether what stands where no whole block is was never on the disk whole.

    written: behind that all is zero.
    """
    behind_head = offset + _HEAD_BYTES
    if _was_cut(content, sequence, offset, behind_head, written):
        return True
    head = content[offset:behind_head]
    if not _is_head(head, sequence, offset):
        return False
    length, blank, _ = _HEAD.unpack_from(head)
    end = offset + block_bytes(length)
    if written > end or end > len(content):
        return False
    return not content[end - 1] or _blank_sectors(content, offset, end) > blank


def _was_cut(content: bytes, sequence: int, offset: int, end: int, written: int) -> bool:
    """Return whether what begins at `offset`, up to `end` in one sector, was not written whole."""
    if written <= end:
        return True  # a block has at least FF behind its head
    if any(content[offset:end]):
        return False
    heads = range(end, written, _ALIGNED)
    return not any(
        _is_head(content[place : place + _HEAD_BYTES], sequence, place) for place in heads
    )


def _blank_sectors(content: bytes, offset: int, end: int) -> int:
    first = offset - offset % SECTOR
    return sum(
        not content[max(offset, place) : min(end, place + SECTOR)].strip(b"\0")
        for place in range(first, end, SECTOR)
    )


def _head_crc(head: bytes, sequence: int, offset: int) -> int:
    return zlib.crc32(head, zlib.crc32(_PLACE.pack(sequence, offset)))


def _sealed(data: bytes) -> bytes:
    return data + _CRC.pack(zlib.crc32(data))
