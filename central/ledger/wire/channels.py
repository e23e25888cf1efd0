"""How the ledger's processes and clients set up their gRPC channels and servers."""

from typing import Any, TypeAlias, cast

import grpc

from protos import (
    audit_pb2_grpc,
    cluster_pb2_grpc,
    heartbeat_pb2_grpc,
    parking_pb2_grpc,
    raft_pb2_grpc,
)

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
"""What a servicer's method is called with."""

MAX_MESSAGE_BYTES = 16 << 20
"""A layout of a few thousand spots is under 1 MB; entries in one AppendEntries are under 2 MB."""


def channel_options() -> list[tuple[str, int]]:
    """Options of every channel: notice a dead peer in seconds, look for it again in half of one."""
    return [
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.initial_reconnect_backoff_ms", 50),
        ("grpc.min_reconnect_backoff_ms", 50),
        ("grpc.max_reconnect_backoff_ms", 500),
        ("grpc.keepalive_time_ms", 10_000),
        ("grpc.keepalive_timeout_ms", 3_000),
        ("grpc.http2.max_pings_without_data", 0),
        # Two channels to one address share no connection: one that is stuck does not hold others.
        ("grpc.use_local_subchannel_pool", 1),
    ]


def server_options() -> list[tuple[str, int]]:
    """Options of every server: refuse a port that is taken, accept the clients' pings."""
    return [
        ("grpc.so_reuseport", 0),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
        ("grpc.keepalive_permit_without_calls", 1),
    ]


# The generated stubs serve both flavours of gRPC; only their type stubs tell them apart.


def raft_stub(channel: grpc.aio.Channel) -> "raft_pb2_grpc.RaftServiceAsyncStub":
    """Return the asyncio stub of RaftService."""
    return cast("raft_pb2_grpc.RaftServiceAsyncStub", raft_pb2_grpc.RaftServiceStub(channel))


def parking_stub(channel: grpc.aio.Channel) -> "parking_pb2_grpc.ParkingServiceAsyncStub":
    """Return the asyncio stub of ParkingService."""
    return cast(
        "parking_pb2_grpc.ParkingServiceAsyncStub", parking_pb2_grpc.ParkingServiceStub(channel)
    )


def view_stub(channel: grpc.aio.Channel) -> "heartbeat_pb2_grpc.ViewServiceAsyncStub":
    """Return the asyncio stub of ViewService."""
    return cast(
        "heartbeat_pb2_grpc.ViewServiceAsyncStub", heartbeat_pb2_grpc.ViewServiceStub(channel)
    )


def cluster_stub(channel: grpc.aio.Channel) -> "cluster_pb2_grpc.ClusterServiceAsyncStub":
    """Return the asyncio stub of ClusterService."""
    return cast(
        "cluster_pb2_grpc.ClusterServiceAsyncStub", cluster_pb2_grpc.ClusterServiceStub(channel)
    )


def audit_stub(channel: grpc.aio.Channel) -> "audit_pb2_grpc.AuditServiceAsyncStub":
    """Return the asyncio stub of AuditService."""
    return cast("audit_pb2_grpc.AuditServiceAsyncStub", audit_pb2_grpc.AuditServiceStub(channel))
