"""What makes a layout right, whether it came from a file or over the wire: one set of checks.

Every fault is a `UsageError` of one line: source, key path, value, remedy.
"""

import math
import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import cache

from central.layout.document import MILLION, Camera, Corner, Layout, Region, Spot, Zone
from central.layout.geometry import Corners, polygon_fault, quadrilateral_fault
from node.errors import UsageError
from node.identifiers import check_id
from node.values import frozen

MAX_NAME = 200
MAX_STAY_S = 366 * 86_400
MAX_MASKS = 64
"""Of one camera."""
MAX_MASK_CORNERS = 100
MAX_REFERENCE_BYTES = 64 << 10


@frozen
class RegionKeys:
    """The key paths at which a person finds a region's spot and its corners in the source."""

    spot: str
    polygon: str


FindRegion = Callable[[int, int], RegionKeys]
"""(index of the camera, index of the region) -> where it stands."""

_TIME_ZONE_FORM = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")


def find_region(camera: int, region: int) -> RegionKeys:
    """Where a region stands in a layout that came over the wire."""
    key = f"cameras[{camera}].regions[{region}]"
    return RegionKeys(spot=f"{key}.spot", polygon=f"{key}.polygon")


def fault(source: str, key: str, message: str) -> UsageError:
    """Return the error that every check raises: `source: key: message`."""
    return UsageError(f"{source}: {key}: {message}")


def check_layout(layout: Layout, *, source: str, find_region: FindRegion = find_region) -> None:
    """Raise UsageError at the first fault of a layout.

    source: what the person knows it by, a file's name or "layout 'north'".
    find_region: where a region stands in that source, for sources that have other keys.
    """
    _check_lot(layout, source)
    _check_ids(source, "zones", "zone", [zone.zone_id for zone in layout.zones])
    _check_ids(source, "spots", "spot", [spot.spot_id for spot in layout.spots])
    _check_ids(source, "cameras", "camera", [camera.camera_id for camera in layout.cameras])
    _check_names(source, "zones", [zone.name for zone in layout.zones])
    _check_names(source, "cameras", [camera.name for camera in layout.cameras])
    if not layout.spots:
        raise fault(source, "spots", "the lot has none; add at least one [[spots]] with an id")
    zone_ids = {zone.zone_id for zone in layout.zones}
    for index, zone in enumerate(layout.zones):
        _check_stay(source, f"zones[{index}].max_stay", zone)
    for index, spot in enumerate(layout.spots):
        if spot.zone_id and spot.zone_id not in zone_ids:
            raise _dangling(source, f"spots[{index}].zone", "zone", spot.zone_id, zone_ids)
        _check_place(source, f"spots[{index}]", spot.latitude, spot.longitude)
        _check_both(source, f"spots[{index}]", spot)
    spot_ids = {spot.spot_id for spot in layout.spots}
    for index, camera in enumerate(layout.cameras):
        keys = [find_region(index, region) for region in range(len(camera.regions))]
        _check_regions(source, keys, camera.regions, spot_ids)
        _check_masks(source, f"cameras[{index}].masks", camera)
        check_reference(source, f"cameras[{index}].reference", camera.reference)


def check_coordinate(source: str, key: str, axis: str, value: float) -> None:
    """Raise UsageError unless `value` is a finite fraction in [0, 1]; `axis` is "x" or "y"."""
    if not (math.isfinite(value) and 0.0 <= value <= 1.0):
        raise fault(
            source, key, f"{axis} is {value:.12g}; coordinates are fractions of the picture, 0 to 1"
        )


def check_quadrilateral(source: str, key: str, corners: Corners) -> None:
    """Raise UsageError unless the corners (millionths) are a convex quadrilateral in [0, 1]."""
    _check_inside(source, key, corners)
    if (problem := quadrilateral_fault(corners)) is not None:
        raise fault(source, key, f"is {_shown(corners)}: {problem}")


def check_reference(source: str, key: str, reference: bytes) -> None:
    """Raise UsageError if a view's reference is larger than one can be."""
    if len(reference) > MAX_REFERENCE_BYTES:
        raise fault(
            source,
            key,
            f"holds {len(reference)} bytes, a reference at most {MAX_REFERENCE_BYTES}; "
            "name the reference that the camera node made, not a picture",
        )


def check_time_zone(source: str, key: str, name: str, *, known: Iterable[str]) -> None:
    """Raise UsageError unless `name` is one of the `known` zones or, with none known, looks right.

    A bare machine may hold no time zone data: then only the form can be checked.
    """
    known = frozenset(known)
    if name in known or (not known and len(name) <= 64 and _TIME_ZONE_FORM.fullmatch(name)):
        return
    advice = _nearest(name, known) or "for example Europe/Paris"
    raise fault(source, key, f"'{name[:80]}' is no IANA time zone; write one ({advice}) or UTC")


