"""Layouts written as TOML that a person edits: one line a zone, a spot and a region.

Arrays of inline tables read the same as [[tables]] and keep a lot of 400 spots at 800 lines. They
stand before the cameras because a bare key after a [table] header would belong to that table.
"""

import base64
from collections.abc import Iterable, Iterator

from central.layout.document import MILLION, Camera, Corner, Layout, Mask, Region, Spot, Zone
from central.layout.stays import format_stay

_ESCAPES = {'"': '\\"', "\\": "\\\\"}

HEADING = """\
# One lot for Parkledger. A polygon is a spot's four corners in one camera's picture, in order round
# the spot: [x, y] as fractions of the picture's width and height, x to the right, y down.
"""


def format_layout(layout: Layout) -> str:
    """Return the TOML text that `parse_layout` reads back as the same layout."""
    return "\n".join([HEADING, *_lines(layout), ""])


def _lines(layout: Layout) -> Iterator[str]:
    yield f"lot.id = {_text(layout.lot_id)}"
    if layout.name:
        yield f"lot.name = {_text(layout.name)}"
    yield f"lot.time_zone = {_text(layout.time_zone)}"
    if layout.latitude is not None:
        yield f"lot.latitude = {float(layout.latitude)!r}"
    if layout.longitude is not None:
        yield f"lot.longitude = {float(layout.longitude)!r}"
    if layout.zones:
        yield from _array("zones", (_zone(zone) for zone in layout.zones))
    yield from _array("spots", (_spot(spot) for spot in layout.spots))
    for camera in layout.cameras:
        yield from _camera(camera)


def _camera(camera: Camera) -> Iterator[str]:
    yield ""
    yield "[[cameras]]"
    yield f"id = {_text(camera.camera_id)}"
    if camera.name:
        yield f"name = {_text(camera.name)}"
    if camera.regions:
        yield from _array("regions", (_region(region) for region in camera.regions), gap=False)
    if camera.masks:
        yield from _array("masks", (_mask(mask) for mask in camera.masks), gap=False)
    if camera.reference:
        yield f'reference = "base64:{base64.b64encode(camera.reference).decode()}"'


def _array(key: str, items: Iterable[str], *, gap: bool = True) -> Iterator[str]:
    if gap:
        yield ""
    yield f"{key} = ["
    for item in items:
        yield f"  {item},"
    yield "]"


def _zone(zone: Zone) -> str:
    name = f", name = {_text(zone.name)}" if zone.name else ""
    stay = f', max_stay = "{format_stay(zone.max_stay_s)}"' if zone.max_stay_s else ""
    return f"{{ id = {_text(zone.zone_id)}{name}{stay} }}"


def _spot(spot: Spot) -> str:
    zone = f", zone = {_text(spot.zone_id)}" if spot.zone_id else ""
    place = "".join(
        f", {axis} = {float(value)!r}"
        for axis, value in (("latitude", spot.latitude), ("longitude", spot.longitude))
        if value is not None
    )
    return f"{{ id = {_text(spot.spot_id)}{zone}{place} }}"


def _region(region: Region) -> str:
    return f"{{ spot = {_text(region.spot_id)}, polygon = {_polygon(region.corners)} }}"


def _mask(mask: Mask) -> str:
    return f"{{ polygon = {_polygon(mask.corners)} }}"


def _polygon(corners: Iterable[Corner]) -> str:
    return f"[{', '.join(_corner(corner) for corner in corners)}]"


def _corner(corner: Corner) -> str:
    x, y = (_fraction(value) for value in corner)
    return f"[{x}, {y}]"


def _fraction(millionths: int) -> str:
    whole, part = divmod(millionths, MILLION)
    return f"{whole}.{f'{part:06d}'.rstrip('0') or '0'}"


def _text(value: str) -> str:
    escaped = (
        _ESCAPES.get(character, character)
        if character.isprintable() or character == " "
        else f"\\U{ord(character):08X}"
        for character in value
    )
    return f'"{"".join(escaped)}"'
