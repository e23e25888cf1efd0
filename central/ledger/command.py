"""What a log entry says: bytes <-> command.

An entry is one byte of kind, eight bytes of `committed_at_us` (the primary's clock when it
proposed, big-endian) and compact JSON. JSON because an auditor must be able to read a log with
nothing but this page; integers only, so that every replica reads the same values.
"""

import json
import struct
from dataclasses import dataclass
from typing import Any

from central.layout.document import Layout
from central.ledger.layout_json import layout_from_json, layout_to_json
from central.ledger.records import (
    Detection,
    DetectionBatch,
    IdempotencyKey,
    LotReport,
    Occupancy,
)
from node.errors import OperationError

_HEADER = struct.Struct(">BQ")


class CorruptCommandError(OperationError):
    """An entry that this version of the code cannot read: it stops rather than guess."""


@dataclass(frozen=True)
class AppendBatches:
    """Detections of any number of cameras, in the order in which they were sent."""

    batches: tuple[DetectionBatch, ...]


@dataclass(frozen=True)
class ApplyLayout:
    """A lot's new layout. `expected_version` None replaces whatever is there."""

    layout: Layout
    expected_version: int | None


@dataclass(frozen=True)
class ReportCount:
    """A lot's free count from elsewhere."""

    report: LotReport


@dataclass(frozen=True)
class LoseCamera:
    """Nobody has vouched for a camera for too long: what it saw is unknown from now on."""

    camera_id: str
    silent_since_us: int


Command = AppendBatches | ApplyLayout | ReportCount | LoseCamera

_KINDS: dict[type[Command], int] = {AppendBatches: 1, ApplyLayout: 2, ReportCount: 3, LoseCamera: 4}


def encode(command: Command, *, committed_at_us: int) -> bytes:
    """Return the bytes of a log entry."""
    body = json.dumps(_body(command), ensure_ascii=False, separators=(",", ":"))
    return _HEADER.pack(_KINDS[type(command)], committed_at_us) + body.encode()


def decode(data: bytes) -> tuple[Command, int]:
    """Return (command, committed_at_us). Raises CorruptCommandError."""
    try:
        kind, committed_at_us = _HEADER.unpack_from(data)
        return _command(kind, json.loads(data[_HEADER.size :])), committed_at_us
    except (struct.error, ValueError, TypeError, KeyError, IndexError) as error:
        raise CorruptCommandError(f"an entry of {len(data)} bytes is no command") from error


def _body(command: Command) -> Any:
    match command:
        case AppendBatches(batches):
            return [
                [
                    batch.key.camera_id,
                    batch.key.boot_id,
                    batch.key.sequence,
                    batch.captured_at_us,
                    batch.layout_version,
                    batch.model,
                    [[d.spot_id, d.occupancy, d.confidence] for d in batch.detections],
                ]
                for batch in batches
            ]
        case ApplyLayout(layout, expected_version):
            return [layout_to_json(layout), expected_version]
        case ReportCount(report):
            return [
                report.reporter,
                report.lot_id,
                report.available_spaces,
                report.status,
                report.counted_at_us,
            ]
        case LoseCamera(camera_id, silent_since_us):
            return [camera_id, silent_since_us]


def _command(kind: int, body: Any) -> Command:
    match kind:
        case 1:
            return AppendBatches(tuple(_batch(*fields) for fields in body))
        case 2:
            layout, expected_version = body
            return ApplyLayout(layout_from_json(layout), expected_version)
        case 3:
            return ReportCount(LotReport(*body))
        case 4:
            return LoseCamera(*body)
    raise CorruptCommandError(f"an entry of kind {kind} is not known to this version: upgrade")


def _batch(
    camera_id: str,
    boot_id: str,
    sequence: int,
    captured_at_us: int,
    layout_version: int,
    model: str,
    detections: list[tuple[str, int, int]],
) -> DetectionBatch:
    return DetectionBatch(
        key=IdempotencyKey(camera_id, boot_id, sequence),
        captured_at_us=captured_at_us,
        layout_version=layout_version,
        model=model,
        detections=tuple(
            Detection(spot_id, Occupancy(occupancy), confidence)
            for spot_id, occupancy, confidence in detections
        ),
    )
