"""A hundred spots with the sample lot's cars on them, second by second, as a camera shows them.

Each spot of the sample clips fills a cell of its own, as large as a spot of `scene`, so that one
1080p picture holds a hundred: those of both cameras, some of them at two times. The clips show a
short day in a minute, with a car that comes or goes every few seconds; here it takes ten minutes.
From each picture to the next four or five spots change; noise and compression are other ones in
every picture.
"""

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.pipeline.scene import HEIGHT, SPOTS, WIDTH, Scene, encode
from central.layout.document import MILLION, Camera, Region
from central.layout.toml import read_layout
from models.patches import Image
from node.errors import OperationError
from sample_videos import NORTH

SECONDS = 31
CYCLE = 2 * SECONDS - 2
"""Pictures, there and back again: replayed, nothing jumps where they begin anew."""
_BEGIN = 90
"""Frame of the clips, of which one makes a second. In other parts more changes, and a core bears
fewer strips: docs/MEASUREMENTS.md."""
_LATER = 300  # frames after which a spot serves a second time
_ACROSS, _DOWN = 10, 10
_CELL = np.array((WIDTH // _ACROSS, HEIGHT // _DOWN), np.float64)
_FILLED = np.array((0.8, 0.75))  # of the cell, at most, by the box round the region
_NOISE = 2.0
"""Standard deviation, grey levels. With the noise of `scene` pictures would be a third larger, for
there is more to see in them; so they have 280 kB, not 240."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Cell:
    """What a cell shows of a clip. corner: upper left, in clip pixels, of what it shows."""

    clip: str
    begin: int  # frame of the clip in the first picture
    number: int
    corner: Floats
    scale: float  # cell pixels a clip pixel
    polygon: Floats  # in clip pixels

    def region(self) -> Region:
        """Return where the spot lies in the whole picture."""
        place = np.array((self.number % _ACROSS, self.number // _ACROSS)) * _CELL
        found = ((self.polygon - self.corner) * self.scale + place) / (WIDTH, HEIGHT)
        a, b, c, d = ((round(x * MILLION), round(y * MILLION)) for x, y in found.tolist())
        return Region(f"S{self.number:03d}", (a, b, c, d))

    def draw(self, moment: dict[tuple[str, int], Image], picture: Image) -> None:
        """Show it in the whole picture."""
        left, top = (np.array((self.number % _ACROSS, self.number // _ACROSS)) * _CELL).astype(int)
        width, height = _CELL.astype(int)
        x, y = self.corner * -self.scale
        matrix = np.array([[self.scale, 0.0, x], [0.0, self.scale, y]])
        picture[top : top + height, left : left + width] = cv2.warpAffine(
            moment[self.clip, self.begin],
            matrix,
            (int(width), int(height)),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )


@functools.cache
def make_parked() -> Scene:
    """Return `CYCLE` JPEGs a second apart; seeded. Made once: that takes some seconds."""
    cells = list(itertools.islice(_cells(), SPOTS))
    clips = {
        (clip, begin): _pictures(clip, begin)
        for clip, begin in sorted({(cell.clip, cell.begin) for cell in cells})
    }
    rng = np.random.default_rng(1)
    noise = np.rint(rng.standard_normal((2 * HEIGHT, 2 * WIDTH, 3), np.float32) * _NOISE)
    noise = noise.astype(np.int16)
    jpegs = []
    for second in (*range(SECONDS), *range(SECONDS - 2, 0, -1)):
        moment = {which: pictures[second] for which, pictures in clips.items()}
        picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        for cell in cells:
            cell.draw(moment, picture)
        jpegs.append(encode(_noisy(picture, noise, rng)))
    camera = Camera("camera-000", regions=tuple(cell.region() for cell in cells))
    return Scene(tuple(jpegs), camera)


def _noisy(picture: Image, noise: npt.NDArray[np.int16], rng: np.random.Generator) -> Image:
    """Add a part of the noise, another one for every picture."""
    top, left = int(rng.integers(HEIGHT)), int(rng.integers(WIDTH))
    its = noise[top : top + HEIGHT, left : left + WIDTH]
    return np.asarray(cv2.add(picture, its, dtype=cv2.CV_8U), np.uint8)


def _cells() -> Iterator[_Cell]:
    """Yield all spots of all clips, then the same at another time."""
    cameras = read_layout(NORTH.layout).cameras
    number = itertools.count()
    for begin in (_BEGIN, _BEGIN + _LATER):
        for camera in cameras:
            clip = str(NORTH.clips[camera.camera_id])
            size = _size(clip)
            for region in camera.regions:
                polygon = np.array(region.polygon) * size
                low, high = polygon.min(axis=0), polygon.max(axis=0)
                scale = float((_CELL * _FILLED / (high - low)).min())
                corner = (low + high) / 2 - _CELL / scale / 2
                yield _Cell(clip, begin, next(number), corner, scale, polygon)


def _size(clip: str) -> tuple[float, float]:
    video = cv2.VideoCapture(clip)
    try:
        return video.get(cv2.CAP_PROP_FRAME_WIDTH), video.get(cv2.CAP_PROP_FRAME_HEIGHT)
    finally:
        video.release()


def _pictures(clip: str, begin: int) -> list[Image]:
    """Return as many of a clip's pictures as are shown."""
    video = cv2.VideoCapture(clip)
    try:
        for _ in range(begin):
            video.grab()
        return [_next(video) for _ in range(SECONDS)]
    finally:
        video.release()


def _next(video: cv2.VideoCapture) -> Image:
    there, picture = video.read()
    if not there:
        raise OperationError("the sample clip cannot be read: reinstall Parkledger")
    return np.asarray(picture, np.uint8)
