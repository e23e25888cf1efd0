"""Members of the group, as protos and back."""

from central.ledger.records import Member, MemberRole, Members
from protos import cluster_pb2, parking_pb2


def members_to_proto(members: Members) -> cluster_pb2.GetMembersResponse:
    """Return the message that says who belongs to the group."""
    return cluster_pb2.GetMembersResponse(
        cluster_id=members.cluster_id,
        primary_id=members.primary_id,
        last_log_index=members.last_log_index,
        committed=members.committed,
        members=[
            cluster_pb2.Member(
                replica_id=one.replica_id,
                address=one.address,
                role=parking_pb2.MemberRole.ValueType(one.role),
                match_index=one.match_index,
                last_heard_us=one.last_heard_us,
                stays=one.stays,
            )
            for one in members.members
        ],
    )


def members_from_proto(response: cluster_pb2.GetMembersResponse) -> Members:
    """Return who belongs to the group."""
    return Members(
        cluster_id=response.cluster_id,
        primary_id=response.primary_id,
        last_log_index=response.last_log_index,
        committed=response.committed,
        members=tuple(
            Member(
                one.replica_id,
                one.address,
                MemberRole(one.role),
                one.match_index,
                one.last_heard_us,
                one.stays,
            )
            for one in response.members
        ),
    )
