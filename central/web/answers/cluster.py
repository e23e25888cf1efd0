"""Replicas, nodes, heads and proofs."""

from typing import Literal

from pydantic import Field

from central.ledger.proof import Head as PureHead
from central.ledger.proof import Proof as PureProof
from central.ledger.records import MemberRole, NodeKind, NodeStatus
from central.operator.overview import Overview, ReplicaAnswer
from central.web.answers.marks import Instant, Marked, Model
from central.web.cluster import FailOver as PureFailOver
from central.web.instants import text_of

_ROLES: dict[MemberRole, Literal["voter", "learner", "none"]] = {
    MemberRole.VOTER: "voter",
    MemberRole.LEARNER: "learner",
    MemberRole.NONE: "none",
}
_KINDS: dict[NodeKind, Literal["camera", "processor", "replica"]] = {
    NodeKind.CAMERA: "camera",
    NodeKind.PROCESSOR: "processor",
    NodeKind.REPLICA: "replica",
}


class Replica(Model):
    """What one replica says of itself."""

    id: str | None = Field(description="null: nobody says who is at this address")
    address: str
    role: Literal["primary", "backup", "away"]
    member: Literal["voter", "learner", "none"] | None = Field(
        description="none, of one that is away: no member is at this address; null: not known"
    )
    term: int | None
    commit_index: int | None
    applied_index: int | None
    lag: int | None = Field(description="entries that the primary has and it has not applied")
    state_hash: str | None
    disk_bytes: int | None
    fault: str = Field(description="why there is no answer; empty where there is one")

    @classmethod
    def of(cls, one: ReplicaAnswer, overview: Overview, *, last_index: int | None) -> "Replica":
        """Return what is sent of a replica."""
        primary_id = overview.primary_id
        status = one.status
        if status is None:
            name = overview.names.get(one.address)
            return cls(
                id=name,
                address=one.address,
                role="away",
                member="none" if primary_id and name is None else None,
                term=None,
                commit_index=None,
                applied_index=None,
                lag=None,
                state_hash=None,
                disk_bytes=None,
                fault=one.fault,
            )
        return cls(
            id=status.replica_id,
            address=one.address,
            role="primary" if status.replica_id == primary_id else "backup",
            member=_ROLES[status.member_role],
            term=status.term,
            commit_index=status.commit_index,
            applied_index=status.applied_index,
            lag=None if last_index is None else max(0, last_index - status.applied_index),
            state_hash=status.state_hash,
            disk_bytes=status.disk_bytes,
            fault="",
        )


class Node(Model):
    """A camera node or processor, as the primary last heard of it."""

    id: str
    kind: Literal["camera", "processor", "replica"]
    alive: bool
    heard_ms_ago: int
    reported_by: str
    address: str | None
    frames: int
    frames_dropped: int
    last_frame_at: Instant | None
    fault: str

    @classmethod
    def of(cls, status: NodeStatus) -> "Node":
        """Return what is sent of a node."""
        report = status.report
        return cls(
            id=report.node_id,
            kind=_KINDS[report.kind],
            alive=status.alive,
            heard_ms_ago=status.age_us // 1000,
            reported_by=report.reported_by,
            address=report.address or None,
            frames=report.frames,
            frames_dropped=report.frames_dropped,
            last_frame_at=text_of(report.last_frame_at_us) if report.last_frame_at_us else None,
            fault=report.fault,
        )


class FailOver(Model):
    """The primary changed, as far as this service saw."""

    before: str
    after: str
    noticed_at: Instant

    @classmethod
    def of(cls, one: PureFailOver) -> "FailOver":
        """Return what is sent of a fail-over."""
        return cls(before=one.before, after=one.after, noticed_at=text_of(one.noticed_at_us))


class ClusterAnswer(Marked):
    """The ledger's replicas, and the nodes that report to it."""

    primary: str | None
    quorum: bool = Field(description="whether the ledger answers reads that a quorum confirms")
    fault: str = Field(description="why there is no quorum or no list of nodes; empty: all is well")
    replicas: list[Replica]
    nodes: list[Node]
    last_fail_over: FailOver | None = Field(description="since this service was started")

    @classmethod
    def of(cls, overview: Overview, fail_over: PureFailOver | None) -> "ClusterAnswer":
        """Return what is sent of an overview."""
        known = [one.status for one in overview.replicas if one.status is not None]
        primary_id = overview.primary_id
        last = next((one.last_log_index for one in known if one.replica_id == primary_id), None)
        nodes = overview.service.nodes if overview.service is not None else ()
        return cls(
            primary=primary_id or None,
            quorum=not overview.state_fault,
            fault=overview.state_fault or overview.service_fault,
            replicas=[Replica.of(one, overview, last_index=last) for one in overview.replicas],
            nodes=[Node.of(one) for one in nodes if one.report.kind is not NodeKind.REPLICA],
            last_fail_over=None if fail_over is None else FailOver.of(fail_over),
        )


class Head(Model):
    """What commits to all entries up to an index (RFC 6962), from one replica."""

    index: int
    digest: str = Field(description="64 hex digits")
    format: int
    replica: str

    @classmethod
    def of(cls, head: PureHead) -> "Head":
        """Return what is sent of a head."""
        return cls(
            index=head.index,
            digest=head.digest.hex(),
            format=head.format,
            replica=head.replica_id,
        )


class HeadsAnswer(Marked):
    """Heads of the replicas that answered; equal at equal index, or something is wrong."""

    heads: list[Head]
    away: list[str] = Field(description="addresses of replicas that did not answer")


class ProofAnswer(Marked):
    """What proves an entry: `parkledger verify --proof` takes `proof` as it is."""

    proof: dict[str, str | int | list[str]]
    holds: bool = Field(description="checked here, too; check it yourself against a noted head")

    @classmethod
    def of(cls, proof: PureProof, document: dict[str, str | int | list[str]]) -> "ProofAnswer":
        """Return what is sent of a proof."""
        return cls(proof=document, holds=proof.holds)
