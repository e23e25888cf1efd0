"""The sample lot, seen by as many cameras as asked for, in two pictures with different cars."""

import itertools
from dataclasses import dataclass, replace

import cv2
import numpy as np

from benchmarks.pipeline.scene import HEIGHT, WIDTH
from central.layout.document import Layout
from central.layout.toml import read_layout
from models.classifier import SpotClassifier
from models.patches import Image, PatchCutter
from node.errors import OperationError
from sample_videos import NORTH

_STEP = 100  # frames of the clip
_OCCUPIED, _VACANT = 0.97, 0.03


@dataclass(frozen=True)
class Changing:
    """Two pictures of one view, and how many spots are surely occupied in one of them only."""

    pictures: tuple[Image, Image]
    camera: str
    spots: int
    differ: int

    def layout(self, camera_id: str) -> Layout:
        """Return the sample lot as one of its own, seen by this camera only."""
        sample = read_layout(NORTH.layout)
        (camera,) = (one for one in sample.cameras if one.camera_id == self.camera)
        mine = replace(camera, camera_id=camera_id, reference=b"")
        return replace(sample, lot_id=f"lot-{camera_id}", cameras=(mine,))


def make_changing() -> Changing:
    """Return the two pictures of the sample clip that differ in most spots."""
    name, clip = next(iter(NORTH.clips.items()))
    sample = read_layout(NORTH.layout)
    (camera,) = (one for one in sample.cameras if one.camera_id == name)
    classifier = SpotClassifier.load(None, threads=1)
    polygons = [region.polygon for region in camera.regions]
    cutter = PatchCutter(polygons, width=WIDTH, height=HEIGHT, spec=classifier.spec)
    pictures = _pictures(str(clip))
    said = [np.asarray(classifier.probabilities(cutter.cut(picture))) for picture in pictures]
    best: tuple[int, int, int] = (0, 0, 0)
    for (one, a), (other, b) in itertools.combinations(enumerate(said), 2):
        come = (a < _VACANT) & (b > _OCCUPIED)
        gone = (a > _OCCUPIED) & (b < _VACANT)
        best = max(best, (int(np.count_nonzero(come | gone)), one, other))
    differ, one, other = best
    if not differ:
        raise OperationError("nothing changes in the sample clip: it is damaged")
    return Changing((pictures[one], pictures[other]), name, len(polygons), differ)


def _pictures(clip: str) -> list[Image]:
    video = cv2.VideoCapture(clip)
    found: list[Image] = []
    try:
        for number in itertools.count():
            there, picture = video.read()
            if not there:
                return found
            if number % _STEP == 0:
                found.append(np.asarray(cv2.resize(picture, (WIDTH, HEIGHT)), np.uint8))
    finally:
        video.release()
    return found
