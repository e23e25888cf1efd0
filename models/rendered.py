"""Rendered lots as a source of training samples, kept on disk as labelled frames.

Made once and kept beside the pool. Neither the teacher nor any figure sees them: they are there
for what photographs with labels show too rarely, which is low cameras over crowded rows.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from models.corpus import cut_frame
from models.datasets import LabelledFrame, read_frames
from models.patches import PatchSpec
from models.pool import Pool, Portion
from models.rendered_lot import WIDTH, Kind, RenderedFrame, draw_lot

SOURCE: Final = "rendered"


def lots_folder(work: Path, seed: int, width: int = WIDTH) -> Path:
    """Where lots lie."""
    return work / f"rendered-{seed}-{width}"


def make_lots(
    work: Path,
    *,
    seed: int,
    lots: int,
    workers: int,
    report: Callable[[int], None],
    width: int = WIDTH,
    kind: Kind = Kind.ORDINARY,
) -> tuple[LabelledFrame, ...]:
    """All pictures of so many lots, of which only what is missing is drawn; `report` counts lots.

    They depend on the seed alone, neither on workers nor on interruptions.
    """
    folder = lots_folder(work, seed, width)
    folder.mkdir(parents=True, exist_ok=True)
    lists = [_list(folder, number, kind) for number in range(lots)]
    missing = [number for number, path in enumerate(lists) if not path.exists()]
    report(lots - len(missing))
    context = get_context("spawn")  # as where the pool is made
    with ProcessPoolExecutor(workers, mp_context=context) as executor:
        tasks = [executor.submit(_draw, folder, seed, number, width, kind) for number in missing]
        for task in as_completed(tasks):
            task.result()
            report(1)
    return tuple(frame for path in lists for frame in read_frames(path))


def cut_lots(frames: Iterable[LabelledFrame], spec: PatchSpec) -> Pool:
    """All patches of rendered frames as a pool of their own."""
    patches, occupied = [], []
    for frame in frames:
        patches.append(cut_frame(frame, spec))
        occupied += [spot.occupied for spot in frame.spots]
    portion = Portion(SOURCE, SOURCE, len(occupied))
    return Pool(portion, np.concatenate(patches), np.array(occupied, np.float32))


def _list(folder: Path, number: int, kind: Kind) -> Path:
    return folder / f"{kind.value}-{number:03d}.json"


def _draw(folder: Path, seed: int, number: int, width: int, kind: Kind) -> None:
    """Draw one lot; its list is written last, so that a lot is there or not."""
    cv2.setNumThreads(1)
    path = _list(folder, number, kind)
    frames = draw_lot(seed, number, width=width, kind=kind)
    names = [f"{path.stem}-{index}.jpg" for index in range(len(frames))]
    for name, frame in zip(names, frames, strict=True):
        (folder / name).write_bytes(frame.jpeg)
    document = {"source": SOURCE, "images": _entries(names, frames)}
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(document), encoding="utf-8")
    beside.replace(path)


def _entries(names: Sequence[str], frames: Sequence[RenderedFrame]) -> list[dict[str, object]]:
    """The frames in the format that models/README.md describes."""
    return [
        {
            "image": name,
            "width": frame.width,
            "height": frame.height,
            "spots": [
                {"id": spot, "polygon": polygon.tolist(), "occupied": bool(state)}
                for spot, polygon, state in zip(
                    frame.spots, frame.polygons, frame.occupied, strict=True
                )
            ],
        }
        for name, frame in zip(names, frames, strict=True)
    ]
