"""What a log entry says: bytes <-> command.

An entry is one byte of kind, eight bytes of `committed_at_us` (the primary's clock when it
proposed, big-endian) and compact JSON. JSON because an auditor must be able to read a log with
nothing but this page; integers only, so that every replica reads the same values.

What an entry does follows from its kind alone, also after an upgrade: kinds 1 and 4 are of the
first edition, which recorded neither cameras' conditions nor models and layout versions, and they
do so still; kinds 1 and 5 remember no rejections. Replicas that were upgraded at different times
thereby come to the same heads.
"""

import json
import struct
from typing import Any

from central.layout.document import Layout
from central.ledger.compact_json import dumps, loads
from central.ledger.layout_json import layout_from_json, layout_to_json
from central.ledger.records import (
    CameraCondition,
    CameraReport,
    Detection,
    DetectionBatch,
    IdempotencyKey,
    LotReport,
    Occupancy,
)
from node.errors import OperationError
from node.values import frozen

_HEADER = struct.Struct(">BQ")


class CorruptCommandError(OperationError):
    """An entry that this version of the code cannot read: it stops rather than guess."""


@frozen
class AppendBatches:
    """Detections of any number of cameras, in the order in which they were sent."""

    batches: tuple[DetectionBatch, ...]
    edition: int = 3  # 2: rejections are not remembered; 1: nor model and layout version


@frozen
class ApplyLayout:
    """A lot's new layout. `expected_version` None replaces whatever is there."""

    layout: Layout
    expected_version: int | None


@frozen
class ReportCount:
    """A lot's free count from elsewhere."""

    report: LotReport


@frozen
class LoseCamera:
    """Nobody has vouched for a camera for too long: what it saw is unknown from now on."""

    camera_id: str
    silent_since_us: int
    edition: int = 2  # 1: its condition is not recorded


@frozen
class StoredBatches:
    """AppendBatches as it stands in an entry: lists as `_batch_to_json` makes them."""

    batches: list[list[Any]]
    edition: int


@frozen
class DropHistory:
    """What the entries up to an index made is not to be kept any longer."""

    through: int


@frozen
class SumState:
    """Every replica is to hash what stands."""


Command = AppendBatches | ApplyLayout | ReportCount | LoseCamera | DropHistory | SumState

_KINDS: dict[tuple[type[Command], int], int] = {
    (AppendBatches, 1): 1,
    (ApplyLayout, 1): 2,
    (ReportCount, 1): 3,
    (LoseCamera, 1): 4,
    (AppendBatches, 2): 5,
    (LoseCamera, 2): 6,
    (DropHistory, 1): 7,
    (SumState, 1): 8,
    (AppendBatches, 3): 9,
}
_STORED = {edition: _KINDS[AppendBatches, edition] for edition in (1, 2, 3)}
_EDITIONS = {kind: edition for edition, kind in _STORED.items()}

_LONG = (bytes([_KINDS[DropHistory, 1]]), bytes([_KINDS[SumState, 1]]))


def encode(command: Command | StoredBatches, *, committed_at_us: int) -> bytes:
    """Return the bytes of a log entry."""
    if isinstance(command, StoredBatches):
        kind, body = _STORED[command.edition], dumps(command.batches)
    else:
        kind = _KINDS[type(command), getattr(command, "edition", 1)]
        body = dumps(_body(command))
    return _HEADER.pack(kind, committed_at_us) + body


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
            return [_batch_to_json(batch) for batch in batches]
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
        case DropHistory(through):
            return [through]
        case SumState():
            return []


def read(data: bytes) -> tuple[Command | StoredBatches, int]:
    """Return (command, committed_at_us), batches as lists. Raises CorruptCommandError."""
    edition = _EDITIONS.get(data[0])
    if edition is None:
        return decode(data)
    try:
        _, committed_at_us = _HEADER.unpack_from(data)
        return StoredBatches(loads(data[_HEADER.size :]), edition), committed_at_us
    except (struct.error, ValueError) as error:
        raise CorruptCommandError(f"an entry of {len(data)} bytes is no command") from error


def takes_long(data: bytes) -> bool:
    """Return whether an entry takes long to apply, however short it is."""
    return data[:1] in _LONG


def _batch_to_json(batch: DetectionBatch) -> list[Any]:
    key, camera = batch.key, batch.camera
    said = [[d.spot_id, d.occupancy, d.confidence] for d in batch.detections]
    return [
        *(key.camera_id, key.boot_id, key.sequence),
        *(batch.captured_at_us, batch.layout_version, batch.model, said),
        *([] if camera is None else [[camera.condition, camera.since_us, camera.detail]]),
    ]


def _command(kind: int, body: Any) -> Command:
    match kind:
        case 1 | 5 | 9:
            return AppendBatches(tuple(_batch(*fields) for fields in body), _EDITIONS[kind])
        case 2:
            layout, expected_version = body
            return ApplyLayout(layout_from_json(layout), expected_version)
        case 3:
            return ReportCount(LotReport(*body))
        case 4 | 6:
            camera_id, silent_since_us = body
            return LoseCamera(camera_id, silent_since_us, 1 if kind == 4 else 2)
        case 7:
            return DropHistory(*body)
        case 8:
            return SumState(*body)
    raise CorruptCommandError(f"an entry of kind {kind} is not known to this version: upgrade")


def _batch(
    camera_id: str,
    boot_id: str,
    sequence: int,
    captured_at_us: int,
    layout_version: int,
    model: str,
    detections: list[tuple[str, int, int]],
    camera: tuple[int, int, str] | None = None,
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
        camera=None if camera is None else CameraReport(CameraCondition(camera[0]), *camera[1:]),
    )
