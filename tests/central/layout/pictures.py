"""Frames JSON and pictures for these tests, made here: flat colours that a codec keeps apart."""

import json
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT = 160, 120
SHADES = (30, 90, 150, 210)  # of the pictures, in the order of their times

SQUARE = [[10, 10], [50, 10], [50, 50], [10, 50]]
OTHER = [[60, 10], [100, 10], [100, 50], [60, 50]]


def spot(
    spot_id: object, *, occupied: bool | None = None, polygon: object = SQUARE
) -> dict[str, object]:
    """One entry of "spots"."""
    label = {} if occupied is None else {"occupied": occupied}
    return {"id": spot_id, "polygon": polygon, **label}


def image(name: str, *spots: dict[str, object], **more: object) -> dict[str, object]:
    """One entry of "images"."""
    return {"image": name, "width": WIDTH, "height": HEIGHT, "spots": list(spots), **more}


def write_json(path: Path, *images: dict[str, object]) -> Path:
    """Write a frames JSON and return its path."""
    path.write_text(json.dumps({"source": "test", "images": list(images)}), encoding="utf-8")
    return path


def write_shade(path: Path, shade: int, *, width: int = WIDTH, height: int = HEIGHT) -> Path:
    """Write a picture of one grey and return its path."""
    assert cv2.imwrite(str(path), np.full((height, width, 3), shade, dtype=np.uint8))
    return path


def a_day(folder: Path) -> Path:
    """Four pictures of camera 3, listed out of order, and one of camera 4; returns the JSON."""
    labels = {
        "0700": (spot(1, occupied=False), spot("B 2", occupied=True, polygon=OTHER)),
        "0800": (spot(1, occupied=True), spot("B 2", occupied=True, polygon=OTHER)),
        "0900": (spot(1), spot(7, occupied=True, polygon=[[0, 60], [40, 60], [40, 99], [0, 99]])),
        "1000": (spot(1, occupied=False), spot("B 2", occupied=False, polygon=OTHER)),
    }
    images = [
        image(f"{time}.png", *spots, camera=3, datetime=f"2015-11-12T{time}")
        for time, spots in labels.items()
    ]
    for time, shade in zip(labels, SHADES, strict=True):
        write_shade(folder / f"{time}.png", shade)
    other = image("other.png", spot(1), camera=4, datetime="2015-11-12T0700")
    return write_json(folder / "day.json", images[2], other, images[0], images[3], images[1])
