"""Cameras' conditions, reports and changes, as protos and back."""

from central.ledger.records import (
    CameraChange,
    CameraCondition,
    CameraReport,
    RecordedCameraChange,
)
from node.errors import UsageError
from protos import parking_pb2

MOST_DETAIL = 200  # characters


def condition_to_proto(condition: CameraCondition | None) -> parking_pb2.CameraCondition.ValueType:
    """Return the wire's number of a condition; None: unspecified."""
    return parking_pb2.CameraCondition.ValueType(condition or 0)


def condition_from_proto(value: int) -> CameraCondition | None:
    """Return the condition of a wire's number; UsageError if this version knows none."""
    if value == 0:
        return None
    try:
        return CameraCondition(value)
    except ValueError as error:
        raise UsageError(
            f"camera condition {value} is not known to this version: upgrade it"
        ) from error


def report_to_proto(report: CameraReport) -> parking_pb2.CameraReport:
    """Return a report's message."""
    return parking_pb2.CameraReport(
        condition=condition_to_proto(report.condition),
        since_us=report.since_us,
        detail=report.detail,
    )


def report_from_proto(report: parking_pb2.CameraReport) -> CameraReport:
    """Return the report of a message; UsageError if it says nothing."""
    condition = condition_from_proto(report.condition)
    if condition is None:
        raise UsageError("a camera's condition is unspecified: leave the report out instead")
    return CameraReport(condition, report.since_us, report.detail[:MOST_DETAIL])


def change_to_proto(change: CameraChange) -> parking_pb2.CameraChange:
    """Return a change's message."""
    return parking_pb2.CameraChange(
        lot_id=change.lot_id,
        camera_id=change.camera_id,
        previous=condition_to_proto(change.previous),
        condition=condition_to_proto(change.condition),
        since_us=change.since_us,
        detail=change.detail,
    )


def change_from_proto(change: parking_pb2.CameraChange) -> CameraChange:
    """Return the change of a message."""
    return CameraChange(
        lot_id=change.lot_id,
        camera_id=change.camera_id,
        previous=condition_from_proto(change.previous),
        condition=condition_from_proto(change.condition),
        since_us=change.since_us,
        detail=change.detail,
    )


def recorded_to_proto(one: RecordedCameraChange) -> parking_pb2.RecordedCameraChange:
    """Return a recorded change's message."""
    return parking_pb2.RecordedCameraChange(
        index=one.index, committed_at_us=one.committed_at_us, change=change_to_proto(one.change)
    )


def recorded_from_proto(one: parking_pb2.RecordedCameraChange) -> RecordedCameraChange:
    """Return the recorded change of a message."""
    return RecordedCameraChange(one.index, one.committed_at_us, change_from_proto(one.change))
