"""Layouts, as protos and back."""

from central.layout.document import Camera, Corner, Layout, Region, Spot, Zone
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
