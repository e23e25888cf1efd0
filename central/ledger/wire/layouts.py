"""Layouts, as protos and back."""

from collections.abc import Iterable

from central.layout.document import Camera, Corner, Layout, Mask, Region, Spot, Zone
from node.errors import UsageError
from protos import parking_pb2


def layout_to_proto(layout: Layout) -> parking_pb2.Layout:
    """Return a layout's message."""
    return parking_pb2.Layout(
        lot_id=layout.lot_id,
        name=layout.name,
        time_zone=layout.time_zone,
        latitude=layout.latitude,
        longitude=layout.longitude,
        zones=[
            parking_pb2.Zone(zone_id=zone.zone_id, name=zone.name, max_stay_s=zone.max_stay_s)
            for zone in layout.zones
        ],
        spots=[
            parking_pb2.Spot(
                spot_id=spot.spot_id,
                zone_id=spot.zone_id,
                latitude=spot.latitude,
                longitude=spot.longitude,
            )
            for spot in layout.spots
        ],
        cameras=[
            parking_pb2.Camera(
                camera_id=camera.camera_id,
                name=camera.name,
                regions=[_region_to_proto(region) for region in camera.regions],
                masks=[
                    parking_pb2.Mask(corners=_corners_to_proto(mask.corners))
                    for mask in camera.masks
                ],
                reference=camera.reference,
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
        zones=tuple(Zone(zone.zone_id, zone.name, zone.max_stay_s) for zone in layout.zones),
        spots=tuple(_spot_from_proto(spot) for spot in layout.spots),
        cameras=tuple(
            Camera(
                camera.camera_id,
                camera.name,
                tuple(_region_from_proto(region) for region in camera.regions),
                tuple(Mask(_corners_from_proto(mask.corners)) for mask in camera.masks),
                camera.reference,
            )
            for camera in layout.cameras
        ),
    )


def _spot_from_proto(spot: parking_pb2.Spot) -> Spot:
    return Spot(
        spot.spot_id,
        spot.zone_id,
        spot.latitude if spot.HasField("latitude") else None,
        spot.longitude if spot.HasField("longitude") else None,
    )


def _region_to_proto(region: Region) -> parking_pb2.Region:
    return parking_pb2.Region(spot_id=region.spot_id, corners=_corners_to_proto(region.corners))


def _region_from_proto(region: parking_pb2.Region) -> Region:
    corners = _corners_from_proto(region.corners)
    if len(corners) != 4:
        raise UsageError(
            f"region of spot '{region.spot_id}' has {len(corners)} corners: give exactly four"
        )
    return Region(region.spot_id, (corners[0], corners[1], corners[2], corners[3]))


def _corners_to_proto(corners: Iterable[Corner]) -> list[parking_pb2.Corner]:
    return [parking_pb2.Corner(x_millionths=x, y_millionths=y) for x, y in corners]


def _corners_from_proto(corners: Iterable[parking_pb2.Corner]) -> tuple[Corner, ...]:
    return tuple((corner.x_millionths, corner.y_millionths) for corner in corners)
