"""What a crash or rot leaves of a segment: which is which."""

import itertools
import random
import zlib
from collections.abc import Iterable

import pytest

from central.ledger.log.blocks import (
    PREAMBLE_BYTES,
    SECTOR,
    Damaged,
    NewerVersion,
    block_bytes,
    encode_block,
    encode_preamble,
    first_crc,
    read_blocks,
)

SIZE = 1 << 13
SEQUENCE = 3
RNG = random.Random(5)


def segment(payloads: Iterable[bytes]) -> tuple[bytes, list[int]]:
    """Return a segment with these blocks, and where each begins and the last one ends."""
    content = encode_preamble(SEQUENCE, SIZE)
    crc, places = first_crc(content), [PREAMBLE_BYTES]
    for payload in payloads:
        block, crc = encode_block(payload, sequence=SEQUENCE, offset=len(content), crc=crc)
        assert len(block) == block_bytes(len(payload))
        content += block
        places.append(len(content))
    return content.ljust(SIZE, b"\0"), places


def read(content: bytes, sequence: int = SEQUENCE) -> list[bytes]:
    return [block.payload for block in read_blocks(content, sequence=sequence)]


def flipped(content: bytes, place: int, bit: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]


def sectors(begin: int, end: int) -> list[tuple[int, int]]:
    """Return where each sector between two places begins and ends there."""
    first = begin - begin % SECTOR
    return [(max(begin, s), min(end, s + SECTOR)) for s in range(first, end, SECTOR)]


LAST = [
    b"x",
    RNG.randbytes(300),
    RNG.randbytes(1200),
    RNG.randbytes(90) + bytes(2500) + RNG.randbytes(700),  # of whole sectors that are blank
    bytes(1800),
    bytes(2048) + b"\1",
]


@pytest.mark.parametrize("sizes", [(), (1,), (15, 16, 17), (4000, 470)])
def test_what_was_written_is_read(sizes: tuple[int, ...]) -> None:
    payloads = [RNG.randbytes(size) for size in sizes]
    content, places = segment(payloads)
    found = list(read_blocks(content, sequence=SEQUENCE))
    assert [block.payload for block in found] == payloads
    assert [block.end for block in found] == places[1:]


@pytest.mark.parametrize("last", LAST)
def test_every_flipped_bit_of_what_was_written_is_found(last: bytes) -> None:
    content, places = segment([b"one", RNG.randbytes(600), last])
    for place in range(places[-1]):
        near = any(-1 <= place - each < 16 for each in places)
        for bit in range(8) if near else (place % 8,):
            with pytest.raises(Damaged) as caught:
                read(flipped(content, place, bit))
            before = max([0, *(each for each in places if each <= place)])
            assert caught.value.offset == (before if place >= PREAMBLE_BYTES else 0)


@pytest.mark.parametrize("last", LAST)
def test_a_flipped_bit_behind_the_end_changes_nothing(last: bytes) -> None:
    payloads = [b"one", last]
    content, places = segment(payloads)
    for place in range(places[-1], places[-1] + 1200, 7):
        assert read(flipped(content, place, place % 8)) == payloads


@pytest.mark.parametrize("last", LAST)
@pytest.mark.parametrize("before", [[], [b"one"], [RNG.randbytes(480 - 32 - 32)]])
def test_a_last_block_that_was_cut_anywhere_is_torn(last: bytes, before: list[bytes]) -> None:
    content, places = segment([*before, last])
    begin, end = places[-2:]
    for place in range(begin, end, 1 if end - begin < 200 else 3):
        assert read(content[:place].ljust(SIZE, b"\0")) == before
    assert read(content) == [*before, last]


@pytest.mark.parametrize("last", LAST)
@pytest.mark.parametrize("before", [[], [b"one"], [RNG.randbytes(480 - 32 - 32)]])
def test_a_last_block_without_some_of_its_sectors_is_torn(last: bytes, before: list[bytes]) -> None:
    content, places = segment([*before, last])
    parts = sectors(0 if not before else places[-2], places[-1])
    rng = random.Random(len(last))
    for _ in range(15):
        torn = bytearray(content)
        missing = rng.sample(parts, rng.randint(1, len(parts)))
        for begin, end in missing:
            torn[begin:end] = bytes(end - begin)
        blank = all(not any(content[begin:end]) for begin, end in missing)
        assert read(bytes(torn)) == ([*before, last] if blank else before)


def test_a_block_with_another_behind_it_was_never_torn() -> None:
    content, places = segment([b"one", RNG.randbytes(900), b"three"])
    for begin, end in sectors(places[1], places[2]):
        damaged = content[:begin] + bytes(end - begin) + content[end:]
        with pytest.raises(Damaged) as caught:
            read(damaged)
        assert caught.value.offset == places[1]


def test_a_block_is_taken_for_no_other() -> None:
    content, places = segment([b"one", b"two", b"six"])
    one, two, six = (content[begin:end] for begin, end in itertools.pairwise(places))
    for wrong in ((two, one, six), (one, one, six), (one, six, two), (one, six)):
        swapped = content[:PREAMBLE_BYTES] + b"".join(wrong)
        with pytest.raises(Damaged):
            read(swapped.ljust(SIZE, b"\0"))
    other = (
        encode_preamble(SEQUENCE, SIZE)
        + encode_block(b"one", sequence=SEQUENCE, offset=PREAMBLE_BYTES, crc=77)[0]
    )
    with pytest.raises(Damaged):  # of another life of the same file
        read(other.ljust(SIZE, b"\0"))


def test_a_segment_is_taken_for_no_other_and_has_its_size() -> None:
    content, _ = segment([b"one"])
    with pytest.raises(Damaged):
        read(content, sequence=SEQUENCE + 1)
    for wrong in (content[: SIZE // 2], content[:100], content[:31], b"", content + bytes(16)):
        with pytest.raises(Damaged):
            read(wrong)


def test_a_later_version_is_not_read() -> None:
    content, _ = segment([b"one"])
    preamble = content[:8] + (4).to_bytes(4, "big") + content[12:28]
    with pytest.raises(NewerVersion, match="schema version 4"):
        read(preamble + zlib.crc32(preamble).to_bytes(4, "big") + content[32:])


def test_zeros_are_a_segment_that_was_not_begun() -> None:
    assert read(bytes(SIZE)) == []
    assert read(encode_preamble(SEQUENCE, SIZE).ljust(SIZE, b"\0")) == []
