"""What goes over the wire comes back as it was."""

from dataclasses import replace

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.ledger.command import AppendBatches, Command, decode, encode
from central.ledger.records import (
    CameraCondition,
    CameraReport,
    DetectionBatch,
    NodeKind,
    NodeReport,
    Occupancy,
)
from central.ledger.wire import (
    append_to_proto,
    batches_from_proto,
    layout_from_proto,
    layout_to_proto,
    report_from_proto,
    report_to_proto,
)
from central.ledger.wire.consensus import message_from_proto, message_to_proto
from central.ledger.wire.status_codes import words_of
from central.raft import (
    AppendEntries,
    AppendReply,
    Configuration,
    Entry,
    InstallSnapshot,
    Message,
    RequestVote,
    Snapshot,
    SnapshotReply,
    TimeoutNow,
    VoteReply,
)
from node.errors import UsageError
from protos import heartbeat_pb2, parking_pb2, raft_pb2
from tests.central.ledger.samples import batch, layout

numbers = st.integers(0, 2**62)
names = st.frozensets(st.sampled_from("abc"))
configurations = st.builds(Configuration, names, names, st.binary(max_size=5), names)
entries = st.builds(Entry, numbers, numbers, st.binary(max_size=5)) | st.builds(
    Entry, numbers, numbers, configuration=configurations
)
ends = {"sender": st.just("a"), "receiver": st.just("b"), "term": numbers}
messages = st.one_of(
    st.builds(
        RequestVote,
        **ends,
        last_log_index=numbers,
        last_log_term=numbers,
        pre_vote=st.booleans(),
        transfer=st.booleans(),
    ),
    st.builds(VoteReply, **ends, granted=st.booleans(), pre_vote=st.booleans()),
    st.builds(
        AppendEntries,
        **ends,
        previous_index=numbers,
        previous_term=numbers,
        commit_index=numbers,
        read_round=numbers,
        entries=st.lists(entries, max_size=3).map(tuple),
    ),
    st.builds(
        AppendReply,
        **ends,
        accepted=st.booleans(),
        match_index=numbers,
        read_round=numbers,
        refused_index=numbers,
        hint_index=numbers,
        hint_term=numbers,
    ),
    st.builds(
        InstallSnapshot,
        **ends,
        snapshot=st.builds(Snapshot, numbers, numbers, configurations),
        identity=st.binary(min_size=32, max_size=32),
        size=numbers,
        offset=numbers,
        data=st.binary(max_size=5),
    ),
    st.builds(SnapshotReply, **ends, identity=st.binary(max_size=5), next_offset=numbers),
    st.builds(TimeoutNow, **ends),
)


@given(messages)
def test_messages_of_replicas(message: Message) -> None:
    sent = message_to_proto(message).SerializeToString()
    received = raft_pb2.RaftMessage.FromString(sent)
    assert message_from_proto(received, sender="a", receiver="b") == message


def test_a_message_from_a_later_version_is_named() -> None:
    with pytest.raises(ValueError, match="replica 'a' has no body"):
        message_from_proto(raft_pb2.RaftMessage(term=1), sender="a", receiver="b")


def stored(said: DetectionBatch) -> tuple[Command, int]:
    """Return the command and time of the entry that a batch comes to over the wire."""
    request = append_to_proto(1, [said]).SerializeToString()
    batches = batches_from_proto(parking_pb2.AppendRequest.FromString(request).batches)
    return decode(encode(batches, committed_at_us=5))


def test_layouts_batches_and_reports() -> None:
    assert layout_from_proto(layout_to_proto(layout())) == layout()
    said = batch("near", 7, ("A1", Occupancy.OCCUPIED), ("A2", Occupancy.UNKNOWN))
    assert stored(said) == (AppendBatches((said,)), 5)
    told = replace(said, camera=CameraReport(CameraCondition.DARK, 3, "night"))
    assert stored(told) == (AppendBatches((told,)), 5)
    report = NodeReport("cam", NodeKind.CAMERA, "b", "p", frames=3, last_source_position_us=-1)
    assert report_from_proto(report_to_proto(report)) == report


def test_values_that_are_none_are_named() -> None:
    region = parking_pb2.Region(spot_id="A1", corners=[parking_pb2.Corner()] * 3)
    camera = parking_pb2.Camera(camera_id="c", regions=[region])
    with pytest.raises(UsageError, match="'A1' has 3 corners"):
        layout_from_proto(parking_pb2.Layout(cameras=[camera]))
    for wrong, message in (
        (parking_pb2.Detection(spot_id="A1"), "occupancy 0 is none"),
        (
            parking_pb2.Detection(
                spot_id="A1",
                occupancy=parking_pb2.OCCUPANCY_VACANT,
                confidence_permyriad=10_001,
            ),
            "10001, the most is 10000",
        ),
    ):
        with pytest.raises(UsageError, match=message):
            batches_from_proto([parking_pb2.DetectionBatch(detections=[wrong])])
    with pytest.raises(UsageError, match="'near': sequence 9223372036854775808 and layout_v"):
        batches_from_proto([parking_pb2.DetectionBatch(camera_id="near", sequence=1 << 63)])
    with pytest.raises(UsageError, match="camera id 'no/id'"):
        batches_from_proto([parking_pb2.DetectionBatch(camera_id="no/id")])
    with pytest.raises(UsageError, match="kind 0 is none"):
        report_from_proto(heartbeat_pb2.NodeReport(node_id="x"))


def test_a_snapshot_whose_name_is_no_sha_256_is_refused() -> None:
    install = raft_pb2.InstallSnapshot(identity=b"short")
    message = raft_pb2.RaftMessage(term=1, install_snapshot=install)
    with pytest.raises(ValueError, match="replica 'b' is not named by its SHA-256"):
        message_from_proto(message, sender="b", receiver="a")


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ("no primary is known", "no primary is known"),
        (
            "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:7001: "
            "Failed to connect to remote host: Connection refused",
            "Connection refused",
        ),
        (None, "UNAVAILABLE"),
    ],
)
def test_why_a_call_failed_is_said_in_the_systems_words(details: str | None, words: str) -> None:
    nothing = grpc.aio.Metadata()
    error = grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, nothing, nothing, details)
    assert words_of(error) == words
