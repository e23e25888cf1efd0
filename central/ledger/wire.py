"""The ledger's values as protos and back: the only place where client and service convert them."""

from collections.abc import Iterable

from central.layout.document import Camera, Corner, Layout, Region, Spot, Zone
from central.ledger.records import (
    CONFIDENCE_SCALE,
    CountChange,
    Detection,
    DetectionBatch,
    IdempotencyKey,
    LayoutChange,
    LedgerEvent,
    LedgerState,
    LotCount,
    LotState,
    NodeKind,
    NodeReport,
    NodeStatus,
    Occupancy,
    OccupancyChange,
    PeerProgress,
    Rejected,
    ReplicaStatus,
    ServiceStatus,
    SpotState,
    ViewState,
)
from node.errors import UsageError
from protos import heartbeat_pb2, parking_pb2

# ---- layouts ---


def layout_to_proto(layout: Layout) -> parking_pb2.Layout:
    """Return a layout's message."""
    return parking_pb2.Layout(
        lot_id=layout.lot_id,
        name=layout.name,
        time_zone=layout.time_zone,
        latitude=layout.latitude,
        longitude=layout.longitude,
        zones=[parking_pb2.Zone(zone_id=zone.zone_id, name=zone.name) for zone in layout.zones],
        spots=[
            parking_pb2.Spot(spot_id=spot.spot_id, zone_id=spot.zone_id) for spot in layout.spots
        ],
        cameras=[
            parking_pb2.Camera(
                camera_id=camera.camera_id,
                name=camera.name,
                regions=[_region_to_proto(region) for region in camera.regions],
            )
            for camera in layout.cameras
        ],
    )


def layout_from_proto(layout: parking_pb2.Layout) -> Layout:
    """Return the layout of a message; UsageError if a region has not four corners."""
    return Layout(
        lot_id=layout.lot_id,
        name=layout.name,
        time_zone=layout.time_zone,
        latitude=layout.latitude if layout.HasField("latitude") else None,
        longitude=layout.longitude if layout.HasField("longitude") else None,
        zones=tuple(Zone(zone.zone_id, zone.name) for zone in layout.zones),
        spots=tuple(Spot(spot.spot_id, spot.zone_id) for spot in layout.spots),
        cameras=tuple(
            Camera(
                camera.camera_id,
                camera.name,
                tuple(_region_from_proto(region) for region in camera.regions),
            )
            for camera in layout.cameras
        ),
    )


def _region_to_proto(region: Region) -> parking_pb2.Region:
    return parking_pb2.Region(
        spot_id=region.spot_id,
        corners=[parking_pb2.Corner(x_millionths=x, y_millionths=y) for x, y in region.corners],
    )


def _region_from_proto(region: parking_pb2.Region) -> Region:
    corners: list[Corner] = [(c.x_millionths, c.y_millionths) for c in region.corners]
    if len(corners) != 4:
        raise UsageError(
            f"region of spot '{region.spot_id}' has {len(corners)} corners: give exactly four"
        )
    return Region(region.spot_id, (corners[0], corners[1], corners[2], corners[3]))


# ---- appending ---


def batch_to_proto(batch: DetectionBatch) -> parking_pb2.DetectionBatch:
    """Return a batch's message."""
    return parking_pb2.DetectionBatch(
        camera_id=batch.key.camera_id,
        boot_id=batch.key.boot_id,
        sequence=batch.key.sequence,
        captured_at_us=batch.captured_at_us,
        layout_version=batch.layout_version,
        model=batch.model,
        detections=[
            parking_pb2.Detection(
                spot_id=detection.spot_id,
                occupancy=occupancy_to_proto(detection.occupancy),
                confidence_permyriad=detection.confidence,
            )
            for detection in batch.detections
        ],
    )


def batch_from_proto(batch: parking_pb2.DetectionBatch) -> DetectionBatch:
    """Return the batch of a message; UsageError for a state or confidence that is none."""
    for detection in batch.detections:
        if detection.confidence_permyriad > CONFIDENCE_SCALE:
            raise UsageError(
                f"detection of spot '{detection.spot_id}': confidence_permyriad is "
                f"{detection.confidence_permyriad}, the most is {CONFIDENCE_SCALE}"
            )
    return DetectionBatch(
        key=IdempotencyKey(batch.camera_id, batch.boot_id, batch.sequence),
        captured_at_us=batch.captured_at_us,
        layout_version=batch.layout_version,
        model=batch.model,
        detections=tuple(
            Detection(d.spot_id, occupancy_from_proto(d.occupancy), d.confidence_permyriad)
            for d in batch.detections
        ),
    )


def rejected_to_proto(rejected: Rejected) -> parking_pb2.RejectedBatch:
    """Return a rejection's message."""
    return parking_pb2.RejectedBatch(
        camera_id=rejected.key.camera_id,
        boot_id=rejected.key.boot_id,
        sequence=rejected.key.sequence,
        reason=rejected.reason,
    )


