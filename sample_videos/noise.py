"""Smooth noise over the plane: stains, wear, grass."""

import cv2
import numpy as np

from sample_videos.camera import Floats

_SIDE = 256


class Noise:
    """A tile of random values that repeats; smooth between its points. Seeded, so repeatable."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._tile = rng.random((_SIDE, _SIDE), dtype=np.float32)

    def at(self, x: Floats, y: Floats, size: float) -> Floats:
        """Values about 0..1, mean 0.5, whose bumps are `size` metres wide; x, y of one shape."""
        shape = x.shape
        flat_x, flat_y = _wrapped(x, size), _wrapped(y, size)
        found = cv2.remap(self._tile, flat_x, flat_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)
        return np.asarray(found, np.float32).reshape(shape)

    def clouds(self, x: Floats, y: Floats, size: float, octaves: int = 4) -> Floats:
        """Fractal noise: bumps of `size` metres with ever smaller ones on top; mean 0.5."""
        total = np.zeros(x.shape, np.float32)
        weight = np.float32(0.5)
        for octave in range(octaves):
            shift = np.float32(17.3 * octave)
            total += weight * (self.at(x + shift, y - shift, size / 2**octave) - 0.5)
            weight *= np.float32(0.5)
        return 0.5 + total


def _wrapped(metres: Floats, size: float) -> Floats:
    """Coordinates in bumps, taken back into the tile: remap is exact only near it."""
    bumps = metres.reshape(metres.shape[0], -1) * np.float32(1 / size)
    bumps -= np.floor(bumps * np.float32(1 / _SIDE)) * np.float32(_SIDE)
    return bumps
