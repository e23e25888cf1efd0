"""Reads labelled pictures: the frames JSON format and a video's list of spot polygons.

Frames JSON: {"images": [{"image", "width", "height", "camera"?, "datetime"?, "spots":
[{"id", "polygon": [[x, y], …] in pixels, "occupied"?: bool}]}]}. A list of polygons:
{"video", "width", "height", "spots": [{"id", "polygon"}]}.
"""

import json
from pathlib import Path

from central.layout.tables import Table, as_list, as_number, describe
from central.layout.validate import fault
from node.errors import UsageError
from node.values import frozen

Pixel = tuple[float, float]


@frozen
class MarkedSpot:
    """One spot of one picture: corners in pixels, and its label where it has one."""

    spot_id: str
    polygon: tuple[Pixel, ...]
    occupied: bool | None
    key: str  # where the file states it


@frozen
class MarkedPicture:
    """One picture's size in pixels and its spots. `image` is empty where the file names none."""

    image: str
    width: int
    height: int
    camera: str
    taken_at: str  # as the file writes it; empty where it does not
    spots: tuple[MarkedSpot, ...]


def read_pictures(path: Path) -> tuple[MarkedPicture, ...]:
    """Read every picture of the file, in its order; raises UsageError naming file and key."""
    source = str(path)
    try:
        values = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{source}: cannot be read ({error.strerror}); check the path") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{source}: is not valid JSON: {error}; correct it there") from None
    if not isinstance(values, dict):
        raise UsageError(f"{source}: is {describe(values)}; write an object with 'images'")
    root = Table(source=source, key="", values=values)
    if "images" in values:
        pictures = tuple(_picture(table) for table in root.tables("images"))
    elif "spots" in values:
        pictures = (_picture(root),)
    else:
        raise UsageError(f"{source}: has neither 'images' nor 'spots'; see 'convert --help'")
    if not pictures:
        raise fault(source, "images", "is empty; list at least one picture")
    return pictures


def one_camera(
    pictures: tuple[MarkedPicture, ...], camera: str | None, *, source: str
) -> tuple[MarkedPicture, ...]:
    """Return one camera's pictures, by time where each has one; raises UsageError if unclear."""
    cameras = sorted({picture.camera for picture in pictures})
    if camera is None and len(cameras) > 1:
        raise UsageError(
            f"{source}: has pictures of {len(cameras)} cameras ({_listing(cameras)}); "
            "choose one with --camera"
        )
    chosen = [picture for picture in pictures if camera is None or picture.camera == camera]
    if not chosen:
        raise UsageError(
            f"{source}: has no pictures of camera '{camera}'; it has {_listing(cameras)}"
        )
    sizes = sorted({(picture.width, picture.height) for picture in chosen})
    if len(sizes) > 1:
        shown = ", ".join(f"{width}x{height}" for width, height in sizes)
        raise UsageError(f"{source}: pictures of several sizes ({shown}); keep those of one size")
    if all(picture.taken_at for picture in chosen):
        chosen.sort(key=lambda picture: picture.taken_at)
    return tuple(chosen)


def _listing(cameras: list[str]) -> str:
    names = [name or "one without a name" for name in cameras]
    return ", ".join(names[:12]) + (", …" if len(names) > 12 else "")


def _picture(table: Table) -> MarkedPicture:
    camera = table.values.get("camera", "")
    if isinstance(camera, bool) or not isinstance(camera, str | int):
        raise fault(
            table.source, table.path("camera"), f"is {describe(camera)}; write a text or number"
        )
    return MarkedPicture(
        image=table.text("image", ""),
        width=_side(table, "width"),
        height=_side(table, "height"),
        camera=str(camera),
        taken_at=table.text("datetime", ""),
        spots=tuple(_spot(spot) for spot in table.tables("spots")),
    )


def _side(table: Table, name: str) -> int:
    value = table.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100_000:
        raise fault(table.source, table.path(name), f"is {describe(value)}; write whole pixels")
    return value


def _spot(table: Table) -> MarkedSpot:
    spot_id = table.get("id")
    if isinstance(spot_id, bool) or not isinstance(spot_id, str | int):
        raise fault(
            table.source, table.path("id"), f"is {describe(spot_id)}; write a text or number"
        )
    key = table.path("polygon")
    polygon = tuple(
        _pixel(table.source, f"{key}[{index}]", item)
        for index, item in enumerate(as_list(table.source, key, table.get("polygon")))
    )
    return MarkedSpot(
        # A bare number says nothing to a person: 184 becomes s184.
        spot_id=f"s{spot_id}" if isinstance(spot_id, int) else spot_id,
        polygon=polygon,
        occupied=table.flag("occupied") if table.values.get("occupied") is not None else None,
        key=table.key,
    )


def _pixel(source: str, key: str, item: object) -> Pixel:
    pair = as_list(source, key, item)
    if len(pair) != 2:
        raise fault(source, key, f"has {len(pair)} numbers; give two: [x, y] in pixels")
    x, y = (as_number(source, key, value) for value in pair)
    return x, y
