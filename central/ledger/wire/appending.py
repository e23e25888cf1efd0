"""Batches of detections and their rejections, as protos and back."""

from central.ledger.records import (
    CONFIDENCE_SCALE,
    Detection,
    DetectionBatch,
    IdempotencyKey,
    Rejected,
)
from central.ledger.wire import conditions
from central.ledger.wire.occupancies import occupancy_from_proto, occupancy_to_proto
from node.errors import UsageError
from protos import parking_pb2


def batch_to_proto(batch: DetectionBatch) -> parking_pb2.DetectionBatch:
    """Return a batch's message."""
    return parking_pb2.DetectionBatch(
        camera_id=batch.key.camera_id,
        boot_id=batch.key.boot_id,
        sequence=batch.key.sequence,
        captured_at_us=batch.captured_at_us,
        layout_version=batch.layout_version,
        model=batch.model,
        detections=[
            parking_pb2.Detection(
                spot_id=detection.spot_id,
                occupancy=occupancy_to_proto(detection.occupancy),
                confidence_permyriad=detection.confidence,
            )
            for detection in batch.detections
        ],
        camera=conditions.report_to_proto(batch.camera) if batch.camera else None,
    )


def batch_from_proto(batch: parking_pb2.DetectionBatch) -> DetectionBatch:
    """Return the batch of a message; UsageError for what is no state or confidence."""
    for detection in batch.detections:
        if detection.confidence_permyriad > CONFIDENCE_SCALE:
            raise UsageError(
                f"detection of spot '{detection.spot_id}': confidence_permyriad is "
                f"{detection.confidence_permyriad}, the most is {CONFIDENCE_SCALE}"
            )
    return DetectionBatch(
        key=IdempotencyKey(batch.camera_id, batch.boot_id, batch.sequence),
        captured_at_us=batch.captured_at_us,
        layout_version=batch.layout_version,
        model=batch.model,
        detections=tuple(
            Detection(d.spot_id, occupancy_from_proto(d.occupancy), d.confidence_permyriad)
            for d in batch.detections
        ),
        camera=conditions.report_from_proto(batch.camera) if batch.HasField("camera") else None,
    )


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
