"""A small made-up data folder with all four sources, drawn, in the formats of the real ones."""

import csv
import json
import zipfile
from pathlib import Path

import cv2
import numpy as np

from models.patches import Image
from tests.models.tiny_models import draw_asphalt, draw_car

_SIDE = 120


def _picture(rng: np.random.Generator, *, occupied: bool) -> Image:
    return draw_car(rng, side=_SIDE) if occupied else draw_asphalt(rng, side=_SIDE)


def _frame(folder: Path, name: str, rng: np.random.Generator) -> dict[str, object]:
    """A row of spots side by side between strips of asphalt."""
    states = [bool(state) for state in rng.permutation([True, True, False, False])]
    row = np.hstack([_picture(rng, occupied=state) for state in states])
    strip = np.hstack([draw_asphalt(rng, side=_SIDE) for _ in states])[: _SIDE // 2]
    picture = np.vstack([strip, row, strip])
    cv2.imwrite(str(folder / f"{name}.jpg"), picture)
    edge = _SIDE // 6
    spots = []
    for index, state in enumerate(states):
        left, right = index * _SIDE + edge, (index + 1) * _SIDE - edge
        top, bottom = _SIDE // 2 + edge, _SIDE // 2 + _SIDE - edge
        polygon = [[left, top], [right, top], [right, bottom], [left, bottom]]
        spots.append({"id": str(index), "polygon": polygon, "occupied": state})
    return {
        "image": f"frames/{folder.name}/{name}.jpg",
        "width": picture.shape[1],
        "height": picture.shape[0],
        "spots": spots,
    }


def make_data(root: Path) -> Path:
    """Write frames/ and patches/ under `root`; returns it."""
    rng = np.random.default_rng(7)
    kinds: dict[str, list[dict[str, str]]] = {
        "acpds": [{"split": "train"}] * 10 + [{"split": "valid"}] * 2,
        "cnrext": [{"camera": camera} for camera in ("1", "2", "9", "7", "3")],
        "pklot": [
            {"camera": "PUCPR", "datetime": f"2012-10-{day}_08_00_00"} for day in (10, 12, 15, 26)
        ],
    }
    for source, frames in kinds.items():
        folder = root / "frames" / source
        folder.mkdir(parents=True)
        images = [_frame(folder, f"{n:03}", rng) | extra for n, extra in enumerate(frames)]
        (root / "frames" / f"{source}.json").write_text(json.dumps({"images": images}))
    (root / "patches").mkdir()
    _write_patches(root / "patches", rng)
    return root


def _write_patches(folder: Path, rng: np.random.Generator) -> None:
    columns = ("path", "label", "source", "camera", "datetime", "slot", "weather", "frame", "quad")
    with (
        zipfile.ZipFile(folder / "cnrpark.zip", "w") as archive,
        (folder / "cnrpark.csv").open("w", newline="") as lines,
    ):
        rows = csv.DictWriter(lines, columns, restval="")
        rows.writeheader()
        for number in range(30):
            occupied = number % 2 == 0
            name = f"{number}.jpg"
            _, data = cv2.imencode(".jpg", _picture(rng, occupied=occupied))
            archive.writestr(name, data.tobytes())
            rows.writerow(
                {
                    "path": name,
                    "label": "occupied" if occupied else "empty",
                    "camera": "CNRPark-B" if number > 24 else "CNRPark-A",
                    "datetime": f"2015-07-03T{8 + number % 12:02}:05",
                    "slot": "2",
                }
            )
