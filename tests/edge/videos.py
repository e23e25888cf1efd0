"""Tiny videos whose frames say their own number: frame i is grey of brightness 10 * i."""

from pathlib import Path

import cv2
import numpy as np

from edge.frames import Image
from edge.source import Source, parse_source

WIDTH, HEIGHT = 64, 48
_STEP = 10


def make_video(path: Path, *, frames: int, fps: float, codec: str = "MJPG") -> Source:
    """Write a video of at most 25 frames and return it as a source."""
    assert frames * _STEP < 256
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (WIDTH, HEIGHT))
    assert writer.isOpened(), f"OpenCV cannot write {codec}"
    for number in range(frames):
        writer.write(numbered_image(number))
    writer.release()
    return parse_source(str(path))


def numbered_image(number: int) -> Image:
    """Return frame `number`."""
    return np.full((HEIGHT, WIDTH, 3), number * _STEP, dtype=np.uint8)


def number_of(image: Image) -> int:
    """Return which frame `image` is, however lossily it was compressed."""
    return round(float(image.mean()) / _STEP)
