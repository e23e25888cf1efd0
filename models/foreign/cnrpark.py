"""CNRPark+EXT: one CSV of labels, one CSV of boxes a camera, and whole frames.

``CNRPark+EXT.csv`` has a row a spot and moment: ``camera`` (01 to 09; A and B are CNRPark, which
has no whole frames), ``datetime`` (2015-11-12_07.09), ``occupancy`` (0, 1), ``slot_id``,
``weather`` (S, O, R) and more. ``camera1.csv`` has ``SlotId,X,Y,W,H`` in pixels of 2592x1944, and
the frame is ``FULL_IMAGE_1000x750/SUNNY/2015-11-12/camera1/2015-11-12_0709.jpg`` (Amato et al.,
Expert Systems with Applications 72, 2017; cnrpark.it).
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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

FULL_IMAGES: Final = "FULL_IMAGE_1000x750"
_BOX_WIDTH, _BOX_HEIGHT = 2592.0, 1944.0
_WEATHER: Final = {"S": "sunny", "O": "overcast", "R": "rainy"}
_TAKEN: Final = re.compile(r"(\d{4}-\d\d-\d\d)_(\d\d)\.(\d\d)")
_LABEL_COLUMNS: Final = ("camera", "datetime", "occupancy", "slot_id", "weather")
_BOX_COLUMNS: Final = ("SlotId", "X", "Y", "W", "H")
_NO_FRAMES: Final = frozenset({"A", "B"})

_Boxes = Mapping[str, tuple[Point, ...]]


@dataclass(frozen=True, slots=True, order=True)
class _Moment:
    """One frame: camera's number, day, hour and minute, weather as the CSV writes it."""

    camera: int
    day: str
    hour: str
    minute: str
    weather: str

    def picture(self) -> Path:
        """Where the frame lies under the folder of whole frames."""
        sky = _WEATHER[self.weather].upper()
        name = f"{self.day}_{self.hour}{self.minute}.jpg"
        return Path(sky) / self.day / f"camera{self.camera}" / name


def read(source: Path, images: Path | None, boxes: Path | None, left_out: LeftOut) -> Reading:
    """All frames of CNR-EXT. Raises UsageError naming file, line, value and remedy.

    images: the folder of whole frames; by default FULL_IMAGE_1000x750 beside the CSV file, if it is
    there, else the CSV file's folder. boxes: the folder of camera1.csv; by default the folder of
    whole frames or the one above, whichever has it.
    """
    beside = source.parent / FULL_IMAGES
    pictures = images or (beside if beside.is_dir() else source.parent)
    folders = [boxes] if boxes else [pictures, pictures.parent, source.parent]
    labels = _labels(source, left_out)
    cameras = {moment.camera for moment in labels}
    placed = {camera: _boxes(_box_file(folders, camera)) for camera in sorted(cameras)}
    return Reading(
        "cnrpark-ext", pictures, len(labels), _frames(labels, placed, pictures, left_out)
    )


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """Where each row stands and what its columns hold, stripped."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            rows = csv.DictReader(lines)
            missing = [name for name in columns if name not in (rows.fieldnames or ())]
            if missing:
                raise UsageError(
                    f"{path} has no column {missing[0]!r}; its first line must name"
                    f" {', '.join(columns)}"
                )
            for row in rows:
                values = {name: (row[name] or "").strip() for name in columns}
                yield f"{path} line {rows.line_num}", values
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not text in UTF-8: {error.reason}") from error


def _labels(source: Path, left_out: LeftOut) -> dict[_Moment, dict[str, bool]]:
    """Moment -> slot -> occupied, in the order of cameras and time."""
    labels: dict[_Moment, dict[str, bool]] = {}
    for where, row in _rows(source, _LABEL_COLUMNS):
        if row["camera"] in _NO_FRAMES:
            left_out["spots left out: CNRPark's A and B have no whole frames"] += 1
            continue
        taken = _TAKEN.fullmatch(row["datetime"])
        if taken is None:
            raise UsageError(f"{where}: datetime is {row['datetime']!r}, not 2015-11-12_07.09")
        if not row["camera"].isdecimal():
            raise UsageError(f"{where}: camera is {row['camera']!r}, not a number, A or B")
        if row["weather"] not in _WEATHER:
            raise UsageError(f"{where}: weather is {row['weather']!r}, not S, O or R")
        if row["occupancy"] not in ("0", "1"):
            raise UsageError(f"{where}: occupancy is {row['occupancy']!r}, must be 0 or 1")
        day, hour, minute = taken.groups()
        moment = _Moment(int(row["camera"]), day, hour, minute, row["weather"])
        labels.setdefault(moment, {})[row["slot_id"]] = row["occupancy"] == "1"
    if not labels:
        raise UsageError(f"{source} has no row of cameras 1 to 9: is it the whole CNRPark+EXT.csv?")
    return dict(sorted(labels.items()))


def _box_file(folders: list[Path], camera: int) -> Path:
    name = f"camera{camera}.csv"
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    looked = ", ".join(dict.fromkeys(map(str, folders)))
    raise UsageError(f"no {name} in {looked}: name the folder that has it with --boxes")


def _boxes(path: Path) -> _Boxes:
    """Slot -> corners as shares of the picture."""
    boxes = {}
    for where, row in _rows(path, _BOX_COLUMNS):
        try:
            x, y, width, height = (float(row[name]) for name in _BOX_COLUMNS[1:])
        except ValueError as error:
            raise UsageError(f"{where}: X, Y, W and H must be numbers ({error})") from error
        left, right = x / _BOX_WIDTH, (x + width) / _BOX_WIDTH
        top, bottom = y / _BOX_HEIGHT, (y + height) / _BOX_HEIGHT
        boxes[row["SlotId"]] = ((left, top), (right, top), (right, bottom), (left, bottom))
    return boxes


def _frames(
    labels: Mapping[_Moment, Mapping[str, bool]],
    placed: Mapping[int, _Boxes],
    pictures: Path,
    left_out: LeftOut,
) -> Iterator[Frame | None]:
    for moment, slots in labels.items():
        path = pictures / moment.picture()
        if not path.is_file():
            left_out["frames left out: the picture is missing"] += 1
            yield None
            continue
        width, height = picture_size(path)
        spots = []
        for slot, occupied in slots.items():
            box = placed[moment.camera].get(slot)
            if box is None:
                left_out["spots left out: no box in the camera's CSV"] += 1
                continue
            corners = four_corners([(x * width, y * height) for x, y in box], left_out)
            if corners is not None:
                spots.append(Spot(slot, corners, occupied))
        yield Frame(
            image=path,
            width=width,
            height=height,
            camera=str(moment.camera),
            taken=f"{moment.day}T{moment.hour}:{moment.minute}",
            weather=_WEATHER[moment.weather],
            spots=tuple(spots),
        )
