"""The parts of a backup, as protos and back."""

from central.ledger.snapshots.backup_file import BackupPart, Description, Digest
from protos import cluster_pb2


def backup_part_to_proto(part: BackupPart) -> cluster_pb2.BackupPiece:
    """Return the message of a part."""
    if isinstance(part, bytes):
        return cluster_pb2.BackupPiece(data=part)
    if isinstance(part, Digest):
        return cluster_pb2.BackupPiece(sha256=part.sha256)
    return cluster_pb2.BackupPiece(
        description=cluster_pb2.BackupDescription(
            cluster_id=part.cluster_id,
            replica_id=part.replica_id,
            index=part.index,
            head=part.head,
            schema_version=part.schema_version,
            size=part.size,
            taken_at_us=part.taken_at_us,
        )
    )


def backup_part_from_proto(piece: cluster_pb2.BackupPiece) -> BackupPart:
    """Return what `backup_part_to_proto` was given."""
    match piece.WhichOneof("part"):
        case "description":
            said = piece.description
            return Description(
                cluster_id=said.cluster_id,
                replica_id=said.replica_id,
                index=said.index,
                head=said.head,
                schema_version=said.schema_version,
                size=said.size,
                taken_at_us=said.taken_at_us,
            )
        case "sha256":
            return Digest(piece.sha256)
    return piece.data