def _check_lot(layout: Layout, source: str) -> None:
    _check_one_id(source, "lot.id", "lot", layout.lot_id)
    _check_name(source, "lot.name", layout.name)
    if layout.time_zone != "UTC":
        check_time_zone(source, "lot.time_zone", layout.time_zone, known=_time_zones())
    _check_place(source, "lot", layout.latitude, layout.longitude)


def _check_place(source: str, key: str, latitude: float | None, longitude: float | None) -> None:
    for name, value, limit in (("latitude", latitude, 90), ("longitude", longitude, 180)):
        if value is not None and not -limit <= value <= limit:
            raise fault(
                source,
                f"{key}.{name}",
                f"is {value:.12g}; give degrees, -{limit} to {limit} (WGS 84)",
            )


def _check_both(source: str, key: str, spot: Spot) -> None:
    if (spot.latitude is None) is not (spot.longitude is None):
        missing = "latitude" if spot.latitude is None else "longitude"
        raise fault(source, f"{key}.{missing}", "is missing; give both or neither")


def _check_stay(source: str, key: str, zone: Zone) -> None:
    if not 0 <= zone.max_stay_s <= MAX_STAY_S:
        raise fault(
            source, key, f"is {zone.max_stay_s} s; give up to {MAX_STAY_S // 86_400} days, or none"
        )


@cache
def _time_zones() -> frozenset[str]:
    import zoneinfo  # here: a replica that starts again needs none

    # Walking the data takes tens of milliseconds, and it does not change while we run.
    return frozenset(zoneinfo.available_timezones())


def _check_one_id(source: str, key: str, kind: str, value: str) -> None:
    try:
        check_id(kind, value)
    except UsageError as error:
        raise fault(source, key, str(error)) from None


def _check_ids(source: str, key: str, kind: str, values: list[str]) -> None:
    first_at: dict[str, int] = {}
    for index, value in enumerate(values):
        _check_one_id(source, f"{key}[{index}].id", kind, value)
        if value in first_at:
            raise fault(
                source,
                f"{key}[{index}].id",
                f"'{value}' is already the id of {key}[{first_at[value]}]; "
                f"give each {kind} its own id",
            )
        first_at[value] = index


def _check_names(source: str, key: str, names: list[str]) -> None:
    for index, name in enumerate(names):
        _check_name(source, f"{key}[{index}].name", name)


def _check_name(source: str, key: str, name: str) -> None:
    # Names are shown in terminals and on pages: a control character there is an attack or a slip.
    if len(name) > MAX_NAME or not name.isprintable():
        raise fault(
            source,
            key,
            f"is {name[:40]!a}; use at most {MAX_NAME} printable characters on one line",
        )


def _check_regions(
    source: str, keys: list[RegionKeys], regions: tuple[Region, ...], spot_ids: set[str]
) -> None:
    first_at: dict[str, str] = {}
    for key, region in zip(keys, regions, strict=True):
        if region.spot_id not in spot_ids:
            raise _dangling(source, key.spot, "spot", region.spot_id, spot_ids)
        if region.spot_id in first_at:
            raise fault(
                source,
                key.spot,
                f"'{region.spot_id}' has a region in this camera already "
                f"({first_at[region.spot_id]}); keep one of them",
            )
        first_at[region.spot_id] = key.spot
        check_quadrilateral(source, key.polygon, region.corners)


def _check_masks(source: str, key: str, camera: Camera) -> None:
    if len(camera.masks) > MAX_MASKS:
        raise fault(source, key, f"are {len(camera.masks)}; at most {MAX_MASKS} a camera")
    for index, mask in enumerate(camera.masks):
        where = f"{key}[{index}].polygon"
        if len(mask.corners) > MAX_MASK_CORNERS:
            raise fault(
                source, where, f"has {len(mask.corners)} corners; at most {MAX_MASK_CORNERS}"
            )
        _check_inside(source, where, mask.corners)
        if (problem := polygon_fault(mask.corners)) is not None:
            raise fault(source, where, f"is {_shown(mask.corners)}: {problem}")


def _check_inside(source: str, key: str, corners: tuple[Corner, ...]) -> None:
    for index, corner in enumerate(corners):
        for axis, value in zip("xy", corner, strict=True):
            if not 0 <= value <= MILLION:
                check_coordinate(source, f"{key}[{index}]", axis, value / MILLION)


def _shown(corners: tuple[Corner, ...]) -> str:
    shown = [f"[{x / MILLION:.6g}, {y / MILLION:.6g}]" for x, y in corners[:8]]
    return f"[{', '.join(shown)}{', …' if len(corners) > 8 else ''}]"


def _dangling(source: str, key: str, kind: str, value: str, known: Iterable[str]) -> UsageError:
    advice = _nearest(value, known)
    return fault(
        source,
        key,
        f"there is no {kind} '{value[:80]}'{f' ({advice})' if advice else ''}; "
        f"correct the id or add it to [[{kind}s]]",
    )


def _nearest(value: str, known: Iterable[str]) -> str:
    matches = get_close_matches(value, sorted(known), n=1)
    return f"did you mean '{matches[0]}'?" if matches else ""
