"""One replica's process: replica, peers and services on one event loop."""

import asyncio
import gc
import logging
import os
from collections.abc import Coroutine

import grpc

from central.ledger.peers.acquaintances import Acquaintances
from central.ledger.peers.identity import holds_replica
from central.ledger.peers.link import Introduction
from central.ledger.peers.peers import Peers
from central.ledger.peers.receiver import Door
from central.ledger.records import MemberRole
from central.ledger.replica.divergence import COMPARE_EVERY, Gate, HeadWatch, check_mark
from central.ledger.replica.opening import Opened, ReplicaSettings, open_replica
from central.ledger.replica.replica import Replica
from central.ledger.replica.retention import Retention
from central.ledger.replica.summing import keep_summing
from central.ledger.services.audit_service import AuditService
from central.ledger.services.backup_source import BackupSource
from central.ledger.services.cluster_service import ClusterService
from central.ledger.services.service import ParkingService
from central.ledger.services.view_service import ViewService
from central.ledger.wire.channels import server_options
from node.address import Address
from node.listening import check_free
from protos import (
    audit_pb2_grpc,
    cluster_pb2_grpc,
    heartbeat_pb2_grpc,
    parking_pb2_grpc,
    raft_pb2_grpc,
)

logger = logging.getLogger(__name__)

GRACE = 0.5  # seconds that calls under way have to end at shutdown
HAND_OVER = 0.5  # seconds that another replica has to take over at shutdown


async def serve(
    settings: ReplicaSettings,
    *,
    listen: Address,
    camera_time_out: float,
    stop: asyncio.Event,
    peer_port: int = 0,
    append_port: int = 0,
    compare_heads_every: float = COMPARE_EVERY,
    keep_history_days: float | None = None,
) -> int:
    """Run a replica until `stop` is set; returns the exit code.

    peer_port: where other replicas connect; append_port: where append streams have their lanes; 0
    for any port that is free. keep_history_days: what is older is dropped; None: never.

    Raises UsageError for a wrong data directory, OperationError if the port is taken or the disk
    fails, or the state turns out not to be that of the other replicas.
    """
    os.umask(0o077)  # every file is its owner's alone, SQLite's own ones too
    opened = await _opened(settings, listen, peer_port, append_port)
    settings, incarnation = opened.settings, opened.identity.incarnation
    me = Introduction(settings.cluster_id, settings.replica_id, incarnation)
    peers = Peers(me)
    replica = Replica(opened, send=peers.send, on_members=peers.follow)
    peers.on_there = replica.greet
    try:
        membership = replica.membership
        acquaintances = Acquaintances(
            settings.directory, opened.identity, lambda: membership.standing
        )
        parking = ParkingService(replica, incarnation=incarnation)
        view = ViewService(replica, parking, camera_time_out=camera_time_out)
        heads = HeadWatch(replica, every=compare_heads_every)
        door = Door(me, acquaintances, peers, replica.receive, lost=replica.suspect)
        cluster = ClusterService(replica, acquaintances, BackupSource(settings))
        server = _server_of(Gate(heads), parking, view, cluster, door, AuditService(replica))
        check_free(listen)
        await door.open(Address(listen.host, peer_port))
        await parking.lanes.open(Address(listen.host, append_port))
        server.add_insecure_port(str(listen))
        await server.start()
        _announce(replica, listen)
        try:
            _collect_seldom()
            parts = [replica.run(), view.run(), peers.run(), heads.run(), keep_summing(replica)]
            if keep_history_days is not None:
                parts.append(Retention(replica, keep_days=keep_history_days).run())
            await _run_until(_end_of(replica, stop), *parts)
        finally:
            door.close()
            parking.lanes.close()
            await server.stop(GRACE)
        logger.info("stopped index=%d", replica.applied_index)
    finally:
        replica.close()
    return 0


async def _opened(
    settings: ReplicaSettings, listen: Address, peer_port: int, append_port: int
) -> Opened:
    check_mark(settings.directory)
    if not holds_replica(settings.directory):
        # Its first start says for ever whose a directory is: one that fails is to leave none.
        check_free(listen)
        for port, option in ((peer_port, "--peer-port"), (append_port, "--append-port")):
            check_free(Address(listen.host, port), option=option)
    # In a thread: an old state takes minutes to convert, and a second signal shall end even that.
    return await asyncio.to_thread(open_replica, settings)


def _server_of(
    gate: Gate,
    parking: ParkingService,
    view: ViewService,
    cluster: ClusterService,
    door: Door,
    audit: AuditService,
) -> grpc.aio.Server:
    server = grpc.aio.server(options=server_options(), interceptors=[gate])
    parking_pb2_grpc.add_ParkingServiceServicer_to_server(parking, server)
    heartbeat_pb2_grpc.add_ViewServiceServicer_to_server(view, server)
    cluster_pb2_grpc.add_ClusterServiceServicer_to_server(cluster, server)
    raft_pb2_grpc.add_RaftServiceServicer_to_server(door, server)
    audit_pb2_grpc.add_AuditServiceServicer_to_server(audit, server)
    return server


def _collect_seldom() -> None:
    """Let Python look for cycles of garbage less often, and not among what stays for good.

    What entries and rows are made of has no cycles, yet by default every few hundred of them are
    looked through: some hundredths of a busy replica's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _announce(replica: Replica, listen: Address) -> None:
    settings = replica.settings
    logger.info(
        "ready listen=%s data=%s index=%d term=%d cluster=%s members=%s",
        listen,
        settings.directory,
        replica.applied_index,
        replica.term,
        settings.cluster_id,
        ",".join(sorted(replica.addresses)) or "unknown",
    )
    named = settings.first.members - {settings.replica_id}
    if named and set(replica.addresses) == {settings.replica_id}:
        logger.warning(
            "replica %s is a cluster of its own, without %s: --peers counts at a directory's first "
            "start; add them with 'parkledger members add', or give an empty --data",
            settings.replica_id,
            ", ".join(sorted(named)),
        )
    if replica.membership.role(settings.replica_id) is MemberRole.NONE:
        logger.warning(
            "replica %s is no member: a newcomer waits for 'parkledger members add %s HOST:PORT'",
            settings.replica_id,
            settings.replica_id,
        )


async def _end_of(replica: Replica, stop: asyncio.Event) -> None:
    """Wait for `stop`, then let another replica lead first: a planned stop costs no election."""
    await stop.wait()
    if await replica.membership.hand_over(timeout=HAND_OVER):
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
