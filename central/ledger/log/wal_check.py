"""Tells a torn end of SQLite's write-ahead log from damage to what had been fsynced. Pure.

SQLite recovers the log up to the first frame with a wrong checksum and forgets the rest without a
word. That is right after a crash: the last transaction is torn. It is wrong if a bit flipped in
an earlier one: transactions that were fsynced, and acknowledged, would vanish. With one fsync a
commit a transaction begins only when all earlier ones are on disk, so if any frame stands behind
a commit that comes at or after the first bad frame, then that frame had been on disk and whole.

What cannot be told apart: damage to the last transaction from a torn one; frames cut off at a
commit from frames never written; a whole file deleted from none. Erring on the safe side: where a
sector ends inside a frame's header, a torn transaction can look like a damaged one (one frame in
64, and only if sectors reach the disk out of order).

https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

import struct
from dataclasses import dataclass
from functools import lru_cache
from operator import mul

_HEADER = struct.Struct(">8I")  # magic, version, page size, checkpoint, 2 salts, 2 checksums
_FRAME = struct.Struct(">6I")  # page, pages after commit or 0, 2 salts, 2 checksums
_COVERED = 8  # bytes of a frame's header that its checksum covers
_VERSION = 3007000
_WORD_ORDER = {0x377F0682: "<", 0x377F0683: ">"}
_MASK = 0xFFFFFFFF

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Frame:
    salts: Pair
    checksum: Pair  # as it is stored
    before: Pair  # that of the frame before, as it is stored
    covered: bytes  # by the checksum: page number, pages after commit, the page
    order: str

    @property
    def words(self) -> tuple[int, ...]:
        return struct.unpack(f"{self.order}{len(self.covered) // 4}I", self.covered)

    @property
    def is_sound(self) -> bool:
        words = self.words
        return self.checksum == _checksum(words, self.before) and words[0] != 0

    @property
    def commits(self) -> bool:
        """Whether it ended a transaction, also if the one bit that says so has flipped."""
        page, pages = self.words[:2]
        if pages:
            return True
        was_page, was_pages = _covered_header(self)
        return page == was_page and was_pages.bit_count() == 1


def damaged_at(wal: bytes, *, recovered: int = 0) -> int | None:
    """Return the offset of the first byte group (header or frame) that is known to be damaged.

    None: everything is whole, or at most the last transaction is torn. recovered: so many frames
    are known to be sound (see wal_recovery); the checksum of each further one takes 0.2 ms.
    """
    if len(wal) < _HEADER.size:
        return None
    magic, version, page_size, _, salt_1, salt_2, *checksum = _HEADER.unpack_from(wal)
    order = _WORD_ORDER.get(magic)
    words = struct.unpack_from(f"{order or '<'}6I", wal)
    if order is None or version != _VERSION or _checksum(words, (0, 0)) != tuple(checksum):
        # The header is fsynced before the first frame is written.
        return 0 if any(wal[_HEADER.size :]) else None
    frame_size = _FRAME.size + page_size
    offsets = range(_HEADER.size, len(wal) - frame_size + 1, frame_size)
    before: Pair = (checksum[0], checksum[1])
    if recovered:
        before = _FRAME.unpack_from(wal, offsets[recovered - 1])[4:]
        offsets = offsets[recovered:]
    bad: int | None = None
    ended = False
    for offset in offsets:
        frame = _read(wal, offset, page_size, order, before)
        before = frame.checksum
        ours = frame.salts == (salt_1, salt_2)
        if bad is None:
            if ours and frame.is_sound:
                continue
            bad = offset
            ours = ours or frame.is_sound  # the salts are not under the checksum
        if not ours:
            continue  # left over from before the log was last begun anew
        if ended:
            return bad
        ended = frame.commits
    return None


def _read(wal: bytes, offset: int, page_size: int, order: str, before: Pair) -> _Frame:
    _, _, salt_1, salt_2, sum_1, sum_2 = _FRAME.unpack_from(wal, offset)
    page = offset + _FRAME.size
    covered = wal[offset : offset + _COVERED] + wal[page : page + page_size]
    return _Frame((salt_1, salt_2), (sum_1, sum_2), before, covered, order)


def _checksum(words: tuple[int, ...], seed: Pair) -> Pair:
    """SQLite's: for each pair (x, y): a += x + b; b += y + a (mod 2^32).

    It is linear, so it is a sum of products, which is much quicker in Python than the loop.
    """
    to_a, to_b, (aa, ab, ba, bb) = _weights(len(words))
    a = aa * seed[0] + ab * seed[1] + sum(map(mul, words, to_a))
    b = ba * seed[0] + bb * seed[1] + sum(map(mul, words, to_b))
    return a & _MASK, b & _MASK


def _covered_header(frame: _Frame) -> Pair:
    """Return what the first two words must have been for the checksum as it is stored.

    Two equations, two unknowns: run the checksum backwards over the page.
    """
    a, b = frame.checksum
    words = frame.words
    for x, y in zip(words[-2:1:-2], words[-1:1:-2], strict=True):
        b = (b - y - a) & _MASK
        a = (a - x - b) & _MASK
    x = a - frame.before[0] - frame.before[1]
    return x & _MASK, (b - frame.before[1] - a) & _MASK


@lru_cache(maxsize=4)
def _weights(count: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, int, int, int]]:
    """Return how much each word, and the seed, adds to either half of the checksum."""
    to_a, to_b = [0] * count, [0] * count
    x, y = (1, 1), (0, 1)  # what the last pair adds to (a, b)
    seed = ((1, 0), (0, 1))
    for place in range(count - 2, -1, -2):
        (to_a[place], to_b[place]), (to_a[place + 1], to_b[place + 1]) = x, y
        x, y = _advance(x), _advance(y)
        seed = _advance(seed[0]), _advance(seed[1])
    (aa, ba), (ab, bb) = seed
    return tuple(to_a), tuple(to_b), (aa, ab, ba, bb)


def _advance(state: Pair) -> Pair:
    a = (state[0] + state[1]) & _MASK
    return a, (state[1] + a) & _MASK