def rejected_from_proto(rejected: parking_pb2.RejectedBatch) -> Rejected:
    """Return the rejection of a message."""
    key = IdempotencyKey(rejected.camera_id, rejected.boot_id, rejected.sequence)
    return Rejected(key, rejected.reason)


def occupancy_to_proto(occupancy: Occupancy) -> parking_pb2.Occupancy.ValueType:
    """Return the wire's number of a state: the same, by design."""
    return parking_pb2.Occupancy.ValueType(occupancy)


def occupancy_from_proto(value: int) -> Occupancy:
    """Return the state of a wire's number; UsageError if there is none."""
    try:
        return Occupancy(value)
    except ValueError as error:
        raise UsageError(
            f"occupancy {value} is none: 1 is occupied, 2 vacant, 3 unknown"
        ) from error


# ---- state ---


def state_to_proto(state: LedgerState) -> parking_pb2.GetResponse:
    """Return an answer's message."""
    return parking_pb2.GetResponse(
        index=state.index, age_us=state.age_us, lots=[_lot_to_proto(lot) for lot in state.lots]
    )


def state_from_proto(response: parking_pb2.GetResponse) -> LedgerState:
    """Return the answer of a message."""
    return LedgerState(
        index=response.index,
        age_us=response.age_us,
        lots=tuple(_lot_from_proto(lot) for lot in response.lots),
    )


def _lot_to_proto(lot: LotState) -> parking_pb2.LotState:
    return parking_pb2.LotState(
        lot_id=lot.lot_id,
        name=lot.name,
        layout_version=lot.layout_version,
        layout=layout_to_proto(lot.layout) if lot.layout else None,
        spots=[
            parking_pb2.SpotState(
                spot_id=spot.spot_id,
                occupancy=occupancy_to_proto(spot.occupancy),
                confidence_permyriad=spot.confidence,
                camera_id=spot.camera_id,
                since_us=spot.since_us,
                views=[
                    parking_pb2.ViewState(
                        camera_id=view.camera_id,
                        occupancy=occupancy_to_proto(view.occupancy),
                        confidence_permyriad=view.confidence,
                        captured_at_us=view.captured_at_us,
                    )
                    for view in spot.views
                ],
            )
            for spot in lot.spots
        ],
        occupied=lot.count(Occupancy.OCCUPIED),
        vacant=lot.count(Occupancy.VACANT),
        unknown=lot.count(Occupancy.UNKNOWN),
        counts=[_count_to_proto(count) for count in lot.counts],
    )


def _lot_from_proto(lot: parking_pb2.LotState) -> LotState:
    return LotState(
        lot_id=lot.lot_id,
        name=lot.name,
        layout_version=lot.layout_version,
        spots=tuple(
            SpotState(
                spot_id=spot.spot_id,
                occupancy=occupancy_from_proto(spot.occupancy),
                confidence=spot.confidence_permyriad,
                camera_id=spot.camera_id,
                since_us=spot.since_us,
                views=tuple(
                    ViewState(
                        view.camera_id,
                        occupancy_from_proto(view.occupancy),
                        view.confidence_permyriad,
                        view.captured_at_us,
                    )
                    for view in spot.views
                ),
            )
            for spot in lot.spots
        ),
        counts=tuple(_count_from_proto(count) for count in lot.counts),
        layout=layout_from_proto(lot.layout) if lot.HasField("layout") else None,
    )


def _count_to_proto(count: LotCount) -> parking_pb2.LotCount:
    return parking_pb2.LotCount(
        reporter=count.reporter,
        available_spaces=count.available_spaces,
        counted_at_us=count.counted_at_us,
        stale=count.stale,
        status=count.status,
    )


def _count_from_proto(count: parking_pb2.LotCount) -> LotCount:
    return LotCount(
        reporter=count.reporter,
        available_spaces=count.available_spaces,
        counted_at_us=count.counted_at_us,
        stale=count.stale,
        status=count.status,
    )


# ---- events ---


def event_to_proto(event: LedgerEvent) -> parking_pb2.WatchEvent:
    """Return an event's message."""
    return parking_pb2.WatchEvent(
        index=event.index,
        committed_at_us=event.committed_at_us,
        changes=[
            parking_pb2.OccupancyChange(
                lot_id=change.lot_id,
                spot_id=change.spot_id,
                previous=occupancy_to_proto(change.previous),
                occupancy=occupancy_to_proto(change.occupancy),
                confidence_permyriad=change.confidence,
                camera_id=change.camera_id,
                captured_at_us=change.captured_at_us,
            )
            for change in event.changes
        ],
        layouts=[
            parking_pb2.LayoutChange(lot_id=change.lot_id, version=change.version)
            for change in event.layouts
        ],
        counts=[
            parking_pb2.CountChange(lot_id=change.lot_id, count=_count_to_proto(change.count))
            for change in event.counts
        ],
    )


