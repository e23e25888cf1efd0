"""PURE: curb events after the Curb Data Specification's Events API (Open Mobility Foundation).

Stays give park_start and park_end, where they were seen; a camera's condition gives comms_lost and
comms_restored. Every id is made of what it names, so that the same event has the same id for ever.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid5

from central.ledger.records import CameraCondition, RecordedCameraChange
from central.stays.stays import Stay
from central.web.exports.publication import Place, PublishedLot

VERSION = "1.0.0"
MEDIA_TYPE = "application/vnd.cds+json;version=1.0"
_NAMESPACE = UUID("5d2c7a52-6d2f-4bb0-9a3f-0c8f3b6e8b10")


@dataclass(frozen=True)
class SeenChange:
    """Which camera saw a change, and when it was committed."""

    camera_id: str
    committed_at_us: int


def document(
    lot: PublishedLot, events: list[dict[str, object]], *, at_us: int
) -> dict[str, object]:
    """Return the answer of the Events API."""
    return {
        "version": VERSION,
        "time_zone": lot.time_zone,
        "last_updated": at_us // 1000,
        "data": {"events": events},
    }


def park_events(
    lot: PublishedLot, stays: Iterable[Stay], seen: Mapping[tuple[str, int], SeenChange]
) -> Iterator[dict[str, object]]:
    """Yield the ends of stays that were seen. seen: by spot and time of capture.

    Spots without a place are left out, for events need one.
    """
    places = {spot.spot_id: spot.place for spot in lot.spots}
    for stay in stays:
        place = places.get(stay.spot_id)
        if place is None:
            continue
        ends = (
            ("park_start", stay.began_us if stay.began_seen else None),
            ("park_end", stay.ended_us if stay.ended_seen else None),
        )
        for kind, at_us in ends:
            change = seen.get((stay.spot_id, at_us)) if at_us is not None else None
            if change is not None and at_us is not None:
                event = _event(lot, kind, change.camera_id, place, at_us, change.committed_at_us)
                event["curb_space_id"] = _id(lot.lot_id, "spot", stay.spot_id)
                event["event_id"] = _id(lot.lot_id, kind, stay.spot_id, str(at_us))
                if kind == "park_start":
                    event["vehicle_blocked_lane_types"] = []
                yield event


def camera_events(
    lot: PublishedLot, changes: Iterable[RecordedCameraChange]
) -> Iterator[dict[str, object]]:
    """Yield losses and returns of cameras; none for a lot without a place."""
    if lot.place is None:
        return
    for recorded in changes:
        change = recorded.change
        # One that was never heard of had nothing to lose yet, and nothing to restore.
        was_well = change.previous in (None, CameraCondition.OK)
        is_well = change.condition is CameraCondition.OK
        if change.condition is None or is_well == was_well:
            continue
        kind = "comms_restored" if is_well else "comms_lost"
        at_us = change.since_us or recorded.committed_at_us
        event = _event(lot, kind, change.camera_id, lot.place, at_us, recorded.committed_at_us)
        event["event_id"] = _id(lot.lot_id, kind, change.camera_id, str(recorded.index))
        event["sensor_status_is_online"] = is_well
        yield event


def _event(
    lot: PublishedLot, kind: str, camera_id: str, place: Place, at_us: int, committed_at_us: int
) -> dict[str, object]:
    return {
        "event_type": kind,
        "event_location": place.point,
        "event_time": at_us // 1000,
        "event_publication_time": committed_at_us // 1000,
        "curb_zone_id": _id(lot.lot_id, "lot"),
        "data_source_type": "camera",
        "data_source_device_id": _id(lot.lot_id, "camera", camera_id),
    }


def _id(*parts: str) -> str:
    return str(uuid5(_NAMESPACE, "/".join(parts)))
