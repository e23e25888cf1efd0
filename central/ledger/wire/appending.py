"""Batches of detections and their rejections, as protos and back.

Every record that the ledger commits comes through here: fields are set one by one, for a message
made by naming all of them at once takes three times as long.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from central.ledger.command import StoredBatches
from central.ledger.records import CONFIDENCE_SCALE, DetectionBatch, IdempotencyKey, Rejected
from central.ledger.wire import conditions
from central.ledger.wire.occupancies import occupancy_from_proto
from node.errors import UsageError
from node.identifiers import check_id
from protos import parking_pb2

LARGEST = 1 << 63
"""SQLite's integers end before it."""

OCCUPANCIES = frozenset(
    (parking_pb2.OCCUPANCY_OCCUPIED, parking_pb2.OCCUPANCY_VACANT, parking_pb2.OCCUPANCY_UNKNOWN)
)

checked_id = lru_cache(maxsize=10_000)(check_id)


def append_to_proto(number: int, batches: Iterable[DetectionBatch]) -> parking_pb2.AppendRequest:
    """Return the request that commits these."""
    request = parking_pb2.AppendRequest(number=number)
    for batch in batches:
        _fill(request.batches.add(), batch)
    return request


def batch_to_proto(batch: DetectionBatch) -> parking_pb2.DetectionBatch:
    """Return a batch's message."""
    message = parking_pb2.DetectionBatch()
    _fill(message, batch)
    return message


def batches_from_proto(batches: Iterable[parking_pb2.DetectionBatch]) -> StoredBatches:
    """Return batches as a log entry holds them; UsageError for what none can hold."""
    return StoredBatches([_stored(batch) for batch in batches], edition=3)


def _fill(message: parking_pb2.DetectionBatch, batch: DetectionBatch) -> None:
    key = batch.key
    message.camera_id = key.camera_id
    message.boot_id = key.boot_id
    message.sequence = key.sequence
    message.captured_at_us = batch.captured_at_us
    message.layout_version = batch.layout_version
    message.model = batch.model
    for detection in batch.detections:
        said = message.detections.add()
        said.spot_id = detection.spot_id
        said.occupancy = parking_pb2.Occupancy.ValueType(detection.occupancy)
        said.confidence_permyriad = detection.confidence
    if batch.camera is not None:
        message.camera.CopyFrom(conditions.report_to_proto(batch.camera))


def _stored(batch: parking_pb2.DetectionBatch) -> list[Any]:
    sequence, layout_version = batch.sequence, batch.layout_version
    if sequence >= LARGEST or layout_version >= LARGEST:
        raise UsageError(
            f"a batch of camera '{batch.camera_id}': sequence {sequence} and layout_version "
            f"{layout_version} must be below 2^63"
        )
    said: list[list[Any]] = []
    for detection in batch.detections:
        occupancy, confidence = detection.occupancy, detection.confidence_permyriad
        if confidence > CONFIDENCE_SCALE:
            raise UsageError(
                f"detection of spot '{detection.spot_id}': confidence_permyriad is "
                f"{confidence}, the most is {CONFIDENCE_SCALE}"
            )
        if occupancy not in OCCUPANCIES:
            occupancy_from_proto(occupancy)
        said.append([detection.spot_id, occupancy, confidence])
    stored = [
        *(checked_id("camera", batch.camera_id), checked_id("boot", batch.boot_id), sequence),
        *(batch.captured_at_us, layout_version, batch.model, said),
    ]
    if batch.HasField("camera"):
        report = conditions.report_from_proto(batch.camera)
        stored.append([report.condition, report.since_us, report.detail])
    return stored


def rejected_to_proto(rejected: Rejected) -> parking_pb2.RejectedBatch:
    """Return a rejection's message."""
    return parking_pb2.RejectedBatch(
        camera_id=rejected.key.camera_id,
        boot_id=rejected.key.boot_id,
        sequence=rejected.key.sequence,
        reason=rejected.reason,
    )


def rejected_from_proto(rejected: parking_pb2.RejectedBatch) -> Rejected:
    """Return the rejection of a message."""
    key = IdempotencyKey(rejected.camera_id, rejected.boot_id, rejected.sequence)
    return Rejected(key, rejected.reason)
