"""Pictures with edges and noise, as a camera's are, and what can go wrong with them."""

import cv2
import numpy as np

from edge.frames import Image

WIDTH, HEIGHT = 640, 480


def scene(*, width: int = WIDTH, height: int = HEIGHT) -> Image:
    """A still scene with edges of all directions and no noise."""
    picture = np.full((height, width, 3), 110, np.uint8)
    rng = np.random.default_rng(5)
    for _ in range(60):
        left, top = int(rng.integers(width)), int(rng.integers(height))
        size = (int(rng.integers(20, 90)), int(rng.integers(15, 60)), int(rng.integers(180)))
        box = cv2.boxPoints(((left, top), size[:2], float(size[2])))
        grey = int(rng.integers(40, 220))
        cv2.fillConvexPoly(picture, box.astype(np.int32), (grey, grey, grey))
    return picture


def noisy(picture: Image, *, seed: int, sigma: float = 1.5) -> Image:
    """What a sensor makes of it: another picture each time."""
    noise = np.random.default_rng(seed).normal(0.0, sigma, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def blurred(picture: Image, *, sigma: float = 3.0) -> Image:
    """Out of focus."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)


def jpeg(picture: Image, *, quality: int = 90) -> bytes:
    """The picture as a JPEG."""
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return data.tobytes()
