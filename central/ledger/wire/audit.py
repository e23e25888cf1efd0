"""Heads, links and proofs, as protos and back."""

from central.ledger.merkle import Frontier
from central.ledger.proof import Head, Link, Proof
from protos import audit_pb2


def head_to_proto(head: Head) -> audit_pb2.Head:
    """Return a head's message."""
    return audit_pb2.Head(
        index=head.index, head=head.digest, format=head.format, replica_id=head.replica_id
    )


def head_from_proto(head: audit_pb2.Head) -> Head:
    """Return the head of a message."""
    return Head(head.index, head.head, head.format, head.replica_id)


def checkpoint_to_proto(frontier: Frontier) -> audit_pb2.Checkpoint:
    """Return a checkpoint's message."""
    return audit_pb2.Checkpoint(index=frontier.size, peaks=frontier.peaks)


def checkpoint_from_proto(checkpoint: audit_pb2.Checkpoint) -> Frontier:
    """Return the tree of a message."""
    return Frontier(checkpoint.index, checkpoint.peaks)


def link_to_proto(link: Link) -> audit_pb2.Link:
    """Return a link's message."""
    return audit_pb2.Link(
        index=link.index,
        term=link.term,
        committed_at_us=link.committed_at_us,
        content=link.content,
        rows=link.rows,
    )


def link_from_proto(link: audit_pb2.Link) -> Link:
    """Return the link of a message."""
    return Link(link.index, link.term, link.committed_at_us, link.content, link.rows)


def proof_to_proto(proof: Proof) -> audit_pb2.Proof:
    """Return a proof's message."""
    return audit_pb2.Proof(
        link=link_to_proto(proof.link), head=head_to_proto(proof.head), path=proof.path
    )


def proof_from_proto(proof: audit_pb2.Proof) -> Proof:
    """Return the proof of a message."""
    return Proof(link_from_proto(proof.link), head_from_proto(proof.head), tuple(proof.path))
