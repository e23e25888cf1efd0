"""Labelled parking pictures: the frames JSON format and CNRPark's patch list.

The frames JSON format (polygons in pixels) is described in `models/README.md`.
"""

import csv
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from models.corners import Quad, canonical_corners
from models.patches import Image
from node.errors import UsageError


@dataclass(frozen=True, slots=True)
class LabelledSpot:
    """One spot of one frame: its polygon normalised to 0..1 and what a person saw there."""

    name: str
    polygon: Quad
    occupied: bool


@dataclass(frozen=True, slots=True)
class LabelledFrame:
    """One picture and its labelled spots; the picture itself is read only when asked for.

    camera, taken (local time as the source writes it), split, weather: empty when the source has
    none.
    """

    image: Path
    width: int
    height: int
    camera: str
    taken: str
    split: str
    spots: tuple[LabelledSpot, ...]
    weather: str = ""

    def pixels(self) -> Image:
        """(H, W, 3) uint8 BGR. Raises UsageError if there is no such picture of that size."""
        if not self.image.is_file():
            raise UsageError(f"no picture at {self.image}: name its folder with --images")
        picture = cv2.imread(str(self.image), cv2.IMREAD_COLOR)
        if picture is None:
            raise UsageError(f"{self.image} is not a picture that OpenCV can read")
        if picture.shape[:2] != (self.height, self.width):
            found = f"{picture.shape[1]}x{picture.shape[0]}"
            raise UsageError(
                f"{self.image} is {found} px, the list says {self.width}x{self.height}:"
                " correct its width and height"
            )
        return np.asarray(picture, dtype=np.uint8)


def read_frames(path: Path, images: Path | None = None) -> tuple[LabelledFrame, ...]:
    """All frames of a frames JSON file. Raises UsageError naming the file and the entry.

    images: the folder that the image paths are relative to. By default the file's parent's parent
    when a path starts with ``frames/``, else the file's own folder.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except ValueError as error:
        raise UsageError(f"{path}: is not JSON ({error}); give a frames JSON") from error
    entries = document.get("images") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise UsageError(f'{path} has no frames: it needs a non-empty list "images"')
    return tuple(_frame(path, index, entry, images) for index, entry in enumerate(entries))


def _frame(path: Path, index: int, entry: Any, images: Path | None) -> LabelledFrame:
    where = f"{path}: images[{index}]"
    try:
        name = str(entry["image"])
        width, height = int(entry["width"]), int(entry["height"])
        spots = entry["spots"]
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{where} needs image, width, height and spots ({error})") from error
    if width < 1 or height < 1 or not isinstance(spots, list):
        raise UsageError(f"{where} ({name}): width and height must be positive, spots a list")
    folder = images or (path.parent.parent if name.startswith("frames/") else path.parent)
    return LabelledFrame(
        image=folder / name,
        width=width,
        height=height,
        camera=str(entry.get("camera", "")),
        taken=str(entry.get("datetime", "")),
        split=str(entry.get("split", "")),
        spots=tuple(_spot(f"{where} ({name})", spot, width, height) for spot in spots),
        weather=str(entry.get("weather", "")),
    )


def _spot(where: str, entry: Any, width: int, height: int) -> LabelledSpot:
    try:
        name, polygon, occupied = str(entry["id"]), entry["polygon"], entry["occupied"]
    except (KeyError, TypeError) as error:
        raise UsageError(f"{where}: a spot needs id, polygon and occupied ({error})") from error
    if not isinstance(occupied, bool):
        raise UsageError(f"{where}: spot {name}: occupied is {occupied!r}, must be true or false")
    try:
        canonical_corners(polygon)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{where}: spot {name}: {error}") from error
    return LabelledSpot(name, normalised(polygon, width, height), occupied)


def normalised(polygon: Sequence[Sequence[float]], width: int, height: int) -> Quad:
    """Four corners in pixels -> four corners as shares of the picture's width and height."""
    a, b, c, d = ((float(x) / width, float(y) / height) for x, y in polygon)
    return (a, b, c, d)


@dataclass(frozen=True, slots=True)
class LabelledPatch:
    """One ready-cut spot picture of CNRPark (no frame, no polygon)."""

    member: str
    camera: str
    slot: str
    taken: str
    occupied: bool


def read_patch_list(path: Path) -> tuple[LabelledPatch, ...]:
    """The rows of CNRPark's patch list (CSV with path, label, camera, datetime)."""
    with path.open(newline="", encoding="utf-8") as lines:
        return tuple(
            LabelledPatch(
                member=row["path"],
                camera=row["camera"],
                slot=row["slot"],
                taken=row["datetime"],
                occupied=row["label"] == "occupied",
            )
            for row in csv.DictReader(lines)
        )


def read_patches(archive: Path, patches: Sequence[LabelledPatch]) -> Iterator[Image]:
    """The pictures of the patches, in order, each (H, W, 3) uint8 BGR."""
    with zipfile.ZipFile(archive) as members:
        for patch in patches:
            data = np.frombuffer(members.read(patch.member), dtype=np.uint8)
            picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
            if picture is None:
                raise UsageError(f"{archive}: {patch.member} is not a picture")
            yield np.asarray(picture, dtype=np.uint8)


WHOLE_PICTURE: Final[Quad] = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
"""The region of a ready-cut picture: the spot's box, as CNRPark's authors draw it in frames, too.

What a patch shows beyond it repeats the picture's border, for there is nothing else.
"""
