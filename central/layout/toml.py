"""Layouts as TOML files, for people: one file, one lot.

Coordinates are fractions of the picture, x right and y down. Besides one region a spot a camera
may hold rows: the four corners of a whole row of spots, split here in perspective.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from central.layout.document import Layout, Spot, Zone
from central.layout.stays import parse_stay
from central.layout.tables import Table
from central.layout.toml_camera import read_camera
from central.layout.toml_writer import format_layout
from central.layout.validate import MAX_REFERENCE_BYTES, check_layout, fault
from node.errors import UsageError
from node.values import frozen

__all__ = ["format_layout", "layout_of_tables", "parse_layout", "read_layout", "tables_of_layout"]

FILE_KEYS = ("lot", "zones", "spots", "cameras")
LOT_KEYS = ("id", "name", "time_zone", "latitude", "longitude")
ZONE_KEYS = ("id", "name", "max_stay")
SPOT_KEYS = ("id", "zone", "latitude", "longitude")


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
    return parse_layout(text, file=file, folder=path.parent)


def parse_layout(text: str, *, file: str, folder: Path | None = None) -> Layout:
    """Return the layout that a TOML text states; `file` is what errors call it.

    folder: what names of other files are relative to; None where there can be none, as in a text
    that came over a network.
    Coordinates are rounded to millionths, half to even. Raises UsageError at the first fault.
    """
    try:
        values = tomllib.loads(text)
    except RecursionError:
        raise UsageError(f"{file}: is nested too deeply for a layout; flatten it") from None
    except ValueError as error:  # TOMLDecodeError, or int() refusing thousands of digits
        raise UsageError(f"{file}: is not valid TOML: {error}; correct it there") from None
    return layout_of_tables(values, source=file, folder=folder)


def layout_of_tables(
    values: Mapping[str, object], *, source: str, folder: Path | None = None
) -> Layout:
    """Return the layout that parsed TOML states, or JSON of the same shape; raises UsageError."""
    root = Table(source=source, key="", values=values)
    root.allow_only(FILE_KEYS)
    lot = root.table("lot")
    lot.allow_only(LOT_KEYS)
    beside = _Beside(folder)
    placed = [read_camera(table, beside.read) for table in root.tables("cameras")]
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


@frozen
class _Beside:
    """Reads the files that a layout names."""

    folder: Path | None

    def read(self, table: Table, key: str, name: str) -> bytes:
        where = table.path(key)
        if not name:
            raise fault(table.source, where, "is empty; name a file or remove the key")
        if self.folder is None:
            raise fault(
                table.source, where, f"'{name[:80]}' is a file; here write 'base64:' and its bytes"
            )
        path = self.folder / name
        try:
            with path.open("rb") as file:
                return file.read(MAX_REFERENCE_BYTES + 1)  # one more than may be: the check tells
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise fault(
                table.source, where, f"'{path}' cannot be read ({reason}); correct the name"
            ) from None


def _zone(table: Table) -> Zone:
    table.allow_only(ZONE_KEYS)
    return Zone(zone_id=table.text("id"), name=table.text("name", ""), max_stay_s=_max_stay(table))


def _max_stay(table: Table) -> int:
    if "max_stay" not in table.values:
        return 0
    text = table.text("max_stay")
    if (seconds := parse_stay(text)) is None:
        raise fault(
            table.source,
            table.path("max_stay"),
            f"is '{text[:40]}'; write a number and a unit: 45s, 90m, 2h or 1d",
        )
    return seconds


def _spot(table: Table) -> Spot:
    table.allow_only(SPOT_KEYS)
    zone_id = table.text("zone", "")
    if "zone" in table.values and not zone_id:
        raise fault(table.source, table.path("zone"), "is empty; name a zone or remove the key")
    return Spot(
        spot_id=table.text("id"),
        zone_id=zone_id,
        latitude=table.optional_number("latitude"),
        longitude=table.optional_number("longitude"),
    )
