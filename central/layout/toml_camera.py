"""One camera of a layout file: regions, rows, masks, and what its view looked like."""

import base64
import binascii
from collections.abc import Callable

from central.layout.document import Camera, Corner, Mask, Region
from central.layout.geometry import Corners, quantise, split_row
from central.layout.tables import Table, as_list, as_number, as_text
from central.layout.validate import RegionKeys, check_coordinate, check_quadrilateral, fault
from node.values import frozen

CAMERA_KEYS = ("id", "name", "reference", "regions", "rows", "masks")
REGION_KEYS = ("spot", "polygon")
ROW_KEYS = ("spots", "corners")
MASK_KEYS = ("polygon",)

INLINE = "base64:"
"""How a reference begins that stands in the file itself; else it is the name of a file."""

ReadBeside = Callable[[Table, str, str], bytes]
"""(table, key, name of a file) -> its bytes; raises UsageError."""


@frozen
class PlacedCamera:
    """A camera and, for each of its regions, where the file states it."""

    camera: Camera
    keys: tuple[RegionKeys, ...]


def read_camera(table: Table, read_beside: ReadBeside) -> PlacedCamera:
    """Return the camera that a table states; raises UsageError at the first fault."""
    table.allow_only(CAMERA_KEYS)
    regions: list[Region] = []
    keys: list[RegionKeys] = []
    for entry in table.tables("regions"):
        entry.allow_only(REGION_KEYS)
        regions.append(Region(spot_id=entry.text("spot"), corners=_four(entry, "polygon")))
        keys.append(RegionKeys(spot=entry.path("spot"), polygon=entry.path("polygon")))
    for entry in table.tables("rows"):
        row = _row(entry)
        regions.extend(row)
        keys.extend(
            RegionKeys(spot=entry.path(f"spots[{index}]"), polygon=entry.path("corners"))
            for index in range(len(row))
        )
    camera = Camera(
        camera_id=table.text("id"),
        name=table.text("name", ""),
        regions=tuple(regions),
        masks=tuple(_mask(entry) for entry in table.tables("masks")),
        reference=_reference(table, read_beside),
    )
    return PlacedCamera(camera=camera, keys=tuple(keys))


def _row(table: Table) -> tuple[Region, ...]:
    table.allow_only(ROW_KEYS)
    table.get("spots")
    spot_ids = [
        as_text(table.source, f"{table.path('spots')}[{index}]", item)
        for index, item in enumerate(table.items("spots"))
    ]
    if not spot_ids:
        raise fault(table.source, table.path("spots"), "is empty; list the row's spots in order")
    corners = _four(table, "corners")
    # A row that is no convex quadrilateral has no perspective to split it by.
    check_quadrilateral(table.source, table.path("corners"), corners)
    return tuple(
        Region(spot_id=spot_id, corners=part)
        for spot_id, part in zip(spot_ids, split_row(corners, len(spot_ids)), strict=True)
    )


def _mask(table: Table) -> Mask:
    table.allow_only(MASK_KEYS)
    return Mask(corners=_corners(table, "polygon"))


def _reference(table: Table, read_beside: ReadBeside) -> bytes:
    key = "reference"
    if key not in table.values:
        return b""
    text = table.text(key)
    if not text.startswith(INLINE):
        reference = read_beside(table, key, text)
    else:
        try:
            reference = base64.b64decode(text.removeprefix(INLINE), validate=True)
        except (binascii.Error, ValueError):
            raise fault(
                table.source, table.path(key), "is not valid base64; name the file instead"
            ) from None
    if not reference:
        raise fault(table.source, table.path(key), "is empty; make it anew or remove the key")
    return reference


def _four(table: Table, name: str) -> Corners:
    found = _corners(table, name)
    if len(found) != 4:
        raise fault(
            table.source,
            table.path(name),
            f"has {len(found)} corners; give exactly four [x, y] in order",
        )
    return found[0], found[1], found[2], found[3]


def _corners(table: Table, name: str) -> tuple[Corner, ...]:
    key = table.path(name)
    found = []
    for index, item in enumerate(as_list(table.source, key, table.get(name))):
        pair = as_list(table.source, f"{key}[{index}]", item)
        if len(pair) != 2:
            raise fault(
                table.source, f"{key}[{index}]", f"has {len(pair)} numbers; give two: [x, y]"
            )
        x, y = (
            _coordinate(table.source, f"{key}[{index}]", axis, value)
            for axis, value in zip("xy", pair, strict=True)
        )
        found.append((x, y))
    return tuple(found)


def _coordinate(source: str, key: str, axis: str, item: object) -> int:
    value = as_number(source, key, item)
    check_coordinate(source, key, axis, value)
    return quantise(value)
