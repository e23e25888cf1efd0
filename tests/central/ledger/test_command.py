import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.ledger.command import (
    AppendBatches,
    ApplyLayout,
    Command,
    CorruptCommandError,
    DropHistory,
    LoseCamera,
    ReportCount,
    SumState,
    decode,
    encode,
)
from central.ledger.records import (
    CameraCondition,
    CameraReport,
    Detection,
    DetectionBatch,
    IdempotencyKey,
    LotReport,
    Occupancy,
)
from tests.central.ledger.samples import layout

names = st.text(min_size=1, max_size=10)
times = st.integers(0, 2**53)
batches = st.builds(
    DetectionBatch,
    key=st.builds(IdempotencyKey, names, names, st.integers(0, 2**63)),
    captured_at_us=times,
    layout_version=st.integers(0, 2**31),
    model=names,
    detections=st.lists(
        st.builds(Detection, names, st.sampled_from(Occupancy), st.integers(0, 10_000)), max_size=3
    ).map(tuple),
    camera=st.none()
    | st.builds(CameraReport, st.sampled_from(CameraCondition), times, st.text(max_size=9)),
)
commands = st.one_of(
    st.builds(AppendBatches, st.lists(batches, max_size=3).map(tuple), st.integers(1, 3)),
    st.builds(ReportCount, st.builds(LotReport, names, names, st.integers(0, 9999), names, times)),
    st.builds(LoseCamera, names, times, st.integers(1, 2)),
    st.builds(DropHistory, times),
    st.just(SumState()),
    st.builds(ApplyLayout, st.just(layout()), st.none() | st.integers(0, 99)),
)


@given(commands, times)
def test_what_is_encoded_is_decoded(command: Command, at: int) -> None:
    assert decode(encode(command, committed_at_us=at)) == (command, at)


@given(st.binary(max_size=40))
def test_bytes_that_are_no_command_are_named_as_such(data: bytes) -> None:
    with pytest.raises(CorruptCommandError):
        decode(data)


def test_latitude_keeps_every_digit() -> None:
    from dataclasses import replace

    document = replace(layout(), latitude=48.1371079183914, longitude=-0.1)
    command = ApplyLayout(document, None)
    assert decode(encode(command, committed_at_us=0))[0] == command
