"""All labelled data of one folder, by source and part, as patches or as training crops."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.corners import canonical_corners
from models.datasets import (
    WHOLE_PICTURE,
    LabelledFrame,
    LabelledPatch,
    read_frames,
    read_patch_list,
    read_patches,
)
from models.patches import FloatArray, Image, PatchCutter, PatchSpec
from models.splits import CNRPARK_B_HIDDEN, Part, acpds_parts, cnrext_part, cnrpark_part, pklot_part

SOURCES: Final = ("acpds", "cnrext", "cnrpark", "pklot")

CROP_SIZE: Final = 112
"""Side of a training crop, px."""

CROP_SURROUNDINGS: Final = 2.8
"""Side of a training crop as a multiple of the box round the region: room to move the region."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Patches of one source and part.

    patches: (N, *shape) uint8; occupied: (N,); hidden: (N,), true where leaves cover everything.
    """

    source: str
    part: Part
    patches: Image
    occupied: npt.NDArray[np.bool_]
    hidden: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Crops:
    """Training crops of one source: each an upright square round a spot, to be disturbed and cut.

    pictures: (N, C, C, 3) uint8; regions: (N, 4, 2) canonical corners in crop pixels;
    occupied: (N,); scene: (N,) number of the frame, or of the hour for ready-cut pictures.
    """

    source: str
    pictures: Image
    regions: FloatArray
    occupied: npt.NDArray[np.bool_]
    scene: npt.NDArray[np.int64]


def frames_by_part(data: Path, source: str) -> Iterator[tuple[Part, LabelledFrame]]:
    """The labelled frames of a source with the part that each belongs to."""
    frames = read_frames(data / "frames" / f"{source}.json", data)
    if source == "acpds":
        parts: Iterable[Part] = acpds_parts(frames)
    else:
        parts = map(pklot_part if source == "pklot" else cnrext_part, frames)
    return zip(parts, frames, strict=True)


def cut_frame(frame: LabelledFrame, spec: PatchSpec) -> Image:
    """(N, *spec.shape) patches of a frame's spots."""
    polygons = [spot.polygon for spot in frame.spots]
    cutter = PatchCutter(polygons, width=frame.width, height=frame.height, spec=spec)
    return cutter.cut(frame.pixels())


def crop_frame(frame: LabelledFrame) -> tuple[Image, FloatArray]:
    """Training crops of a frame's spots and the regions inside them (see `Crops`)."""
    size = np.array([frame.width, frame.height], dtype=np.float64)
    quads = [canonical_corners(np.array(spot.polygon) * size) for spot in frame.spots]
    low = np.array([quad.min(axis=0) for quad in quads])
    high = np.array([quad.max(axis=0) for quad in quads])
    half = (high - low).max(axis=1, keepdims=True) * (CROP_SURROUNDINGS / 2.0)
    left_top = (low + high) / 2.0 - half
    corners = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])
    squares = (left_top[:, None] + half[:, None] * corners) / size
    spec = PatchSpec(size=CROP_SIZE, margin=0.0)
    cutter = PatchCutter(squares.tolist(), width=frame.width, height=frame.height, spec=spec)
    regions = (np.array(quads) - left_top[:, None]) * (CROP_SIZE / (2.0 * half[:, None]))
    return cutter.cut(frame.pixels()), regions


def load_frames(
    data: Path, source: str, parts: Sequence[Part], spec: PatchSpec
) -> Iterator[Samples]:
    """The patches of a source of whole frames, frame by frame."""
    for part, frame in frames_by_part(data, source):
        if part in parts:
            occupied = np.array([spot.occupied for spot in frame.spots], dtype=np.bool_)
            yield Samples(source, part, cut_frame(frame, spec), occupied, np.zeros_like(occupied))


def load_cnrpark(data: Path, parts: Sequence[Part], spec: PatchSpec) -> Iterator[Samples]:
    """The patches of CNRPark, part by part; each whole picture is a spot's region."""
    cutters: dict[tuple[int, ...], PatchCutter] = {}
    for part in parts:
        patches: list[Image] = []
        chosen, pictures = _cnrpark(data, part)
        for picture in pictures:
            height, width = picture.shape[:2]
            if (height, width) not in cutters:
                whole = PatchCutter([WHOLE_PICTURE], width=width, height=height, spec=spec)
                cutters[height, width] = whole
            patches.append(cutters[height, width].cut(picture)[0])
        if chosen:
            occupied = np.array([row.occupied for row in chosen], dtype=np.bool_)
            hidden = np.array([_hidden(row) for row in chosen], dtype=np.bool_)
            yield Samples("cnrpark", part, np.stack(patches), occupied, hidden)


def load_crops(data: Path, source: str, parts: Sequence[Part]) -> Crops:
    """All training crops of a source's parts; pictures that show nothing but leaves are left out.

    Their labels were made with knowledge that the picture does not hold: what they would teach is
    that leaves mean a car.
    """
    return _cnrpark_crops(data, parts) if source == "cnrpark" else _crops(data, source, parts)


def _crops(data: Path, source: str, parts: Sequence[Part]) -> Crops:
    pictures: list[Image] = []
    regions: list[FloatArray] = []
    occupied: list[bool] = []
    for part, frame in frames_by_part(data, source):
        if part in parts and frame.spots:
            crops, corners = crop_frame(frame)
            pictures.append(crops)
            regions.append(corners)
            occupied += [spot.occupied for spot in frame.spots]
    sizes = [len(one) for one in pictures]
    scene = np.repeat(np.arange(len(sizes)), sizes)
    return Crops(
        source, np.concatenate(pictures), np.concatenate(regions), np.array(occupied), scene
    )


def _cnrpark_crops(data: Path, parts: Sequence[Part]) -> Crops:
    side = (CROP_SIZE, CROP_SIZE)
    pictures: list[Image] = []
    rows: list[LabelledPatch] = []
    for part in parts:
        chosen, ready = _cnrpark(data, part)
        for row, picture in zip(chosen, ready, strict=True):
            if not _hidden(row):
                small = cv2.resize(picture, side, interpolation=cv2.INTER_AREA)
                pictures.append(np.asarray(small, dtype=np.uint8))
                rows.append(row)
    hours = [row.camera + row.taken[:13] for row in rows]
    return Crops(
        "cnrpark",
        np.stack(pictures),
        np.repeat(np.array(WHOLE_PICTURE)[None] * CROP_SIZE, len(rows), axis=0),
        np.array([row.occupied for row in rows]),
        np.unique(hours, return_inverse=True)[1],
    )


def _cnrpark(data: Path, part: Part) -> tuple[list[LabelledPatch], Iterator[Image]]:
    rows = read_patch_list(data / "patches" / "cnrpark.csv")
    chosen = [row for row in rows if cnrpark_part(row) is part]
    return chosen, read_patches(data / "patches" / "cnrpark.zip", chosen)


def _hidden(row: LabelledPatch) -> bool:
    return row.camera.endswith("B") and row.slot in CNRPARK_B_HIDDEN


def fingerprint(data: Path) -> str:
    """SHA-256 over names and contents of all labelled data, hexadecimal."""
    digest = hashlib.sha256()
    for folder in ("frames", "patches"):
        for path in sorted((data / folder).rglob("*")):
            if path.is_file():
                digest.update(str(path.relative_to(data)).encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
