"""ParkingService: the ledger's interface to its clients, on one replica."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable

from central.layout.validate import check_layout
from central.ledger import wire
from central.ledger.command import ApplyLayout, ReportCount
from central.ledger.errors import NotPrimary
from central.ledger.interface import LedgerRefused, VersionConflict, WatchGap
from central.ledger.log.data_directory import size_of
from central.ledger.outcome import LayoutApplied, Outcome, Refused
from central.ledger.queries.queries import Queries
from central.ledger.records import (
    LedgerEvent,
    LedgerState,
    LotReport,
    LotState,
    MemberRole,
    PeerProgress,
    ReplicaStatus,
)
from central.ledger.replica.replica import Replica
from central.ledger.services.append_call import serve_appends
from central.ledger.services.append_lanes import Lanes
from central.ledger.services.append_service import Errors
from central.ledger.wire.channels import Context
from central.ledger.wire.spots import spots_request_from_proto, spots_to_proto
from central.ledger.wire.status_codes import abort
from node.identifiers import check_id
from protos import parking_pb2, parking_pb2_grpc

EVENTS_A_READ = 256
PROGRESS_EVERY = 1.0  # seconds between events that only tell how far the replica is
ELECTION_WAIT = 1.0  # seconds that an append stream waits for somebody to lead
LEADERLESS_LIMIT = 2.0  # seconds without a primary after which a watcher is sent elsewhere


class ParkingService(parking_pb2_grpc.ParkingServiceServicer):
    """Answers clients. What only the primary can do is refused elsewhere, naming the primary."""

    def __init__(self, replica: Replica, *, incarnation: str) -> None:
        self._replica = replica
        self._incarnation = incarnation
        self.lanes = Lanes()

    async def Append(  # type: ignore[override]  # noqa: N802 - the names are the service's
        self,
        request_iterator: AsyncIterator[parking_pb2.AppendRequest],
        context: Context,
    ) -> None:
        """Propose each request as it comes, answer in order as they are applied."""
        del request_iterator  # what is read from the context costs less
        try:
            # To wait here for an election costs clients less than to ask again and again.
            await self._replica.membership.somebody_leads(timeout=ELECTION_WAIT)
            if not self._replica.is_primary:
                raise NotPrimary(self._replica.primary_id)
            await serve_appends(self._replica, context, self.lanes)
        except Errors as error:
            await self._abort(context, error)

    async def Update(  # noqa: N802
        self,
        request: parking_pb2.UpdateRequest,
        context: Context,
    ) -> parking_pb2.UpdateResponse:
        """Commit a whole lot's reported free count."""
        try:
            report = LotReport(
                reporter=check_id("camera", request.camera_id),
                lot_id=check_id("lot", request.location),
                available_spaces=request.available_spaces,
                status=request.status[:200],
                counted_at_us=request.timestamp,
            )
            outcome = await self._replica.propose(ReportCount(report))
            _raise_refusal(outcome)
        except Errors as error:
            await self._abort(context, error)
        return parking_pb2.UpdateResponse(index=self._replica.applied_index)

    async def Apply(  # noqa: N802
        self,
        request: parking_pb2.ApplyRequest,
        context: Context,
    ) -> parking_pb2.ApplyResponse:
        """Commit a layout."""
        try:
            layout = wire.layout_from_proto(request.layout)
            check_layout(layout, source="layout")
            expected = None if request.any_version else request.expected_version
            outcome = await self._replica.propose(ApplyLayout(layout, expected))
            _raise_refusal(outcome)
        except Errors as error:
            await self._abort(context, error)
        assert isinstance(outcome, LayoutApplied)
        return parking_pb2.ApplyResponse(
            index=self._replica.applied_index, version=outcome.version, changed=outcome.changed
        )

    async def Get(  # noqa: N802
        self,
        request: parking_pb2.GetRequest,
        context: Context,
    ) -> parking_pb2.GetResponse:
        """Read lots: linearizable by read-index, or what this replica has applied."""
        lot_ids = tuple(request.lot_ids)
        with_layouts = request.with_layouts

        as_of_us = request.as_of_us

        def question(queries: Queries) -> tuple[int, tuple[LotState, ...]]:
            if as_of_us:
                return queries.lots_as_of(lot_ids, as_of_us, with_layouts=with_layouts)
            return queries.lots(lot_ids, with_layouts=with_layouts)

        try:
            _check_past(as_of_us)
            if not request.stale_ok:
                await self._replica.barrier()
            age_us = 0 if not request.stale_ok else self._replica.age_us()
            index, lots = await self._replica.query(question)
            unknown = set(lot_ids) - {lot.lot_id for lot in lots}
            if unknown:
                raise LedgerRefused(_unknown_lot(min(unknown), past=bool(as_of_us)))
        except Errors as error:
            await self._abort(context, error)
        return wire.state_to_proto(LedgerState(index, age_us, lots))

    async def GetSpots(  # noqa: N802
        self,
        request: parking_pb2.GetSpotsRequest,
        context: Context,
    ) -> parking_pb2.GetSpotsResponse:
        """Read single spots by read-index, all with one question."""
        try:
            names = spots_request_from_proto(request)
            await self._replica.barrier()
            index, rows = await self._replica.query(lambda queries: queries.spots(names))
        except Errors as error:
            await self._abort(context, error)
        return spots_to_proto(index, rows)

    async def History(  # noqa: N802
        self,
        request: parking_pb2.HistoryRequest,
        context: Context,
    ) -> parking_pb2.HistoryResponse:
        """Read a page of what changed: as linearizable as Get."""
        try:
            question = wire.question_from_proto(request)
            if not request.stale_ok:
                await self._replica.barrier()
            age_us = 0 if not request.stale_ok else self._replica.age_us()
            index, page = await self._replica.query(lambda queries: queries.history(question))
        except Errors as error:
            await self._abort(context, error)
        return wire.page_to_proto(page, index=index, age_us=age_us)

    async def Watch(  # noqa: N802
        self,
        request: parking_pb2.WatchRequest,
        context: Context,
    ) -> AsyncIterator[parking_pb2.WatchEvent]:
        """Follow what is applied here. The state itself is the queue: a slow watcher costs none."""
        wanted = frozenset(request.lot_ids)
        after = request.after_index
        leaderless_since: float | None = None
        while True:
            try:
                through, events = await self._replica.query(_events_after(after), as_stored=True)
            except WatchGap as gap:
                await self._abort(context, gap)
            for event in events:
                seen = _of_lots(event, wanted)
                if seen is not None:
                    yield wire.event_to_proto(seen)
            after = max(after, through)
            if events:
                continue
            leaderless_since = self._leaderless(leaderless_since)
            if leaderless_since and time.monotonic() - leaderless_since > LEADERLESS_LIMIT:
                await self._abort(context, NotPrimary(None))
            try:
                async with asyncio.timeout(PROGRESS_EVERY):
                    await self._replica.wait_stored(after + 1)
            except TimeoutError:
                if self._replica.applied_index == after:
                    yield parking_pb2.WatchEvent(index=after)

    async def GetReplicaStatus(  # noqa: N802
        self,
        request: parking_pb2.GetReplicaStatusRequest,
        context: Context,
    ) -> parking_pb2.ReplicaStatus:
        """Tell what this replica knows of itself."""
        return wire.replica_status_to_proto(self.status())

    def status(self) -> ReplicaStatus:
        """Return this replica's status."""
        replica = self._replica
        primary_id = replica.primary_id or ""
        addresses = replica.addresses
        return ReplicaStatus(
            replica_id=replica.settings.replica_id,
            primary=replica.is_primary,
            term=replica.term,
            commit_index=replica.commit_index,
            applied_index=replica.applied_index,
            last_log_index=replica.last_log_index,
            primary_id=primary_id,
            primary_address=str(addresses.get(primary_id, "")),
            state_hash=replica.chain_head.hex(),
            peers=tuple(
                PeerProgress(
                    peer,
                    str(addresses[peer]),
                    match,
                    replica.heard_us(peer),
                    learner=replica.membership.role(peer) is MemberRole.LEARNER,
                )
                for peer, match in sorted(replica.match_indexes().items())
            ),
            disk_bytes=size_of(replica.settings.directory),
            cluster_id=replica.settings.cluster_id,
            first_log_index=replica.first_log_index,
            snapshot_index=replica.snapshot_index,
            member_role=replica.membership.role(replica.settings.replica_id),
            incarnation=self._incarnation,
            wall_clock_us=time.time_ns() // 1000,
            disk_free_bytes=shutil.disk_usage(replica.settings.directory).free,
        )

    def _leaderless(self, since: float | None) -> float | None:
        if self._replica.primary_id is not None:
            return None
        return since or time.monotonic()

    async def _abort(self, context: Context, error: Exception) -> None:
        await abort(context, error, self._replica.addresses)


