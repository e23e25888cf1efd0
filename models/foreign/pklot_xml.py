"""PKLot as its authors publish it: beside each picture an XML file of the same name.

``<parking id="pucpr"><space id="1" occupied="1"><rotatedRect><center x y/><size w h/><angle d/>
</rotatedRect><contour><point x y/>…</contour></space>…</parking>``, in folders
``PUCPR/Sunny/2012-09-11/2012-09-11_15_16_58.xml`` (Almeida et al., Expert Systems with
Applications 42, 2015). The contour is what a person drew, so it is preferred.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import cv2

from models.foreign.labels import (
    Frame,
    LeftOut,
    Point,
    Reading,
    Spot,
    four_corners,
    picture_size,
)
from node.errors import UsageError

_WEATHER: Final = frozenset({"sunny", "cloudy", "rainy"})
_TAKEN: Final = re.compile(r"(\d{4}-\d\d-\d\d)_(\d\d)_(\d\d)_(\d\d)")
_PICTURES: Final = (".jpg", ".jpeg", ".png")


def read(source: Path, images: Path | None, left_out: LeftOut) -> Reading:
    """All frames of a folder (searched through) or of one XML file.

    images: the folder under which pictures lie as the XML files do under `source`; by default
    the same. Raises UsageError naming file, space, value and remedy.
    """
    folder = source if source.is_dir() else source.parent
    files = sorted(folder.rglob("*.xml")) if source.is_dir() else [source]
    if not files:
        raise UsageError(f"{source} holds no .xml file: name the folder that PKLot was unpacked to")
    pictures = images or folder
    return Reading("pklot", pictures, len(files), _frames(files, folder, pictures, left_out))


def _frames(
    files: Sequence[Path], folder: Path, pictures: Path, left_out: LeftOut
) -> Iterator[Frame | None]:
    for path in files:
        root = _parse(path)
        base = pictures / path.relative_to(folder).with_suffix("")
        found = next(filter(Path.is_file, map(base.with_suffix, _PICTURES)), None)
        if found is None:
            left_out["frames left out: the picture is missing"] += 1
            yield None
            continue
        width, height = picture_size(found)
        camera, weather = _place(path, root)
        taken = _TAKEN.search(path.stem)
        yield Frame(
            image=found,
            width=width,
            height=height,
            camera=camera,
            taken="{}T{}:{}:{}".format(*taken.groups()) if taken else "",
            weather=weather,
            spots=tuple(_spots(path, root, left_out)),
        )


def _parse(path: Path) -> ET.Element:
    try:
        root = ET.parse(path).getroot()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except ET.ParseError as error:
        raise UsageError(f"{path} is not XML: {error}; unpack it again") from error
    if root.tag != "parking":
        raise UsageError(f"{path} begins with <{root.tag}>, PKLot's files with <parking>")
    return root


def _place(path: Path, root: ET.Element) -> tuple[str, str]:
    """Camera and weather: from the folders, as published, else from the file alone."""
    folders = path.parent.parts
    if len(folders) >= 3 and folders[-2].lower() in _WEATHER:
        return folders[-3], folders[-2].lower()
    return root.get("id", "").upper(), ""


def _spots(path: Path, root: ET.Element, left_out: LeftOut) -> Iterator[Spot]:
    for index, space in enumerate(root.iter("space")):
        name = space.get("id")
        if name is None:
            raise UsageError(f"{path}: space {index} has no id: give it one")
        where = f"{path}: space {name}"
        occupied = space.get("occupied")
        if occupied is None:  # a few published files have such spaces
            left_out["spots left out: no label"] += 1
            continue
        if occupied not in ("0", "1"):
            raise UsageError(f"{where}: occupied is {occupied!r}, must be 0 or 1")
        corners = four_corners(_points(where, space), left_out)
        if corners is not None:
            yield Spot(name, corners, occupied == "1")


def _points(where: str, space: ET.Element) -> list[Point]:
    contour = [child for child in space.iterfind("contour/*") if child.tag.lower() == "point"]
    if contour:
        return [(_number(where, point, "x"), _number(where, point, "y")) for point in contour]
    center, size, angle = (space.find(f".//{tag}") for tag in ("center", "size", "angle"))
    if center is None or size is None or angle is None:
        raise UsageError(f"{where} has neither contour nor rotatedRect: add one or remove it")
    middle = (_number(where, center, "x"), _number(where, center, "y"))
    sides = (_number(where, size, "w"), _number(where, size, "h"))
    corners = cv2.boxPoints((middle, sides, _number(where, angle, "d")))
    return [(float(x), float(y)) for x, y in corners]


def _number(where: str, element: ET.Element, key: str) -> float:
    text = element.get(key, "")
    try:
        return float(text)
    except ValueError:
        raise UsageError(
            f"{where}: {key} of <{element.tag}> is {text!r}, must be a number"
        ) from None
