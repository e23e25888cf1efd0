"""Small data sets of the project's own making, laid out and written as the published ones are."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models.datasets import LabelledFrame, LabelledSpot, read_frames
from models.foreign.labels import Frame, Reading, write_frames


def write_picture(path: Path, *, width: int = 200, height: int = 100) -> Path:
    """A picture of stripes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.indices((height, width)).sum(axis=0).astype(np.uint8)
    cv2.imwrite(str(path), np.repeat(picture[..., None], 3, axis=2))
    return path


CONTOUR = """<contour><point x="10" y="60" /><point x="20" y="20" /><point x="60" y="20" />
<point x="50" y="60" /></contour>"""
RECTANGLE = """<rotatedRect><center x="120" y="50" /><size w="40" h="20" /><angle d="90" />
</rotatedRect>"""


def space(name: str, label: str, shape: str) -> str:
    """One space of a PKLot file; label: the whole attribute, or nothing."""
    return f'<space id="{name}" {label}>{shape}</space>'


def write_pklot(
    folder: Path,
    *spaces: str,
    place: str = "PUCPR/Sunny/2012-09-11",
    name: str = "2012-09-11_15_16_58",
) -> Path:
    """A picture and its XML in the folders of PKLot; returns the XML file."""
    write_picture(folder / place / f"{name}.jpg")
    path = folder / place / f"{name}.xml"
    path.write_text(f'<?xml version="1.0"?>\n<parking id="pucpr">{"".join(spaces)}</parking>')
    return path


def write_coco(path: Path, **changes: Any) -> Path:
    """Roboflow's export of two pictures with a spot each, as JSON beside the pictures."""
    names = [f"2012-09-11_15_1{index}_58_jpg.rf.0123abcd.jpg" for index in (0, 1)]
    for name in names:
        write_picture(path.parent / name)
    document = {
        "info": {"description": "made for a test"},
        "categories": [
            {"id": 0, "name": "spaces", "supercategory": "none"},
            {"id": 1, "name": "space-empty", "supercategory": "spaces"},
            {"id": 2, "name": "space-occupied", "supercategory": "spaces"},
        ],
        "images": [
            {"id": index, "file_name": name, "width": 200, "height": 100}
            for index, name in enumerate(names)
        ],
        "annotations": [
            {"id": 0, "image_id": 0, "category_id": 2, "bbox": [10, 20, 30, 40]},
            {
                "id": 1,
                "image_id": 1,
                "category_id": 1,
                "bbox": [0, 0, 99, 99],
                "segmentation": [[10, 60, 20, 20, 60, 20, 50, 60]],
            },
        ],
    }
    path.write_text(json.dumps(document | changes))
    return path


LABELS = (
    "camera,datetime,day,hour,image_url,minute,month,"
    "occupancy,slot_id,weather,year,occupant_changed"
)


def label(camera: str, slot: str, occupied: str, *, at: str = "2015-11-12_07.09") -> str:
    """One row of CNRPark+EXT.csv, sunny."""
    return f"{camera},{at},12,7,CNR-EXT/PATCHES/x.jpg,9,11,{occupied},{slot},S,2015,"


def write_cnrpark(folder: Path, *rows: str) -> Path:
    """CNRPark+EXT.csv, the boxes of cameras 1 and 2 and a frame of each, unpacked side by side."""
    full = folder / "FULL_IMAGE_1000x750"
    for camera in (1, 2):
        write_picture(full / f"SUNNY/2015-11-12/camera{camera}/2015-11-12_0709.jpg")
        boxes = "SlotId,X,Y,W,H\n603,1296,972,259.2,194.4\n604,0,0,648,486\n"
        (folder / f"camera{camera}.csv").write_text(boxes)
    path = folder / "CNRPark+EXT.csv"
    path.write_text("\n".join([LABELS, *rows]) + "\n")
    return path


def collected(reading: Reading) -> list[Frame]:
    """All frames of a reading, which must take the promised number of steps."""
    steps = list(reading.frames)
    assert len(steps) == reading.total
    return [frame for frame in steps if frame is not None]


def read_back(reading: Reading, path: Path) -> tuple[LabelledFrame, ...]:
    """The frames as `parkledger evaluate` sees them after they were written."""
    write_frames(path, reading, collected(reading))
    return read_frames(path, reading.images)


def pixels(frame: LabelledFrame, spot: LabelledSpot) -> list[tuple[float, float]]:
    """A spot's corners in pixels again."""
    return [(round(x * frame.width, 1), round(y * frame.height, 1)) for x, y in spot.polygon]
