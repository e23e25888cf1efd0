"""One replica's process: replica, peers and services on one event loop."""

import asyncio
import logging
import os
from collections.abc import Coroutine

import grpc

from central.ledger.channels import server_options
from central.ledger.opening import ReplicaSettings
from central.ledger.peers import Peers, RaftReceiver
from central.ledger.replica import Replica
from central.ledger.service import ParkingService
from central.ledger.view_service import ViewService
from node.address import Address
from node.listening import check_free
from protos import heartbeat_pb2_grpc, parking_pb2_grpc, raft_pb2_grpc

logger = logging.getLogger(__name__)

GRACE = 0.5  # seconds that calls under way have to end at shutdown
HAND_OVER = 0.5  # seconds that another replica has to take over at shutdown


async def serve(
    settings: ReplicaSettings,
    *,
    listen: Address,
    camera_time_out: float,
    stop: asyncio.Event,
) -> int:
    """Run a replica until `stop` is set; returns the exit code.

    Raises UsageError for a wrong data directory, OperationError if the port is taken or the disk
    fails.
    """
    os.umask(0o077)  # every file is its owner's alone, SQLite's own ones too
    peers = Peers(replica_id=settings.replica_id, cluster_id=settings.cluster_id)
    replica = Replica(settings, send=peers.send, on_members=peers.follow)
    try:
        parking = ParkingService(replica)
        view = ViewService(replica, parking, camera_time_out=camera_time_out)
        server = grpc.aio.server(options=server_options())
        parking_pb2_grpc.add_ParkingServiceServicer_to_server(parking, server)
        heartbeat_pb2_grpc.add_ViewServiceServicer_to_server(view, server)
        raft_pb2_grpc.add_RaftServiceServicer_to_server(
            RaftReceiver(
                replica_id=settings.replica_id,
                cluster_id=settings.cluster_id,
                receive=replica.receive,
            ),
            server,
        )
        check_free(listen)
        server.add_insecure_port(str(listen))
        await server.start()
        logger.info(
            "ready listen=%s data=%s index=%d term=%d cluster=%s",
            listen,
            settings.directory,
            replica.applied_index,
            replica.term,
            settings.cluster_id,
        )
        try:
            await _run_until(_end_of(replica, stop), replica.run(), view.run(), peers.run())
        finally:
            await server.stop(GRACE)
        logger.info("stopped index=%d", replica.applied_index)
    finally:
        replica.close()
    return 0


async def _end_of(replica: Replica, stop: asyncio.Event) -> None:
    """Wait for `stop`, then let another replica lead first: a planned stop costs no election."""
    await stop.wait()
    if await replica.hand_over(timeout=HAND_OVER):
        logger.info("handed over term=%d", replica.term)


async def _run_until(end: Coroutine[None, None, None], *parts: Coroutine[None, None, None]) -> None:
    """Run all parts until `end`; if one of them fails, the others end and its error is raised."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    stopping = asyncio.ensure_future(end)
    try:
        done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (*tasks, stopping):
            task.cancel()
        await asyncio.gather(*tasks, stopping, return_exceptions=True)
