"""PURE: an overview as the object that `parkledger status --json` prints."""

from central.ledger.records import LotState, NodeStatus, Occupancy
from central.operator.change_lines import condition_name
from central.operator.lateness import late_us_by_camera
from central.operator.overview import Overview, ReplicaAnswer


def overview_object(overview: Overview) -> dict[str, object]:
    """Return the whole overview; keys stay the same whatever could not be asked (then null)."""
    state, service = overview.state, overview.service
    late_us = late_us_by_camera(state)
    heard = overview.heard_cameras
    return {
        "index": None if state is None else state.index,
        "age_us": None if state is None else state.age_us,
        "linearizable": state is not None and not overview.state_fault,
        "primary": overview.primary_id or None,
        "lots": None if state is None else [_lot(lot, heard) for lot in state.lots],
        "replicas": [_replica(answer) for answer in overview.replicas],
        "nodes": None
        if service is None
        else [_node(node, late_us.get(node.report.node_id)) for node in service.nodes],
        "faults": list(dict.fromkeys(filter(None, (overview.state_fault, overview.service_fault)))),
    }


def _lot(lot: LotState, heard: frozenset[str] | None) -> dict[str, object]:
    return {
        "lot": lot.lot_id,
        "name": lot.name,
        "layout_version": lot.layout_version,
        "spots": len(lot.spots),
        "vacant": lot.count(Occupancy.VACANT),
        "occupied": lot.count(Occupancy.OCCUPIED),
        "unknown": lot.count(Occupancy.UNKNOWN),
        "counts": [
            {
                "reporter": count.reporter,
                "available_spaces": count.available_spaces,
                "counted_at_us": count.counted_at_us,
                "stale": count.stale,
                "status": count.status,
            }
            for count in lot.counts
        ],
        "cameras": [
            {
                "camera": camera.camera_id,
                "condition": condition_name(camera.condition),
                "since_us": camera.since_us or None,
                "detail": camera.detail,
                "heard_by_primary": None if heard is None else camera.camera_id in heard,
            }
            for camera in lot.cameras
        ],
    }


def _replica(answer: ReplicaAnswer) -> dict[str, object]:
    status = answer.status
    if status is None:
        return {"address": answer.address, "answers": False, "fault": answer.fault}
    return {
        "address": answer.address,
        "answers": True,
        "replica": status.replica_id,
        "role": "primary" if status.primary else "backup",
        "term": status.term,
        "commit_index": status.commit_index,
        "applied_index": status.applied_index,
        "last_log_index": status.last_log_index,
        "primary": status.primary_id or None,
        "state_hash": status.state_hash,
        "disk_bytes": status.disk_bytes,
        "disk_free_bytes": None if status.disk_free_bytes < 0 else status.disk_free_bytes,
        "clock_ahead_us": answer.clock.ahead_us if answer.clock else None,
        "clock_give_or_take_us": answer.clock.give_or_take_us if answer.clock else None,
        "first_log_index": status.first_log_index,
        "snapshot_index": status.snapshot_index or None,
        "member": status.member_role.name.lower(),
        "cluster": status.cluster_id,
        "peers": [
            {
                "replica": peer.replica_id,
                "address": peer.address,
                "match_index": peer.match_index,
                "last_heard_us": peer.last_heard_us,
                "learner": peer.learner,
            }
            for peer in status.peers
        ],
    }


def _node(node: NodeStatus, late_us: int | None) -> dict[str, object]:
    report = node.report
    return {
        "node": report.node_id,
        "kind": report.kind.name.lower(),
        "alive": node.alive,
        "age_us": node.age_us,
        "boot": report.boot_id,
        "address": report.address,
        "reported_by": report.reported_by,
        "late_us": late_us,
        "frames": report.frames,
        "frames_dropped": report.frames_dropped,
        "last_frame_at_us": report.last_frame_at_us,
        "last_source_position_us": report.last_source_position_us,
        "fault": report.fault,
    }
