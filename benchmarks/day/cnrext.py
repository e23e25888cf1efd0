"""The real days: CNR-EXT's cameras 3 and 7, a still every half hour, each held until the next.

At one frame a second the classifier would see the same still again and again, so it looks once.
"""

import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.day.scores import DayScores
from central.processor.classifier import model_name
from central.processor.neighbours import neighbours
from models.classifier import SpotClassifier
from models.patches import PatchCutter
from node.errors import UsageError

CAMERAS = ("3", "7")
STILL_S = 1800

# Looked at by eye: the label says the contrary of what the picture shows. (camera, time, spot)
MENDED = frozenset(
    {
        ("3", "2015-11-12T08:45", "221"),
        ("3", "2015-11-12T09:15", "221"),
        ("7", "2015-11-12T10:47", "278"),
        ("7", "2015-11-12T15:47", "211"),
        ("7", "2015-11-12T16:17", "211"),
        ("7", "2015-11-12T16:47", "211"),
        ("7", "2015-11-12T17:17", "211"),
        ("7", "2015-11-12T16:47", "208"),
    }
)


def real_days(
    classifier: SpotClassifier, data: Path, camera: str, *, mended: bool
) -> list[DayScores]:
    """Return a camera's days. data: the folder that holds `frames/cnrext.json`."""
    file = data / "frames" / "cnrext.json"
    try:
        images = json.loads(file.read_text(encoding="utf-8"))["images"]
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"--data {data}: {file} cannot be read ({error})") from error
    days: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for image in sorted(images, key=lambda one: str(one.get("datetime"))):
        if str(image.get("camera")) == camera:
            days[str(image["datetime"])[:10]].append(image)
    return [
        _day(classifier, data, camera, date, stills, mended=mended)
        for date, stills in sorted(days.items())
        if len(stills) > 1
    ]


def _day(
    classifier: SpotClassifier,
    data: Path,
    camera: str,
    date: str,
    stills: list[dict[str, Any]],
    *,
    mended: bool,
) -> DayScores:
    polygons = {str(s["id"]): s["polygon"] for still in reversed(stills) for s in still["spots"]}
    spot_ids = tuple(sorted(polygons))
    first = datetime.fromisoformat(stills[0]["datetime"])
    shape = (len(stills), len(spot_ids))
    seen, occupied = np.zeros(shape), np.zeros(shape, np.bool_)
    counted = np.zeros(shape, np.bool_)
    starts = []
    for row, still in enumerate(stills):
        when = datetime.fromisoformat(still["datetime"])
        starts.append((when - first).total_seconds())
        seen[row] = _look(classifier, data, still, [polygons[spot] for spot in spot_ids])
        labels = {str(spot["id"]): bool(spot["occupied"]) for spot in still["spots"]}
        for column, spot in enumerate(spot_ids):
            counted[row, column] = spot in labels
            wrong = mended and (camera, still["datetime"], spot) in MENDED
            occupied[row, column] = labels.get(spot, False) is not wrong
    seconds = np.arange(0, starts[-1] + STILL_S, 1.0)
    shown = np.searchsorted(np.array(starts), seconds, side="right") - 1
    width, height = stills[0]["width"], stills[0]["height"]
    shares = [[(x / width, y / height) for x, y in polygons[spot]] for spot in spot_ids]
    hour = first.hour + first.minute / 60
    return DayScores(
        name=f"CNR-EXT camera {camera}, {date}",
        spot_ids=spot_ids,
        times_us=(seconds * 1e6).astype(np.int64),
        hours=hour + seconds / 3600,
        probabilities=seen[shown],
        occupied=occupied[shown],
        counted=counted[shown],
        near=neighbours(shares),
        model=model_name(classifier),
        stills=True,
    )


def _look(
    classifier: SpotClassifier, data: Path, still: dict[str, Any], polygons: list[Any]
) -> np.ndarray[Any, np.dtype[np.float32]]:
    file = next(
        (f for f in (data / still["image"], data / "frames" / still["image"]) if f.is_file()), None
    )
    picture = None if file is None else cv2.imread(str(file), cv2.IMREAD_COLOR)
    if picture is None:
        raise UsageError(f"--data {data}: there is no picture {still['image']} in it")
    height, width = picture.shape[:2]
    shares = [[(x / width, y / height) for x, y in polygon] for polygon in polygons]
    cutter = PatchCutter(shares, width=width, height=height, spec=classifier.spec)
    return classifier.probabilities(cutter.cut(np.asarray(picture, np.uint8)))
