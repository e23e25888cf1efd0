"""A log's directory, read from its first segment to its end."""

import re
import struct
from pathlib import Path

from central.ledger.log.blocks import Damaged, read_blocks, written_bytes
from central.ledger.log.contents import End, Replay, end_before
from central.ledger.log.files import Files
from central.ledger.log.spare import UNFINISHED
from node.values import frozen

_NAME = re.compile(r"(\d{12})\.log")


@frozen
class Segment:
    """after: the last index of the log when it was begun."""

    sequence: int
    after: int


@frozen
class Found:
    """What is in a log's directory.

    segments: those that were begun, in their order. size, end: of the last of them. behind: how far
    what is torn or rotten goes on behind its end. spare: size of the one to come, if it is there
    and fit for use. useless: files of ours that count for nothing.
    """

    replay: Replay
    segments: list[Segment]
    size: int
    end: End
    behind: int
    spare: int
    useless: list[str]


NOTHING = Found(Replay(), [], 0, End(0, 0), 0, 0, [])
"""What there is before there is a log."""


def segment_name(sequence: int) -> str:
    """Return a segment's file name."""
    return f"{sequence:012}.log"


def read_log(directory: Path, files: Files, *, to_write: bool) -> Found:
    """Read a log. to_write: from the disk itself, so that one can go on from there.

    Raises ValueError naming the file that is damaged and the index, OSError, NewerVersion.
    """
    names = files.names(directory)
    run = _run(sorted(int(found[1]) for name in names if (found := _NAME.fullmatch(name))))
    replay, segments = Replay(), list[Segment]()
    size = behind = spare = 0
    end: End | None = None
    for sequence in run:
        content = files.read(
            directory / segment_name(sequence), from_disk=to_write and sequence in run[-2:]
        )
        after = replay.last
        here = _take_segment(replay, content, sequence, end)
        if here is not None:
            segments.append(Segment(sequence, after if end else replay.begun_after))
            size, end = len(content), here
            behind = max(0, written_bytes(content) - here.offset)
        elif end is None or sequence != run[-1]:
            raise ValueError(f"{segment_name(sequence)} is damaged at byte 0: it is empty")
        elif not written_bytes(content):
            spare = len(content)
    if end is None:
        raise ValueError("no segment is there")
    if replay.missing:
        first, last = replay.missing
        raise ValueError(
            f"{segment_name(run[0] - 1)} is gone: entries {first} to {last} are missing"
        )
    useful = {segment_name(each.sequence) for each in segments}
    if spare:
        useful.add(segment_name(run[-1]))
    ours = [name for name in names if name == UNFINISHED or _NAME.fullmatch(name)]
    useless = [name for name in ours if name not in useful]
    return Found(replay, segments, size, end, behind, spare, useless)


def _run(sequences: list[int]) -> list[int]:
    """Return the last ones without a gap: of those before it more were deleted."""
    begin = len(sequences) - 1
    while begin > 0 and sequences[begin - 1] == sequences[begin] - 1:
        begin -= 1
    return sequences[max(0, begin) :]


def _take_segment(replay: Replay, content: bytes, sequence: int, before: End | None) -> End | None:
    """Replay a segment; returns where it ends, None if it was not begun.

    before: where the one before it ended, if that is there.
    """
    end: End | None = None
    try:
        for block in read_blocks(content, sequence=sequence):
            if end is not None:
                replay.take(block.payload)
            elif before is not None and end_before(block.payload) != before:
                ended = segment_name(sequence - 1)
                raise ValueError(f"{ended} is damaged at byte {before.offset}")
            else:
                replay.begin_segment(block.payload, is_first=before is None)
            end = End(block.end, block.crc)
    except Damaged as error:
        raise ValueError(
            f"{segment_name(sequence)} is damaged at byte {error.offset}: entries from "
            f"{replay.last + 1} on do not match their checksum"
        ) from error
    except (ValueError, struct.error) as error:
        raise ValueError(f"{error}: entries from {replay.last + 1} on") from error
    return end
