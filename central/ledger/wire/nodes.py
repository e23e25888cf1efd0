"""Nodes and replicas, as protos and back."""

from collections.abc import Iterable

from central.ledger.records import (
    MemberRole,
    NodeKind,
    NodeReport,
    NodeStatus,
    PeerProgress,
    ReplicaStatus,
    ServiceStatus,
)
from node.errors import UsageError
from protos import heartbeat_pb2, parking_pb2


def report_to_proto(report: NodeReport) -> heartbeat_pb2.NodeReport:
    """Return a node report's message."""
    return heartbeat_pb2.NodeReport(
        node_id=report.node_id,
        kind=heartbeat_pb2.NodeKind.ValueType(report.kind),
        boot_id=report.boot_id,
        address=report.address,
        reported_by=report.reported_by,
        frames=report.frames,
        frames_dropped=report.frames_dropped,
        last_frame_at_us=report.last_frame_at_us,
        last_source_position_us=report.last_source_position_us,
        fault=report.fault,
    )


def report_from_proto(report: heartbeat_pb2.NodeReport) -> NodeReport:
    """Return the node report of a message; UsageError for a kind that is none."""
    try:
        kind = NodeKind(report.kind)
    except ValueError as error:
        raise UsageError(
            f"node '{report.node_id}': kind {report.kind} is none: "
            "1 is a camera, 2 a processor, 3 a replica"
        ) from error
    return NodeReport(
        node_id=report.node_id,
        kind=kind,
        boot_id=report.boot_id,
        address=report.address,
        reported_by=report.reported_by,
        frames=report.frames,
        frames_dropped=report.frames_dropped,
        last_frame_at_us=report.last_frame_at_us,
        last_source_position_us=report.last_source_position_us,
        fault=report.fault,
    )


def replica_status_to_proto(status: ReplicaStatus) -> parking_pb2.ReplicaStatus:
    """Return a replica status's message."""
    return parking_pb2.ReplicaStatus(
        replica_id=status.replica_id,
        role=(
            parking_pb2.REPLICA_ROLE_PRIMARY if status.primary else parking_pb2.REPLICA_ROLE_BACKUP
        ),
        term=status.term,
        commit_index=status.commit_index,
        applied_index=status.applied_index,
        last_log_index=status.last_log_index,
        primary_id=status.primary_id,
        primary_address=status.primary_address,
        state_hash=status.state_hash,
        peers=[
            parking_pb2.PeerProgress(
                replica_id=peer.replica_id,
                address=peer.address,
                match_index=peer.match_index,
                last_heard_us=peer.last_heard_us,
                learner=peer.learner,
            )
            for peer in status.peers
        ],
        disk_bytes=status.disk_bytes,
        cluster_id=status.cluster_id,
        first_log_index=status.first_log_index,
        snapshot_index=status.snapshot_index,
        member_role=parking_pb2.MemberRole.ValueType(status.member_role),
        incarnation=status.incarnation,
        wall_clock_us=status.wall_clock_us,
        disk_free_bytes=status.disk_free_bytes,
    )


def replica_status_from_proto(status: parking_pb2.ReplicaStatus) -> ReplicaStatus:
    """Return the replica status of a message."""
    return ReplicaStatus(
        replica_id=status.replica_id,
        primary=status.role == parking_pb2.REPLICA_ROLE_PRIMARY,
        term=status.term,
        commit_index=status.commit_index,
        applied_index=status.applied_index,
        last_log_index=status.last_log_index,
        primary_id=status.primary_id,
        primary_address=status.primary_address,
        state_hash=status.state_hash,
        peers=tuple(
            PeerProgress(
                peer.replica_id, peer.address, peer.match_index, peer.last_heard_us, peer.learner
            )
            for peer in status.peers
        ),
        disk_bytes=status.disk_bytes,
        cluster_id=status.cluster_id,
        first_log_index=status.first_log_index,
        snapshot_index=status.snapshot_index,
        # An older replica does not say: all were voters then.
        member_role=MemberRole(status.member_role or MemberRole.VOTER),
        incarnation=status.incarnation,
        wall_clock_us=status.wall_clock_us,
        disk_free_bytes=status.disk_free_bytes,
    )


def service_status_to_proto(
    nodes: Iterable[NodeStatus], primary_id: str, replicas: Iterable[ReplicaStatus]
) -> heartbeat_pb2.GetServiceStatusResponse:
    """Return the message that says which nodes are alive."""
    return heartbeat_pb2.GetServiceStatusResponse(
        nodes=[
            heartbeat_pb2.NodeStatus(
                report=report_to_proto(node.report), age_us=node.age_us, alive=node.alive
            )
            for node in nodes
        ],
        primary_id=primary_id,
        replicas=[replica_status_to_proto(status) for status in replicas],
    )


def service_status_from_proto(response: heartbeat_pb2.GetServiceStatusResponse) -> ServiceStatus:
    """Return which nodes are alive."""
    return ServiceStatus(
        nodes=tuple(
            NodeStatus(report_from_proto(node.report), node.age_us, node.alive)
            for node in response.nodes
        ),
        primary_id=response.primary_id,
        replicas=tuple(replica_status_from_proto(status) for status in response.replicas),
    )
