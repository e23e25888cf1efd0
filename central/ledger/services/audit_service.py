"""AuditService: heads, links and proofs of what one replica has applied."""

from central.ledger.interface import HistoryDropped, LedgerRefused
from central.ledger.proof import FORMAT, Head
from central.ledger.queries.queries import Queries
from central.ledger.replica.replica import Replica
from central.ledger.wire import audit
from central.ledger.wire.channels import Context
from central.ledger.wire.status_codes import abort
from protos import audit_pb2, audit_pb2_grpc

MOST_LINKS = 1000
MOST_LINK_BYTES = 4 << 20
"""A page of links ends early at that size: layouts are large."""


class AuditService(audit_pb2_grpc.AuditServiceServicer):
    """Answers auditors, and other replicas that compare heads."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    async def GetHead(  # noqa: N802 - the names are the service's
        self,
        request: audit_pb2.GetHeadRequest,
        context: Context,
    ) -> audit_pb2.Head:
        """Tell the head at an index, or at the last applied one if that is smaller."""
        try:
            index, digest = await self._replica.query(lambda queries: queries.head(request.index))
        except HistoryDropped as dropped:
            await abort(context, dropped, self._replica.addresses)
        return audit.head_to_proto(Head(index, digest, FORMAT, self._me))

    async def GetCheckpoint(  # noqa: N802
        self,
        request: audit_pb2.GetCheckpointRequest,
        context: Context,
    ) -> audit_pb2.Checkpoint:
        """Tell the tree over what was dropped."""
        return audit.checkpoint_to_proto(await self._replica.query(Queries.checkpoint))

    async def ListLinks(  # noqa: N802
        self,
        request: audit_pb2.ListLinksRequest,
        context: Context,
    ) -> audit_pb2.ListLinksResponse:
        """Tell what the entries after an index did."""
        limit = min(request.limit or MOST_LINKS, MOST_LINKS)
        try:
            applied, links = await self._replica.query(
                lambda queries: queries.links(request.after_index, limit=limit)
            )
        except HistoryDropped as dropped:
            await abort(context, dropped, self._replica.addresses)
        size = 0
        kept: list[audit_pb2.Link] = []
        for link in links:
            size += len(link.rows)
            if kept and size > MOST_LINK_BYTES:
                break
            kept.append(audit.link_to_proto(link))
        return audit_pb2.ListLinksResponse(applied_index=applied, links=kept)

    async def GetProof(  # noqa: N802
        self,
        request: audit_pb2.GetProofRequest,
        context: Context,
    ) -> audit_pb2.Proof:
        """Prove what an entry did."""
        try:
            proof = await self._replica.query(
                lambda queries: queries.proof(
                    request.index, request.head_index, replica_id=self._me
                )
            )
        except HistoryDropped as dropped:
            await abort(context, dropped, self._replica.addresses)
        if proof is None:
            last = self._replica.applied_index
            at = f" at {request.head_index}" if request.head_index else ""
            await abort(
                context,
                LedgerRefused(
                    f"index {request.index} cannot be proved against the head{at}: replica "
                    f"'{self._me}' has applied 1 to {last}, and the head must not be before it"
                ),
                self._replica.addresses,
            )
        return audit.proof_to_proto(proof)

    @property
    def _me(self) -> str:
        return self._replica.settings.replica_id
