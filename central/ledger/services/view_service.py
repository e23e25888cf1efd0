"""ViewService: which nodes are alive, and what follows from a camera's silence."""

import asyncio
import logging
import time

import grpc

from central.ledger import wire
from central.ledger.command import LoseCamera
from central.ledger.errors import NotPrimary
from central.ledger.queries.queries import Queries
from central.ledger.records import NodeKind, NodeReport, ReplicaStatus
from central.ledger.replica.liveness import Liveness
from central.ledger.replica.replica import Replica
from central.ledger.services.service import ParkingService
from central.ledger.wire.channels import Context, channel_options, parking_stub
from central.ledger.wire.status_codes import abort
from central.raft import Overloaded
from node.address import Address
from node.errors import OperationError, UsageError
from node.identifiers import new_boot_id
from protos import heartbeat_pb2, heartbeat_pb2_grpc, parking_pb2

logger = logging.getLogger(__name__)

HEARTBEAT_INTERVAL = 2.0  # seconds within which a node reports again
PEER_TIME_OUT = 1.0  # seconds that a peer has to tell its status


class ViewService(heartbeat_pb2_grpc.ViewServiceServicer):
    """Takes reports as primary; commits that a camera is lost when nobody vouches for it."""

    def __init__(
        self,
        replica: Replica,
        parking: ParkingService,
        *,
        camera_time_out: float,
    ) -> None:
        self._replica = replica
        self._parking = parking
        self._camera_time_out = camera_time_out
        self._boot_id = new_boot_id()
        self._liveness: Liveness | None = None
        self._liveness_term = -1

    async def Heartbeat(  # noqa: N802 - the names are the service's
        self,
        request: heartbeat_pb2.HeartbeatRequest,
        context: Context,
    ) -> heartbeat_pb2.HeartbeatResponse:
        """Take reports of nodes."""
        try:
            reports = [wire.report_from_proto(report) for report in request.reports]
            self._current().report(reports, now=time.monotonic())
        except (OperationError, UsageError) as error:
            await abort(context, error, self._replica.addresses)
        return heartbeat_pb2.HeartbeatResponse(
            index=self._replica.applied_index, interval_us=int(HEARTBEAT_INTERVAL * 1e6)
        )

    async def GetServiceStatus(  # noqa: N802
        self,
        request: heartbeat_pb2.GetServiceStatusRequest,
        context: Context,
    ) -> heartbeat_pb2.GetServiceStatusResponse:
        """Tell which nodes are alive, and what each replica says of itself."""
        try:
            liveness = self._current()
        except OperationError as error:
            await abort(context, error, self._replica.addresses)
        replicas = await self._replica_statuses()
        now = time.monotonic()
        liveness.report(
            [
                NodeReport(
                    node_id=status.replica_id,
                    kind=NodeKind.REPLICA,
                    boot_id=self._boot_id if status.replica_id == self._me else "",
                    reported_by=self._me,
                    address=str(self._replica.addresses.get(status.replica_id, "")),
                )
                for status in replicas
            ],
            now=now,
        )
        return wire.service_status_to_proto(liveness.nodes(now=now), self._me, replicas)

    async def run(self) -> None:
        """Watch for silent cameras while this replica is the primary, until cancelled."""
        while True:
            await asyncio.sleep(self._camera_time_out / 4)
            try:
                await self._lose_silent_cameras()
            except (OperationError, Overloaded) as error:
                logger.info("silent cameras not committed now: %s", error)

    async def _lose_silent_cameras(self) -> None:
        if not self._replica.is_primary:
            return
        seen = await self._replica.query(Queries.seen_cameras)
        liveness, now = self._current(), time.monotonic()
        for camera_id in liveness.silent_cameras(seen, now=now):
            silent_for = liveness.silent_for(camera_id, now=now)
            logger.warning(
                "camera %s: nobody has vouched for it for %.0f s, its spots are unknown now",
                camera_id,
                silent_for,
            )
            since_us = time.time_ns() // 1000 - int(silent_for * 1e6)
            await self._replica.propose(LoseCamera(camera_id, since_us))

    def _current(self) -> Liveness:
        """Return this primary's own record, begun anew with each of its terms."""
        if not self._replica.is_primary:
            raise NotPrimary(self._replica.primary_id)
        if self._liveness is None or self._liveness_term != self._replica.term:
            self._liveness = Liveness(since=time.monotonic(), time_out=self._camera_time_out)
            self._liveness_term = self._replica.term
        return self._liveness

    @property
    def _me(self) -> str:
        return self._replica.settings.replica_id

    async def _replica_statuses(self) -> list[ReplicaStatus]:
        others = [
            _ask_status(address)
            for peer, address in self._replica.addresses.items()
            if peer != self._me
        ]
        answers = await asyncio.gather(*others)
        known = [self._parking.status(), *(status for status in answers if status)]
        return sorted(known, key=lambda status: status.replica_id)


async def _ask_status(address: Address) -> ReplicaStatus | None:
    async with grpc.aio.insecure_channel(str(address), options=channel_options()) as channel:
        try:
            status = await parking_stub(channel).GetReplicaStatus(
                parking_pb2.GetReplicaStatusRequest(), timeout=PEER_TIME_OUT
            )
        except grpc.aio.AioRpcError:
            return None  # it is away: what it would say is not known
    return wire.replica_status_from_proto(status)
