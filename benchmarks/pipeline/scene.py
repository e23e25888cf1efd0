"""The pictures that everybody gets: 1080p, 100 spots, JPEG as a camera node makes it."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from central.layout.document import MILLION, Camera, Layout, Region, Spot
from models.patches import Image
from node.errors import OperationError
from sample_videos import NORTH

WIDTH, HEIGHT = 1920, 1080
SPOTS = 100
QUALITY = 80
_ACROSS, _DOWN = 10, 10
_NOISE = 3.0
"""Standard deviation of the noise that makes a picture twice enlarged as large, in bytes, as one
of a camera of that size: about 250 kB."""


@dataclass(frozen=True)
class Scene:
    """JPEGs of one view, and its regions."""

    jpegs: tuple[bytes, ...]
    camera: Camera


def regions() -> tuple[Region, ...]:
    """Ten rows of ten: each spot about 150 by 75 pixels, as in a real lot seen from a mast."""
    found = []
    for number in range(SPOTS):
        column, row = number % _ACROSS, number // _ACROSS
        left, top = (column + 0.1) / _ACROSS, (row + 0.15) / _DOWN
        right, bottom = (column + 0.88) / _ACROSS, (row + 0.85) / _DOWN
        lean = 0.006 * (row - _DOWN / 2) / _DOWN
        corners = ((left + lean, top), (right + lean, top), (right, bottom), (left, bottom))
        millionths = tuple((round(x * MILLION), round(y * MILLION)) for x, y in corners)
        a, b, c, d = millionths
        found.append(Region(f"S{number:03d}", (a, b, c, d)))
    return tuple(found)


def make_scene(count: int = 4, *, step: int = 120, camera_id: str = "camera-000") -> Scene:
    """Return every `step`-th frame of the sample clip, enlarged and with a sensor's noise.

    Seeded.
    """
    clip = cv2.VideoCapture(str(next(iter(NORTH.clips.values()))))
    rng = np.random.default_rng(1)
    jpegs = []
    try:
        for number in range((count - 1) * step + 1):  # seeking loses the pictures in between
            there, picture = clip.read()
            if not there:
                raise OperationError("the sample clip cannot be read: reinstall Parkledger")
            if number % step:
                continue
            large = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
            noisy = large + rng.normal(0, _NOISE, large.shape)
            jpegs.append(encode(np.clip(noisy, 0, 255).astype(np.uint8)))
    finally:
        clip.release()
    return Scene(tuple(jpegs), Camera(camera_id, regions=regions()))


def encode(picture: Image) -> bytes:
    """Return a JPEG as a camera node sends it."""
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return encoded.tobytes()


def layout_of(scene: Scene, camera_id: str) -> Layout:
    """Return a lot of its own for a camera that sees the scene."""
    return Layout(
        lot_id=f"lot-{camera_id}",
        spots=tuple(Spot(region.spot_id) for region in scene.camera.regions),
        cameras=(replace(scene.camera, camera_id=camera_id),),
    )