def _events_after(after: int) -> Callable[[Queries], tuple[int, list[LedgerEvent]]]:
    return lambda queries: queries.events(after, limit=EVENTS_A_READ)


def _unknown_lot(lot_id: str, *, past: bool) -> str:
    if past:
        return f"lot '{lot_id}' is not known at that instant: 'parkledger history' tells since when"
    known = "look at 'parkledger status' for those that are"
    return f"lot '{lot_id}' is not known: apply its layout first, or {known}"


def _check_past(instant_us: int) -> None:
    if not 0 <= instant_us <= time.time_ns() // 1000:
        raise LedgerRefused(
            f"as_of_us {instant_us} is not in the past by this replica's clock: give an instant "
            "that is over, in microseconds since 1970-01-01 UTC"
        )


def _raise_refusal(outcome: Outcome) -> None:
    if isinstance(outcome, Refused):
        raise VersionConflict(outcome.reason) if outcome.conflict else LedgerRefused(outcome.reason)


def _of_lots(event: LedgerEvent, wanted: frozenset[str]) -> LedgerEvent | None:
    """Return the part of an event that concerns these lots (all if none is named), if any."""
    if not wanted:
        return event
    part = LedgerEvent(
        index=event.index,
        committed_at_us=event.committed_at_us,
        changes=tuple(change for change in event.changes if change.lot_id in wanted),
        layouts=tuple(change for change in event.layouts if change.lot_id in wanted),
        counts=tuple(change for change in event.counts if change.lot_id in wanted),
        cameras=tuple(change for change in event.cameras if change.lot_id in wanted),
    )
    return part if part.changes or part.layouts or part.counts or part.cameras else None
