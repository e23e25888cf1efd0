"""The ledger's client over gRPC: finds the primary by itself and sends again what may be lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

import grpc

from central.layout.document import Layout
from central.ledger import wire
from central.ledger.append_stream import AppendStream
from central.ledger.channels import parking_stub, view_stub
from central.ledger.interface import LedgerUnavailable
from central.ledger.records import (
    AppendResult,
    ApplyResult,
    DetectionBatch,
    LedgerEvent,
    LedgerState,
    LotReport,
    NodeReport,
    ReplicaStatus,
    ServiceStatus,
)
from central.ledger.replicas import Replicas
from central.ledger.status_codes import final_error
from node.address import Address
from node.backoff import Backoff
from protos import heartbeat_pb2, parking_pb2

Answer = TypeVar("Answer")

ATTEMPT_TIME_OUT = 2.0
"""Seconds after which a replica that does not answer is taken for dead and another one asked."""

WATCH_SILENCE = 4.0
"""Seconds without even a progress event after which a watch goes to another replica."""


class LedgerClient:
    """See `central.ledger.interface.Ledger`. Make it inside a running event loop."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        """`addresses` are of some replicas, best of all; the primary is found from any of them."""
        self._replicas = Replicas(addresses)
        self._append_stream = AppendStream(self._replicas)

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
        )
        return ApplyResult(response.index, response.version, response.changed)

    async def get(
        self,
        lot_ids: Sequence[str] = (),
        *,
        with_layouts: bool = False,
        stale_ok: bool = False,
        timeout: float = 10.0,
    ) -> LedgerState:
        """Read lots; linearizable unless `stale_ok`."""
        request = parking_pb2.GetRequest(
            lot_ids=lot_ids, with_layouts=with_layouts, stale_ok=stale_ok
        )
        response = await self._call(
            lambda channel, seconds: parking_stub(channel).Get(request, timeout=seconds),
            timeout=timeout,
        )
        return wire.state_from_proto(response)

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
                if (final := final_error(error)) is not None:
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
                f"replica at {address} does not answer: {error.details()}"
            ) from error
        return wire.replica_status_from_proto(response)

    async def close(self) -> None:
        """Close connections; appends under way are cancelled."""
        await self._append_stream.close()
        await self._replicas.close()

    async def _call(
        self,
        attempt: Callable[[grpc.aio.Channel, float], Awaitable[Answer]],
        *,
        timeout: float,
    ) -> Answer:
        """Ask until the primary answers or the time is up. Every call here is safe to repeat."""
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
                detail = f"{target}: {error.details() or error.code().name}"
                if self._replicas.failed(target, error):
                    continue
            await asyncio.sleep(min(max(left, 0.0), backoff.next_delay()))
        raise LedgerUnavailable(
            f"the ledger gave no answer within {timeout:g} s ({detail}): "
            "whether the request took effect is unknown; see that a majority of replicas runs"
        )
