"""Pictures of the sample lot, seen from where the camera stood and from where it was nudged to."""

from functools import cache

import cv2
import numpy as np

from edge.frames import Image
from edge.nudge import Floats
from edge.plan import Polygon
from sample_videos import CLIPS

REGIONS: tuple[Polygon, ...] = tuple(
    ((x, y), (x + 0.05, y), (x + 0.05, y + 0.1), (x, y + 0.1))
    for y in (0.4, 0.6)
    for x in (0.1, 0.3, 0.5, 0.7, 0.85)
)


@cache
def picture(camera: str = "north_east", *, second: float = 2.0) -> Image:
    """One frame of a sample clip, (720, 1280, 3); do not write to it."""
    capture = cv2.VideoCapture(str(CLIPS / f"{camera}.mp4"))
    try:
        for _ in range(round(second * 10)):  # to seek in VP9 would give broken pictures
            assert capture.grab()
        there, image = capture.read()
    finally:
        capture.release()
    assert there
    return np.asarray(image, np.uint8)


def nudged(
    image: Image, *, right: float = 0.0, down: float = 0.0, turn: float = 0.0, zoom: float = 1.0
) -> tuple[Image, Floats]:
    """Return the picture as a nudged camera sees it, and the homography in fractions.

    right, down: pixels of a picture 1920 wide; turn: degrees about the middle.
    """
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn, zoom)
    matrix[:, 2] += np.array([right, down]) * width / 1920
    seen = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    scale = np.diag([width, height, 1.0])
    homography = np.linalg.inv(scale) @ np.vstack([matrix, [0.0, 0.0, 1.0]]) @ scale
    return np.asarray(seen, np.uint8), homography
