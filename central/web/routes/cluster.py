"""The ledger itself: replicas, nodes, heads, proofs."""

import asyncio
import json
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from central.ledger.interface import LedgerError, LedgerRefused
from central.ledger.proof import Head as PureHead
from central.ledger.proof import proof_to_json
from central.web.answering import answer, unmarked
from central.web.answers.cluster import ClusterAnswer, Head, HeadsAnswer, ProofAnswer
from central.web.cluster import ClusterWatch
from central.web.freshness import Mark
from central.web.problems import Problem
from central.web.reading import Reader
from central.web.routes.parameters import READ

TIME_OUT_S = 3.0
MAX_INDEX = (1 << 63) - 1

HeadIndex = Annotated[
    int,
    Query(description="heads at this index, where it is applied; 0: the last", ge=0, le=MAX_INDEX),
]


def router(reader: Reader) -> APIRouter:
    """Return the routes."""
    site = reader.site
    watch = ClusterWatch(site)
    routes = APIRouter(tags=["ledger"], responses=READ)

    @routes.get("/cluster", response_model=ClusterAnswer)
    async def cluster(request: Request) -> Response:
        """Return the replicas, who is primary, who lags, and the nodes that report to it."""
        found = await watch.look()
        body = ClusterAnswer.of(found, watch.last_fail_over)
        index = found.state.index if found.state is not None else 0
        age_us = found.state.age_us if found.state is not None else None
        return answer(request, unmarked(body), Mark(index, age_us, stale=not body.quorum))

    @routes.get("/heads", response_model=HeadsAnswer)
    async def heads(request: Request, index: HeadIndex = 0) -> Response:
        """Return each replica's head of the tree over all entries."""
        async with reader.slots:
            replicas = (await watch.look()).replicas
            asked = await asyncio.gather(*(ask(one.address, index) for one in replicas))
        known = [head for head in asked if isinstance(head, PureHead)]
        body = HeadsAnswer(
            heads=[Head.of(head) for head in known],
            away=[head for head in asked if isinstance(head, str)],
        )
        most = max((head.index for head in known), default=0)
        return answer(request, unmarked(body), site.mark_at(most))

    async def ask(address: str, index: int) -> PureHead | str:
        try:
            return await site.ledger.head(address, index=index, timeout=TIME_OUT_S)
        except LedgerError:
            return address

    @routes.get("/proofs/{index}", response_model=ProofAnswer)
    async def proof(
        request: Request,
        index: Annotated[int, Path(description="of the entry", ge=1, le=MAX_INDEX)],
        head: HeadIndex = 0,
    ) -> Response:
        """Return what proves that an entry stands in the ledger under a head."""
        async with reader.slots:
            try:
                found = await site.ledger.proof(index, head_index=head, timeout=TIME_OUT_S)
            except LedgerRefused as error:
                raise Problem.of(404, "unknown-index", str(error)) from error
        body = ProofAnswer.of(found, json.loads(proof_to_json(found)))
        return answer(request, unmarked(body), site.mark_at(found.head.index))

    return routes
