"""Layouts as plain JSON values, as they stand in log entries and in the state.

What a layout does not use is not written: a layout of before masks, references, places of spots
and greatest stays came is the same bytes as then, and so has the same digest in the Merkle tree.
"""

import base64
from collections.abc import Sequence
from typing import Any

from central.layout.document import Camera, Layout, Mask, Region, Spot, Zone


def layout_to_json(layout: Layout) -> dict[str, Any]:
    """Return a layout as plain values, always the same for the same layout."""
    return {
        "lot": layout.lot_id,
        "name": layout.name,
        "time_zone": layout.time_zone,
        "latitude": _degrees_to_json(layout.latitude),
        "longitude": _degrees_to_json(layout.longitude),
        "zones": [_zone_to_json(zone) for zone in layout.zones],
        "spots": [_spot_to_json(spot) for spot in layout.spots],
        "cameras": [_camera_to_json(camera) for camera in layout.cameras],
    }


def layout_from_json(value: dict[str, Any]) -> Layout:
    """Return the layout that `layout_to_json` wrote."""
    return Layout(
        lot_id=value["lot"],
        name=value["name"],
        time_zone=value["time_zone"],
        latitude=_degrees(value["latitude"]),
        longitude=_degrees(value["longitude"]),
        zones=tuple(Zone(*zone) for zone in value["zones"]),
        spots=tuple(_spot(*spot) for spot in value["spots"]),
        cameras=tuple(_camera(*camera) for camera in value["cameras"]),
    )


def _zone_to_json(zone: Zone) -> list[Any]:
    return [zone.zone_id, zone.name, *([zone.max_stay_s] if zone.max_stay_s else [])]


def _spot_to_json(spot: Spot) -> list[Any]:
    if spot.latitude is None and spot.longitude is None:
        return [spot.spot_id, spot.zone_id]
    place = _degrees_to_json(spot.latitude), _degrees_to_json(spot.longitude)
    return [spot.spot_id, spot.zone_id, *place]


def _spot(
    spot_id: str, zone_id: str, latitude: str | None = None, longitude: str | None = None
) -> Spot:
    return Spot(spot_id, zone_id, _degrees(latitude), _degrees(longitude))


def _camera_to_json(camera: Camera) -> list[Any]:
    regions = [[region.spot_id, *map(list, region.corners)] for region in camera.regions]
    if not camera.masks and not camera.reference:
        return [camera.camera_id, camera.name, regions]
    masks = [[list(corner) for corner in mask.corners] for mask in camera.masks]
    reference = base64.b64encode(camera.reference).decode()
    return [camera.camera_id, camera.name, regions, masks, reference]


def _camera(
    camera_id: str,
    name: str,
    regions: list[Any],
    masks: Sequence[Sequence[Sequence[int]]] = (),
    reference: str = "",
) -> Camera:
    return Camera(
        camera_id,
        name,
        tuple(_region(*region) for region in regions),
        tuple(Mask(tuple((x, y) for x, y in mask)) for mask in masks),
        base64.b64decode(reference, validate=True),
    )


def _region(spot_id: str, *corners: list[int]) -> Region:
    a, b, c, d = ((x, y) for x, y in corners)
    return Region(spot_id, (a, b, c, d))


def _degrees_to_json(value: float | None) -> str | None:
    # As text: nothing computes with them here, and text never rounds.
    return None if value is None else repr(value)


def _degrees(value: str | None) -> float | None:
    return None if value is None else float(value)
