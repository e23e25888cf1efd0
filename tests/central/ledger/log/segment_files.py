"""The files of a log as a test looks at them, and alters them."""

import zlib
from pathlib import Path

from central.ledger.log.blocks import Block, read_blocks
from central.ledger.log.reading import segment_name


def segments(data: Path) -> list[Path]:
    """Return the segments of a data directory's log, in order, the one to come too."""
    return sorted((data / "log").glob("*.log"))


def blocks(segment: Path) -> list[Block]:
    """Return what was written into a segment."""
    return list(read_blocks(segment.read_bytes(), sequence=int(segment.stem)))


def flip(segment: Path, place: int, bit: int = 0) -> None:
    """Flip a bit of a file."""
    content = bytearray(segment.read_bytes())
    content[place] ^= 1 << bit
    segment.write_bytes(content)


def set_version(data: Path, version: int) -> None:
    """Make a log's first segment one that a program of another schema has written."""
    segment = data / "log" / segment_name(1)
    content = segment.read_bytes()
    preamble = content[:8] + version.to_bytes(4, "big") + content[12:28]
    segment.write_bytes(preamble + zlib.crc32(preamble).to_bytes(4, "big") + content[32:])