def event_from_proto(event: parking_pb2.WatchEvent) -> LedgerEvent:
    """Return the event of a message."""
    return LedgerEvent(
        index=event.index,
        committed_at_us=event.committed_at_us,
        changes=tuple(
            OccupancyChange(
                lot_id=change.lot_id,
                spot_id=change.spot_id,
                previous=occupancy_from_proto(change.previous),
                occupancy=occupancy_from_proto(change.occupancy),
                confidence=change.confidence_permyriad,
                camera_id=change.camera_id,
                captured_at_us=change.captured_at_us,
            )
            for change in event.changes
        ),
        layouts=tuple(LayoutChange(change.lot_id, change.version) for change in event.layouts),
        counts=tuple(
            CountChange(change.lot_id, _count_from_proto(change.count)) for change in event.counts
        ),
    )


# ---- nodes and replicas ---


def report_to_proto(report: NodeReport) -> heartbeat_pb2.NodeReport:
    """Return a node report's message."""
    return heartbeat_pb2.NodeReport(
        node_id=report.node_id,
        kind=heartbeat_pb2.NodeKind.ValueType(report.kind),
        boot_id=report.boot_id,
        address=report.address,
        reported_by=report.reported_by,
        frames=report.frames,
        frames_dropped=report.frames_dropped,
        last_frame_at_us=report.last_frame_at_us,
        last_source_position_us=report.last_source_position_us,
        fault=report.fault,
    )


def report_from_proto(report: heartbeat_pb2.NodeReport) -> NodeReport:
    """Return the node report of a message; UsageError for a kind that is none."""
    try:
        kind = NodeKind(report.kind)
    except ValueError as error:
        raise UsageError(
            f"node '{report.node_id}': kind {report.kind} is none: "
            "1 is a camera, 2 a processor, 3 a replica"
        ) from error
    return NodeReport(
        node_id=report.node_id,
        kind=kind,
        boot_id=report.boot_id,
        address=report.address,
        reported_by=report.reported_by,
        frames=report.frames,
        frames_dropped=report.frames_dropped,
        last_frame_at_us=report.last_frame_at_us,
        last_source_position_us=report.last_source_position_us,
        fault=report.fault,
    )


def replica_status_to_proto(status: ReplicaStatus) -> parking_pb2.ReplicaStatus:
    """Return a replica status's message."""
    return parking_pb2.ReplicaStatus(
        replica_id=status.replica_id,
        role=(
            parking_pb2.REPLICA_ROLE_PRIMARY if status.primary else parking_pb2.REPLICA_ROLE_BACKUP
        ),
        term=status.term,
        commit_index=status.commit_index,
        applied_index=status.applied_index,
        last_log_index=status.last_log_index,
        primary_id=status.primary_id,
        primary_address=status.primary_address,
        state_hash=status.state_hash,
        peers=[
            parking_pb2.PeerProgress(
                replica_id=peer.replica_id,
                address=peer.address,
                match_index=peer.match_index,
                last_heard_us=peer.last_heard_us,
            )
            for peer in status.peers
        ],
        disk_bytes=status.disk_bytes,
        cluster_id=status.cluster_id,
    )


def replica_status_from_proto(status: parking_pb2.ReplicaStatus) -> ReplicaStatus:
    """Return the replica status of a message."""
    return ReplicaStatus(
        replica_id=status.replica_id,
        primary=status.role == parking_pb2.REPLICA_ROLE_PRIMARY,
        term=status.term,
        commit_index=status.commit_index,
        applied_index=status.applied_index,
        last_log_index=status.last_log_index,
        primary_id=status.primary_id,
        primary_address=status.primary_address,
        state_hash=status.state_hash,
        peers=tuple(
            PeerProgress(peer.replica_id, peer.address, peer.match_index, peer.last_heard_us)
            for peer in status.peers
        ),
        disk_bytes=status.disk_bytes,
        cluster_id=status.cluster_id,
    )


def service_status_to_proto(
    nodes: Iterable[NodeStatus], primary_id: str, replicas: Iterable[ReplicaStatus]
) -> heartbeat_pb2.GetServiceStatusResponse:
    """Return the message that says which nodes are alive."""
    return heartbeat_pb2.GetServiceStatusResponse(
        nodes=[
            heartbeat_pb2.NodeStatus(
                report=report_to_proto(node.report), age_us=node.age_us, alive=node.alive
            )
            for node in nodes
        ],
        primary_id=primary_id,
        replicas=[replica_status_to_proto(status) for status in replicas],
    )


def service_status_from_proto(response: heartbeat_pb2.GetServiceStatusResponse) -> ServiceStatus:
    """Return which nodes are alive."""
    return ServiceStatus(
        nodes=tuple(
            NodeStatus(report_from_proto(node.report), node.age_us, node.alive)
            for node in response.nodes
        ),
        primary_id=response.primary_id,
        replicas=tuple(replica_status_from_proto(status) for status in response.replicas),
    )
