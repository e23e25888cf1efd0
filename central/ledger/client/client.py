"""The ledger's client over gRPC: finds the primary by itself and sends again what may be lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

import grpc

from central.layout.document import Layout
from central.ledger import wire
from central.ledger.client.append_stream import AppendStream
from central.ledger.client.replicas import Replicas
from central.ledger.client.spot_reads import SpotReads
from central.ledger.interface import HistoryDropped, LedgerRefused, LedgerUnavailable, WatchGap
from central.ledger.merkle import Frontier
from central.ledger.proof import Head, Link, Proof
from central.ledger.records import (
    AppendResult,
    ApplyResult,
    DetectionBatch,
    HistoryPage,
    LedgerEvent,
    LedgerState,
    LotReport,
    Members,
    NodeReport,
    ReplicaStatus,
    ServiceStatus,
    SpotReading,
)
from central.ledger.snapshots.backup_file import BackupPart
from central.ledger.wire import audit
from central.ledger.wire.channels import audit_stub, cluster_stub, parking_stub, view_stub
from central.ledger.wire.spots import SpotName, spots_from_proto, spots_request_to_proto
from central.ledger.wire.status_codes import final_error, words_of
from node.address import Address
from node.backoff import Backoff
from protos import audit_pb2, cluster_pb2, heartbeat_pb2, parking_pb2

Answer = TypeVar("Answer")

ATTEMPT_TIME_OUT = 2.0
"""Seconds after which a replica that does not answer is taken for dead and another one asked."""

WATCH_SILENCE = 4.0
"""Seconds without even a progress event after which a watch goes to another replica."""


class LedgerClient:
    """A Ledger and a LedgerGroup (`central.ledger.interface`). Make it in a running event loop."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        """`addresses` are of some replicas, best of all; the primary is found from any of them."""
        self._replicas = Replicas(addresses)
        self._append_stream = AppendStream(self._replicas)
        self._spot_reads = SpotReads(self._ask_spots)

    async def append(self, batch: DetectionBatch) -> AppendResult:
        """Commit a batch exactly once; retries for ever, cancel to stop."""
        return await self._append_stream.append(batch)

    async def update(self, report: LotReport, *, timeout: float = 10.0) -> int:
        """Commit a lot's reported free count; returns the applied index."""
        request = parking_pb2.UpdateRequest(
            camera_id=report.reporter,
            location=report.lot_id,
            available_spaces=report.available_spaces,
            status=report.status,
            timestamp=report.counted_at_us,
        )
        response = await self._call(
            lambda channel, seconds: parking_stub(channel).Update(request, timeout=seconds),
            timeout=timeout,
            changes=True,
        )
        return response.index

    async def apply(
        self, layout: Layout, *, expected_version: int | None = None, timeout: float = 10.0
    ) -> ApplyResult:
        """Commit a layout; VersionConflict if the lot is not at `expected_version`."""
        request = parking_pb2.ApplyRequest(
            layout=wire.layout_to_proto(layout),
            expected_version=expected_version or 0,
            any_version=expected_version is None,
        )
        response = await self._call(
            lambda channel, seconds: parking_stub(channel).Apply(request, timeout=seconds),
            timeout=timeout,
            changes=True,
        )
        return ApplyResult(response.index, response.version, response.changed)

    async def get(
        self,
        lot_ids: Sequence[str] = (),
        *,
        with_layouts: bool = False,
        stale_ok: bool = False,
        as_of_us: int | None = None,
        timeout: float = 10.0,
    ) -> LedgerState:
        """Read lots, now or as of an instant; linearizable unless `stale_ok`."""
        request = parking_pb2.GetRequest(
            lot_ids=lot_ids,
            with_layouts=with_layouts,
            stale_ok=stale_ok,
            as_of_us=_instant(as_of_us),
        )
        response = await self._call(
            lambda channel, seconds: parking_stub(channel).Get(request, timeout=seconds),
            timeout=timeout,
        )
        return wire.state_from_proto(response)

    async def spot(self, lot_id: str, spot_id: str, *, timeout: float = 10.0) -> SpotReading:
        """Read one spot, linearizably; those that are read at the same time share a request."""
        return await self._spot_reads.read((lot_id, spot_id), timeout=timeout)

    async def _ask_spots(
        self, names: Sequence[SpotName], timeout: float
    ) -> Sequence[SpotReading | LedgerRefused]:
        request = spots_request_to_proto(names)
        response = await self._call(
            lambda channel, seconds: parking_stub(channel).GetSpots(request, timeout=seconds),
            timeout=timeout,
        )
        return spots_from_proto(response, names)

    async def history(
        self,
        lot_id: str,
        *,
        spot_ids: Sequence[str] = (),
        since_us: int | None = None,
        until_us: int | None = None,
        page_size: int = 1000,
        stale_ok: bool = False,
        timeout: float = 10.0,
    ) -> AsyncIterator[HistoryPage]:
        """Yield a lot's changes page by page, over fail-overs."""
        request = parking_pb2.HistoryRequest(
            lot_id=lot_id,
            spot_ids=spot_ids,
            since_us=_instant(since_us),
            until_us=_instant(until_us),
            page_size=page_size,
            stale_ok=stale_ok,
        )
        while True:
            response = await self._call(
                lambda channel, seconds: parking_stub(channel).History(request, timeout=seconds),
                timeout=timeout,
            )
            yield wire.page_from_proto(response)
            request.page_token = response.next_page_token
            if not request.page_token:
                return

    async def watch(
        self, after_index: int, *, lot_ids: Sequence[str] = ()
    ) -> AsyncIterator[LedgerEvent]:
        """Yield every event after that index, over fail-overs. Ends only when closed."""
        backoff = Backoff(first=0.05, limit=1.0)
        after = after_index
        while True:
            target = self._replicas.target
            call = parking_stub(self._replicas.channel()).Watch(
                parking_pb2.WatchRequest(after_index=after, lot_ids=lot_ids)
            )
            try:
                while True:
                    async with asyncio.timeout(WATCH_SILENCE):
                        message = await call.read()
                    if not isinstance(message, parking_pb2.WatchEvent):
                        break  # the replica ended the stream: it is shutting down
                    backoff.reset()
                    # Filtered watches see gaps; what counts is that the index only grows.
                    after = max(after, message.index)
                    yield wire.event_from_proto(message)
                self._replicas.failed(target, None)
            except grpc.aio.AioRpcError as error:
                final = final_error(error)
                if isinstance(final, HistoryDropped):
                    raise WatchGap(str(final)) from error
                if final is not None:
                    raise final from error
                self._replicas.failed(target, error)
            except TimeoutError:
                self._replicas.failed(target, None)
            finally:
                call.cancel()
            await asyncio.sleep(backoff.next_delay())

    async def heartbeat(self, reports: Sequence[NodeReport], *, timeout: float = 2.0) -> float:
        """Report nodes alive; returns the seconds within which to report again."""
        request = heartbeat_pb2.HeartbeatRequest(
            reports=[wire.report_to_proto(report) for report in reports]
        )
        response = await self._call(
            lambda channel, seconds: view_stub(channel).Heartbeat(request, timeout=seconds),
            timeout=timeout,
        )
        return response.interval_us / 1e6

    async def service_status(self, *, timeout: float = 5.0) -> ServiceStatus:
        """Return which nodes are alive, from the primary."""
        response = await self._call(
            lambda channel, seconds: view_stub(channel).GetServiceStatus(
                heartbeat_pb2.GetServiceStatusRequest(), timeout=seconds
            ),
            timeout=timeout,
        )
        return wire.service_status_from_proto(response)

    async def replica_status(self, address: str, *, timeout: float = 2.0) -> ReplicaStatus:
        """Ask one replica about itself; LedgerUnavailable if it does not answer."""
        channel = self._replicas.channel(Address.parse(address))
        try:
            response = await parking_stub(channel).GetReplicaStatus(
                parking_pb2.GetReplicaStatusRequest(), timeout=timeout
            )
        except grpc.aio.AioRpcError as error:
            raise LedgerUnavailable(
                f"replica at {address} does not answer: {words_of(error)}"
            ) from error
        return wire.replica_status_from_proto(response)

    async def head(self, address: str, *, index: int = 0, timeout: float = 10.0) -> Head:
        """Return one replica's head; LedgerUnavailable if it does not answer."""
        response = await self._ask(
            address,
            lambda channel: audit_stub(channel).GetHead(
                audit_pb2.GetHeadRequest(index=index), timeout=timeout
            ),
        )
        return audit.head_from_proto(response)

    async def checkpoint(self, address: str, *, timeout: float = 10.0) -> Frontier:
        """Return the tree over what one replica dropped; LedgerUnavailable if it is silent."""
        response = await self._ask(
            address,
            lambda channel: audit_stub(channel).GetCheckpoint(
                audit_pb2.GetCheckpointRequest(), timeout=timeout
            ),
        )
        return audit.checkpoint_from_proto(response)

    async def links(
        self, address: str, *, after_index: int = 0, timeout: float = 10.0
    ) -> AsyncIterator[Link]:
        """Yield all that one replica has applied; LedgerUnavailable if it does not answer."""
        request = audit_pb2.ListLinksRequest(after_index=after_index)
        while True:
            response = await self._ask(
                address,
                lambda channel: audit_stub(channel).ListLinks(request, timeout=timeout),
            )
            if not response.links:
                return
            for link in response.links:
                yield audit.link_from_proto(link)
            request.after_index = response.links[-1].index

    async def proof(self, index: int, *, head_index: int = 0, timeout: float = 10.0) -> Proof:
        """Return what proves an entry, from the replica that answered last."""
        request = audit_pb2.GetProofRequest(index=index, head_index=head_index)
        response = await self._call(
            lambda channel, seconds: audit_stub(channel).GetProof(request, timeout=seconds),
            timeout=timeout,
        )
        return audit.proof_from_proto(response)

    async def members(self, *, timeout: float = 10.0) -> Members:
        """Return who belongs to the group, from the primary."""
        response = await self._call(
            lambda channel, seconds: cluster_stub(channel).GetMembers(
                cluster_pb2.GetMembersRequest(), timeout=seconds
            ),
            timeout=timeout,
        )
        members = wire.members_from_proto(response)
        # The one that was named to us may be the one that goes.
        self._replicas.learn(Address.parse(one.address) for one in members.members)
        return members

    async def add_member(
        self,
        replica_id: str,
        address: str,
        *,
        stays_learner: bool = False,
        timeout: float = 10.0,
    ) -> bool:
        """Commit a replica as a learner, or a member's new address."""
        request = cluster_pb2.AddMemberRequest(
            replica_id=replica_id, address=address, stays_learner=stays_learner
        )
        response = await self._call(
            lambda channel, seconds: cluster_stub(channel).AddMember(request, timeout=seconds),
            timeout=timeout,
            changes=True,
        )
        return response.changed

    async def promote_member(self, replica_id: str, *, timeout: float = 10.0) -> bool:
        """Commit that a learner which was to stay one may become a voter."""
        request = cluster_pb2.PromoteMemberRequest(replica_id=replica_id)
        response = await self._call(
            lambda channel, seconds: cluster_stub(channel).PromoteMember(request, timeout=seconds),
            timeout=timeout,
            changes=True,
        )
        return response.changed

    async def remove_member(self, replica_id: str, *, timeout: float = 10.0) -> bool:
        """Commit the group without a member."""
        request = cluster_pb2.RemoveMemberRequest(replica_id=replica_id)
        response = await self._call(
            lambda channel, seconds: cluster_stub(channel).RemoveMember(request, timeout=seconds),
            timeout=timeout,
            changes=True,
        )
        return response.changed

    async def transfer(self, replica_id: str = "", *, timeout: float = 10.0) -> str:
        """Let another voter lead; returns who leads now."""
        request = cluster_pb2.TransferLeadershipRequest(replica_id=replica_id)
        response = await self._call(
            lambda channel, left: cluster_stub(channel).TransferLeadership(request, timeout=left),
            timeout=timeout,
            changes=True,
        )
        return response.primary_id

    async def backup(self, address: str, *, at_least: int = 0) -> AsyncIterator[BackupPart]:
        """Yield a copy of what one replica has applied; LedgerUnavailable if it cannot make one."""
        call = cluster_stub(self._replicas.channel(Address.parse(address))).Backup(
            cluster_pb2.BackupRequest(at_least_index=at_least)
        )
        try:
            async for piece in call:
                yield wire.backup_part_from_proto(piece)
        except grpc.aio.AioRpcError as error:
            raise final_error(error) or LedgerUnavailable(
                f"replica at {address}: {words_of(error)}"
            ) from error
        finally:
            call.cancel()

    async def close(self) -> None:
        """Close connections; appends under way are cancelled."""
        await self._append_stream.close()
        await self._spot_reads.close()
        await self._replicas.close()

    async def _ask(
        self, address: str, question: Callable[[grpc.aio.Channel], Awaitable[Answer]]
    ) -> Answer:
        """Ask one replica of itself. Raises LedgerUnavailable, or what it refuses with."""
        try:
            return await question(self._replicas.channel(Address.parse(address)))
        except grpc.aio.AioRpcError as error:
            raise final_error(error) or LedgerUnavailable(
                f"replica at {address} does not answer ({words_of(error)}): does it run there?"
            ) from error

    async def _call(
        self,
        attempt: Callable[[grpc.aio.Channel, float], Awaitable[Answer]],
        *,
        timeout: float,
        changes: bool = False,
    ) -> Answer:
        """Ask until the primary answers, or the time is up. Every call here is safe to repeat."""
        deadline = asyncio.get_running_loop().time() + timeout
        backoff = Backoff(first=0.02, limit=0.3)
        detail = "no replica answered"
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            target = self._replicas.target
            try:
                return await attempt(self._replicas.channel(), min(left, ATTEMPT_TIME_OUT))
            except grpc.aio.AioRpcError as error:
                if (final := final_error(error)) is not None:
                    raise final from error
                detail = f"{target}: {words_of(error)}"
                if self._replicas.failed(target, error):
                    continue
            await asyncio.sleep(min(max(left, 0.0), backoff.next_delay()))
        raise LedgerUnavailable(
            f"the ledger gave no answer within {timeout:g} s ({detail}): check --ledger, and that "
            "a majority of replicas runs"
            f"{'; whether the change took effect is unknown' if changes else ''}"
        )


def _instant(instant_us: int | None) -> int:
    """Return an instant for the wire, where 0 is none: nothing was committed in 1970."""
    return 0 if instant_us is None else instant_us or 1
