"""Batches as columns against their naive twin: one message a batch."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.ledger.records import (
    CameraCondition,
    CameraReport,
    Detection,
    DetectionBatch,
    IdempotencyKey,
    Occupancy,
)
from central.ledger.wire import append_to_proto, batches_from_request, columns_to_proto
from central.ledger.wire.columns import METADATA, takes_columns
from node.errors import UsageError
from protos import parking_pb2
from tests.central.ledger.samples import OCCUPIED, VACANT, batch

names = st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True)
numbers = st.integers(0, 2**63 - 1)
detections = st.builds(Detection, names, st.sampled_from(Occupancy), st.integers(0, 10_000))
reports = st.builds(
    CameraReport, st.sampled_from(CameraCondition), numbers, st.text("aé\u2713", max_size=5)
)
batches = st.builds(
    DetectionBatch,
    key=st.builds(IdempotencyKey, names, names, numbers),
    captured_at_us=st.integers(-(2**63), 2**63 - 1),
    layout_version=numbers,
    model=st.text("0123456789abcdef", max_size=16),
    detections=st.lists(detections, max_size=3).map(tuple),
    camera=st.none() | reports,
)


def over_the_wire(request: parking_pb2.AppendRequest) -> parking_pb2.AppendRequest:
    return parking_pb2.AppendRequest.FromString(request.SerializeToString())


@given(st.lists(batches, max_size=5))
def test_columns_say_what_messages_say(said: list[DetectionBatch]) -> None:
    columns = over_the_wire(columns_to_proto(7, said))
    assert columns.number == 7
    assert not columns.batches
    messages = over_the_wire(append_to_proto(7, said))
    assert batches_from_request(columns) == batches_from_request(messages)


def test_both_in_one_request_count_in_order() -> None:
    first, second = batch("near", 1, ("A1", OCCUPIED)), batch("near", 2, ("A1", VACANT))
    request = append_to_proto(1, [first])
    request.columns.CopyFrom(columns_to_proto(1, [second]).columns)
    expected = batches_from_request(append_to_proto(1, [first, second]))
    assert batches_from_request(over_the_wire(request)) == expected


def columns() -> parking_pb2.BatchColumns:
    said = batch("near", 1, ("A1", OCCUPIED), ("A2", VACANT))
    told = replace(said, camera=CameraReport(CameraCondition.DARK, 3, "night"))
    return columns_to_proto(1, [told, batch("far", 2, ("A1", VACANT))]).columns


def refused(wrong: parking_pb2.BatchColumns, match: str) -> None:
    with pytest.raises(UsageError, match=match):
        batches_from_request(parking_pb2.AppendRequest(columns=wrong))


@pytest.mark.parametrize(
    "column",
    ["camera_ids", "boot_ids", "sequences", "captured_at_us", "layout_versions", "models"],
)
def test_a_column_that_is_too_short_is_refused(column: str) -> None:
    wrong = columns()
    del getattr(wrong, column)[-1:]
    refused(wrong, "columns of batches are not of one length")


@pytest.mark.parametrize("column", ["spot_ids", "occupancies", "confidences_permyriad"])
def test_a_column_of_detections_that_is_too_short_is_refused(column: str) -> None:
    wrong = columns()
    del getattr(wrong, column)[-1:]
    refused(wrong, "columns of detections are not of one length")


def test_values_that_are_none_are_named() -> None:
    wrong = columns()
    wrong.detection_counts[0] = 3
    refused(wrong, "columns count 4 detections and hold 3")
    wrong = columns()
    del wrong.detection_counts[1:]
    wrong.detection_counts[0] = 3
    refused(wrong, "columns of batches are not of one length")
    wrong = columns()
    wrong.confidences_permyriad[1] = 10_001
    refused(wrong, "'A2': confidence_permyriad is 10001, the most is 10000")
    wrong = columns()
    wrong.occupancies[2] = parking_pb2.OCCUPANCY_UNSPECIFIED
    refused(wrong, "occupancy 0 is none")
    wrong = columns()
    wrong.sequences[1] = 1 << 63
    refused(wrong, "sequence 9223372036854775808 of a batch")
    wrong = columns()
    wrong.layout_versions[0] = 1 << 63
    refused(wrong, "layout_version 9223372036854775808 of a batch")
    wrong = columns()
    wrong.camera_ids[0] = "no/id"
    refused(wrong, "camera id 'no/id'")
    wrong = columns()
    wrong.boot_ids[1] = ""
    refused(wrong, "boot id ''")


def test_reports_belong_to_batches_one_each() -> None:
    wrong = columns()
    wrong.reports[0].batch = 2
    refused(wrong, "a report is of batch 2")
    wrong = columns()
    wrong.reports.append(wrong.reports[0])
    refused(wrong, "a report is of batch 0: that is none, or has one")
    wrong = columns()
    wrong.reports[0].report.condition = parking_pb2.CAMERA_CONDITION_UNSPECIFIED
    refused(wrong, "condition is unspecified")


def test_a_ledger_that_says_nothing_takes_none() -> None:
    assert takes_columns((("user-agent", "x"), METADATA))
    assert not takes_columns(())
    assert not takes_columns(None)
