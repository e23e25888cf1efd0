"""Layouts as TOML files, for people: one file, one lot.

Coordinates are fractions of the picture, x right and y down. Besides one region a spot a camera
may hold rows: the four corners of a whole row of spots, split here in perspective.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from central.layout.document import Camera, Layout, Region, Spot, Zone
from central.layout.geometry import Corners, quantise, split_row
from central.layout.tables import Table, as_list, as_number, as_text
from central.layout.toml_writer import format_layout
from central.layout.validate import (
    RegionKeys,
    check_coordinate,
    check_layout,
    check_quadrilateral,
    fault,
)
from node.errors import UsageError

__all__ = ["format_layout", "layout_of_tables", "parse_layout", "read_layout", "tables_of_layout"]

FILE_KEYS = ("lot", "zones", "spots", "cameras")
LOT_KEYS = ("id", "name", "time_zone", "latitude", "longitude")
ZONE_KEYS = ("id", "name")
SPOT_KEYS = ("id", "zone")
CAMERA_KEYS = ("id", "name", "regions", "rows")
REGION_KEYS = ("spot", "polygon")
ROW_KEYS = ("spots", "corners")


def read_layout(path: Path) -> Layout:
    """Read, check and return a layout file; raises UsageError naming file and key path."""
    file = str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror}); check the path") from None
    try:
        text = raw.decode("utf-8-sig")  # editors on Windows like to begin with a byte-order mark
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{file}: line {line}: byte 0x{raw[error.start]:02x} is not UTF-8; "
            "save the file as UTF-8"
        ) from None
    return parse_layout(text, file=file)


def parse_layout(text: str, *, file: str) -> Layout:
    """Return the layout that a TOML text states; `file` is what errors call it.

    Coordinates are rounded to millionths, half to even. Raises UsageError at the first fault.
    """
    try:
        values = tomllib.loads(text)
    except RecursionError:
        raise UsageError(f"{file}: is nested too deeply for a layout; flatten it") from None
    except ValueError as error:  # TOMLDecodeError, or int() refusing thousands of digits
        raise UsageError(f"{file}: is not valid TOML: {error}; correct it there") from None
    return layout_of_tables(values, source=file)


def layout_of_tables(values: Mapping[str, object], *, source: str) -> Layout:
    """Return the layout that parsed TOML states, or JSON of the same shape; raises UsageError."""
    root = Table(source=source, key="", values=values)
    root.allow_only(FILE_KEYS)
    lot = root.table("lot")
    lot.allow_only(LOT_KEYS)
    placed = [_camera(table) for table in root.tables("cameras")]
    layout = Layout(
        lot_id=lot.text("id"),
        name=lot.text("name", ""),
        time_zone=lot.text("time_zone", "UTC"),
        latitude=lot.optional_number("latitude"),
        longitude=lot.optional_number("longitude"),
        zones=tuple(_zone(table) for table in root.tables("zones")),
        spots=tuple(_spot(table) for table in root.tables("spots")),
        cameras=tuple(camera.camera for camera in placed),
    )
    check_layout(
        layout, source=source, find_region=lambda camera, region: placed[camera].keys[region]
    )
    return layout


def tables_of_layout(layout: Layout) -> dict[str, object]:
    """Return what `layout_of_tables` reads back as the same layout: a value that JSON can hold."""
    return tomllib.loads(format_layout(layout))


@dataclass(frozen=True)
class _PlacedCamera:
    """A camera and, for each of its regions, where the file states it."""

    camera: Camera
    keys: tuple[RegionKeys, ...]


def _zone(table: Table) -> Zone:
    table.allow_only(ZONE_KEYS)
    return Zone(zone_id=table.text("id"), name=table.text("name", ""))


def _spot(table: Table) -> Spot:
    table.allow_only(SPOT_KEYS)
    zone_id = table.text("zone", "")
    if "zone" in table.values and not zone_id:
        raise fault(table.source, table.path("zone"), "is empty; name a zone or remove the key")
    return Spot(spot_id=table.text("id"), zone_id=zone_id)


def _camera(table: Table) -> _PlacedCamera:
    table.allow_only(CAMERA_KEYS)
    regions: list[Region] = []
    keys: list[RegionKeys] = []
    for entry in table.tables("regions"):
        entry.allow_only(REGION_KEYS)
        regions.append(Region(spot_id=entry.text("spot"), corners=_corners(entry, "polygon")))
        keys.append(RegionKeys(spot=entry.path("spot"), polygon=entry.path("polygon")))
    for entry in table.tables("rows"):
        row = _row(entry)
        regions.extend(row)
        keys.extend(
            RegionKeys(spot=entry.path(f"spots[{index}]"), polygon=entry.path("corners"))
            for index in range(len(row))
        )
    camera = Camera(camera_id=table.text("id"), name=table.text("name", ""), regions=tuple(regions))
    return _PlacedCamera(camera=camera, keys=tuple(keys))


def _row(table: Table) -> tuple[Region, ...]:
    table.allow_only(ROW_KEYS)
    table.get("spots")
    spot_ids = [
        as_text(table.source, f"{table.path('spots')}[{index}]", item)
        for index, item in enumerate(table.items("spots"))
    ]
    if not spot_ids:
        raise fault(table.source, table.path("spots"), "is empty; list the row's spots in order")
    corners = _corners(table, "corners")
    # A row that is no convex quadrilateral has no perspective to split it by.
    check_quadrilateral(table.source, table.path("corners"), corners)
    return tuple(
        Region(spot_id=spot_id, corners=part)
        for spot_id, part in zip(spot_ids, split_row(corners, len(spot_ids)), strict=True)
    )


def _corners(table: Table, name: str) -> Corners:
    key = table.path(name)
    listed = as_list(table.source, key, table.get(name))
    if len(listed) != 4:
        raise fault(
            table.source,
            key,
            f"has {len(listed)} corners; give exactly four [x, y] in order",
        )
    found = []
    for index, item in enumerate(listed):
        pair = as_list(table.source, f"{key}[{index}]", item)
        if len(pair) != 2:
            raise fault(
                table.source, f"{key}[{index}]", f"has {len(pair)} numbers; give two: [x, y]"
            )
        found.append(tuple(_coordinate(table.source, f"{key}[{index}]", pair)))
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = found
    return (x0, y0), (x1, y1), (x2, y2), (x3, y3)


def _coordinate(source: str, key: str, pair: list[object]) -> list[int]:
    coordinates = []
    for axis, item in zip("xy", pair, strict=True):
        value = as_number(source, key, item)
        check_coordinate(source, key, axis, value)
        coordinates.append(quantise(value))
    return coordinates
