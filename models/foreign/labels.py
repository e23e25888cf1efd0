"""What every foreign format comes down to, and the frames JSON it is written as."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.corners import canonical_corners
from node.errors import OperationError, UsageError

Point = tuple[float, float]
LeftOut = Counter[str]
"""How many spots or frames were left out or changed, by the reason that a person is told."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One spot of one frame: four corners in pixels, and what a person saw there."""

    name: str
    corners: tuple[Point, ...]
    occupied: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture and its spots. taken: local time, ISO 8601; empty where nobody knows."""

    image: Path
    width: int
    height: int
    camera: str
    taken: str
    weather: str
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A data set that is about to be read: how many steps it takes, and each step's frame.

    A step without a frame (its picture is missing) gives None.
    """

    source: str
    images: Path
    total: int
    frames: Iterator[Frame | None]


def four_corners(points: Sequence[Point], left_out: LeftOut) -> tuple[Point, ...] | None:
    """The points if they span a convex quadrilateral, else the smallest rectangle round them.

    None where they have no area. What is changed or has no area is counted in `left_out`.
    """
    if len(points) > 3 and points[0] == points[-1]:  # closed, as some tools write polygons
        points = points[:-1]
    if len(points) == 4 and _spans_an_area(points):
        return tuple(points)
    boxed: tuple[Point, ...] = ()
    if len(points) >= 3:
        rectangle = cv2.boxPoints(cv2.minAreaRect(np.array(points, dtype=np.float32)))
        boxed = tuple((float(x), float(y)) for x, y in rectangle)
    if not _spans_an_area(boxed):
        left_out["spots left out: their polygon has no area"] += 1
        return None
    left_out["spots boxed: their polygon is no convex quadrilateral"] += 1
    return boxed


def _spans_an_area(points: Sequence[Point]) -> bool:
    try:
        canonical_corners(points)
    except ValueError:
        return False
    return True


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height, pixels. Raises UsageError if the file is no picture.

    The picture is decoded whole: what passes here can be evaluated later.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise UsageError(f"{path} is not a picture that OpenCV can read: copy it again")
    return picture.shape[1], picture.shape[0]


def write_frames(path: Path, reading: Reading, frames: Iterable[Frame]) -> None:
    """Write a frames JSON file; image paths in it are relative to the reading's folder.

    Raises OperationError if the file cannot be written.
    """
    document = {
        "source": reading.source,
        "images": [_entry(frame, reading.images) for frame in frames],
    }
    try:
        path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise OperationError(f"{path}: cannot be written ({error.strerror})") from error


def _entry(frame: Frame, folder: Path) -> dict[str, object]:
    described = {"camera": frame.camera, "datetime": frame.taken, "weather": frame.weather}
    inside = frame.image.is_relative_to(folder)  # COCO files may name pictures absolutely
    return {
        "image": (frame.image.relative_to(folder) if inside else frame.image).as_posix(),
        "width": frame.width,
        "height": frame.height,
        **{key: value for key, value in described.items() if value},
        "spots": [
            {
                "id": spot.name,
                "polygon": [[round(x, 2), round(y, 2)] for x, y in spot.corners],
                "occupied": spot.occupied,
            }
            for spot in frame.spots
        ],
    }
