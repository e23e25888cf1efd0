"""Batches of detections as columns: what a busy client sends, and what an entry has of it.

All values of a field at a time: what is done for each record is then done by loops that are not
Python's. `appending` says the same batch by batch, and is what old clients send.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate, chain
from typing import Any

from central.ledger.command import StoredBatches
from central.ledger.records import CONFIDENCE_SCALE, DetectionBatch
from central.ledger.wire.appending import (
    LARGEST,
    OCCUPANCIES,
    batches_from_proto,
    checked_id,
)
from central.ledger.wire.conditions import report_from_proto, report_to_proto
from central.ledger.wire.occupancies import occupancy_from_proto
from node.errors import UsageError
from protos import parking_pb2

METADATA = ("parkledger-columns", "1")
"""In the initial metadata of a ledger's answer: it knows columns. One that does not would skip
them, and ack what it has not seen."""


def takes_columns(metadata: Iterable[tuple[str, str | bytes]] | None) -> bool:
    """Return whether the ledger that answered so knows columns."""
    return METADATA in tuple(metadata or ())


def columns_to_proto(number: int, batches: Sequence[DetectionBatch]) -> parking_pb2.AppendRequest:
    """Return the request that commits these at a ledger that takes columns."""
    request = parking_pb2.AppendRequest(number=number)
    _fill(request.columns, batches)
    return request


def batches_from_request(request: parking_pb2.AppendRequest) -> StoredBatches:
    """Return all batches of a request as a log entry holds them; UsageError for what none can."""
    stored = batches_from_proto(request.batches)
    if request.HasField("columns"):
        stored.batches.extend(_rows(request.columns))
    return stored


def _fill(columns: parking_pb2.BatchColumns, batches: Sequence[DetectionBatch]) -> None:
    keys = [batch.key for batch in batches]
    columns.camera_ids.extend([key.camera_id for key in keys])
    columns.boot_ids.extend([key.boot_id for key in keys])
    columns.sequences.extend([key.sequence for key in keys])
    columns.captured_at_us.extend([batch.captured_at_us for batch in batches])
    columns.layout_versions.extend([batch.layout_version for batch in batches])
    columns.models.extend([batch.model for batch in batches])
    said = [batch.detections for batch in batches]
    columns.detection_counts.extend(map(len, said))
    detections = list(chain.from_iterable(said))
    columns.spot_ids.extend([one.spot_id for one in detections])
    columns.occupancies.extend([one.occupancy for one in detections])  # type: ignore[misc]
    columns.confidences_permyriad.extend([one.confidence for one in detections])
    for place, batch in enumerate(batches):
        if batch.camera is not None:
            report = columns.reports.add()
            report.batch = place
            report.report.CopyFrom(report_to_proto(batch.camera))


def _rows(columns: parking_pb2.BatchColumns) -> list[list[Any]]:
    cameras, boots = list(columns.camera_ids), list(columns.boot_ids)
    sequences, versions = list(columns.sequences), list(columns.layout_versions)
    _check_batches(cameras, boots, sequences, versions)
    said = _detections(columns)
    counts = list(columns.detection_counts)
    if sum(counts) != len(said):
        raise UsageError(f"columns count {sum(counts)} detections and hold {len(said)}")
    ends = list(accumulate(counts))
    parts = [said[end - count : end] for end, count in zip(ends, counts, strict=True)]
    fields = (
        *(cameras, boots, sequences, columns.captured_at_us, versions),
        *(columns.models, parts),
    )
    if {len(field) for field in fields} != {len(cameras)}:
        raise UsageError("columns of batches are not of one length: send one value a batch")
    rows = list(map(list, zip(*fields, strict=True)))
    for report in columns.reports:
        if report.batch >= len(rows) or len(rows[report.batch]) > len(fields):
            raise UsageError(f"a report is of batch {report.batch}: that is none, or has one")
        camera = report_from_proto(report.report)
        rows[report.batch].append([camera.condition, camera.since_us, camera.detail])
    return rows


def _check_batches(
    cameras: list[str], boots: list[str], sequences: list[int], versions: list[int]
) -> None:
    for camera_id in set(cameras):
        checked_id("camera", camera_id)
    for boot_id in set(boots):
        checked_id("boot", boot_id)
    for name, column in (("sequence", sequences), ("layout_version", versions)):
        if column and max(column) >= LARGEST:
            raise UsageError(f"{name} {max(column)} of a batch must be below 2^63")


def _detections(columns: parking_pb2.BatchColumns) -> list[list[Any]]:
    spots, confidences = list(columns.spot_ids), list(columns.confidences_permyriad)
    occupancies: list[int] = list(columns.occupancies)
    if not len(spots) == len(occupancies) == len(confidences):
        raise UsageError("columns of detections are not of one length: send one value a detection")
    if confidences and max(confidences) > CONFIDENCE_SCALE:
        most = max(confidences)
        raise UsageError(
            f"detection of spot '{spots[confidences.index(most)]}': confidence_permyriad is "
            f"{most}, the most is {CONFIDENCE_SCALE}"
        )
    for occupancy in set(occupancies) - OCCUPANCIES:
        occupancy_from_proto(occupancy)
    return list(map(list, zip(spots, occupancies, confidences, strict=True)))
