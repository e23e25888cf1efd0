"""COCO JSON, as Roboflow exports PKLot: one category for vacant spots and one for occupied.

``{"images": [{"id", "file_name", "width", "height"}], "annotations": [{"id", "image_id",
"category_id", "bbox": [x, y, w, h], "segmentation": [[x, y, …]]}], "categories": [{"id",
"name"}]}`` (cocodataset.org). Pictures lie beside the JSON file.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from models.foreign.labels import Frame, LeftOut, Point, Reading, Spot, four_corners
from node.errors import UsageError

# Roboflow names pictures after PKLot's: 2012-09-11_15_16_58_jpg.rf.<hash>.jpg. What it calls
# "date_captured" is the day of the export.
_TAKEN: Final = re.compile(r"(\d{4}-\d\d-\d\d)[_T ](\d\d)[_:.](\d\d)(?:[_:.](\d\d))?")


@dataclass(frozen=True, slots=True)
class Categories:
    """Names of the two categories that say what a spot is."""

    occupied: str
    vacant: str


DEFAULT: Final = Categories(occupied="space-occupied", vacant="space-empty")
"""As Roboflow's export of PKLot names them."""


def read(source: Path, images: Path | None, names: Categories, left_out: LeftOut) -> Reading:
    """All frames of a COCO JSON file. Raises UsageError naming file, entry, value and remedy.

    images: the folder that file names are relative to; by default the JSON file's own.
    """
    document = _document(source)
    states = _states(source, document["categories"], names)
    spots = _annotations(source, document["annotations"], states, left_out)
    entries = document["images"]
    folder = images or source.parent
    return Reading("coco", folder, len(entries), _frames(source, entries, folder, spots, left_out))


def _document(source: Path) -> dict[str, Any]:
    try:
        document: Any = json.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {source}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{source} is not JSON: {error}") from error
    for key in ("images", "annotations", "categories"):
        if not isinstance(document, dict) or not isinstance(document.get(key), list):
            raise UsageError(f'{source} is no COCO file: it needs a list "{key}"')
    return dict(document)


def _states(source: Path, entries: Sequence[Any], names: Categories) -> dict[Any, bool]:
    """Which category ids mean occupied and which vacant."""
    found = {}
    for index, entry in enumerate(entries):
        try:
            found[str(entry["name"])] = entry["id"]
        except (KeyError, TypeError) as error:
            raise UsageError(f"{source}: categories[{index}] needs id and name") from error
    states = {}
    for option, name in (("--occupied", names.occupied), ("--vacant", names.vacant)):
        if name not in found:
            listed = ", ".join(found) or "none"
            raise UsageError(f"{source} has no category {name!r} but {listed}: choose by {option}")
        states[found[name]] = option == "--occupied"
    return states


def _annotations(
    source: Path, entries: Sequence[Any], states: Mapping[Any, bool], left_out: LeftOut
) -> dict[Any, list[Spot]]:
    """The spots of each picture, by its id."""
    spots: dict[Any, list[Spot]] = {}
    for index, entry in enumerate(entries):
        where = f"{source}: annotations[{index}]"
        try:
            image, category = entry["image_id"], entry["category_id"]
            points = _points(entry)
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(
                f"{where} needs image_id, category_id and a bbox of four numbers ({error})"
            ) from error
        if category not in states:
            left_out["annotations left out: another category"] += 1
            continue
        corners = four_corners(points, left_out)
        if corners is not None:
            spot = Spot(str(entry.get("id", index)), corners, states[category])
            spots.setdefault(image, []).append(spot)
    return spots


def _points(entry: Mapping[str, Any]) -> list[Point]:
    """The polygon if there is exactly one, else the box."""
    outlines = entry.get("segmentation")
    if isinstance(outlines, list) and len(outlines) == 1 and len(outlines[0]) >= 6:
        values = [float(value) for value in outlines[0]]
        return list(zip(values[::2], values[1::2], strict=True))
    x, y, width, height = (float(value) for value in entry["bbox"])
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def _frames(
    source: Path,
    entries: Sequence[Any],
    folder: Path,
    spots: Mapping[Any, list[Spot]],
    left_out: LeftOut,
) -> Iterator[Frame | None]:
    for index, entry in enumerate(entries):
        try:
            key, name = entry["id"], str(entry["file_name"])
            width, height = int(entry["width"]), int(entry["height"])
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(
                f"{source}: images[{index}] needs id, file_name, width and height ({error})"
            ) from error
        if not (folder / name).is_file():
            left_out["frames left out: the picture is missing"] += 1
            yield None
            continue
        yield Frame(
            image=folder / name,
            width=width,
            height=height,
            camera="",
            taken=_taken(name),
            weather="",
            spots=tuple(spots.get(key, ())),
        )


def _taken(name: str) -> str:
    found = _TAKEN.search(name)
    if found is None:
        return ""
    day, *clock = found.groups(default="00")
    return f"{day}T{':'.join(clock)}"
