"""The camera's sensor: lens, exposure, tone curve, noise; linear light in, bytes out."""

import cv2
import numpy as np

from sample_videos.camera import Floats
from sample_videos.surface import Bytes

_LEVELS = 1 << 16
_BRIGHTEST = 8.0
_NOISE = 1.4
"""Standard deviation in levels of 255."""
_FIELDS = 4


class Sensor:
    """One camera's picture maker. `seed` fixes its noise."""

    def __init__(self, width: int, height: int, seed: int) -> None:
        x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
        y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * (height / width)
        self._vignette = (1 - 0.20 * (x * x + y * y))[..., None]
        self._curve = _tone_curve()
        self._seed = seed
        rng = np.random.default_rng(seed)
        shape = (_FIELDS, height, width)
        shared = _NOISE * rng.standard_normal(shape, np.float32)[..., None]
        fields = shared + 0.45 * _NOISE * rng.standard_normal((*shape, 3), np.float32)
        self._noise = np.clip(np.round(fields), -60, 60).astype(np.int8)

    def develop(self, linear: Floats, exposure: float, top: int = 0, left: int = 0) -> Bytes:
        """Linear RGB (h, w, 3), a part of the picture whose corner is (top, left), to BGR bytes."""
        height, width = linear.shape[:2]
        shading = self._vignette[top : top + height, left : left + width]
        level = linear * (shading * np.float32(exposure * _LEVELS / _BRIGHTEST))
        index = np.clip(level, 0, _LEVELS - 1).astype(np.uint16)
        return np.ascontiguousarray(self._curve[index][..., ::-1])

    def expose(self, picture: Bytes, index: int, gain: float = 1.0) -> Bytes:
        """The picture as read out of frame `index`: a little soft, a little noisy.

        gain: by how much the sensor amplifies, and with it the noise.
        """
        rng = np.random.default_rng((self._seed, index))
        soft = cv2.GaussianBlur(picture, (0, 0), 0.55)
        field = self._noise[int(rng.integers(_FIELDS))]
        flips = int(rng.integers(4))
        if flips & 1:
            field = field[::-1]
        if flips & 2:
            field = field[:, ::-1]
        if gain != 1.0:
            field = np.round(field * np.float32(gain)).astype(np.int16)
        noisy = soft.astype(np.int16) + field
        return np.asarray(np.clip(noisy, 0, 255), np.uint8)


def _tone_curve() -> Bytes:
    """Linear light up to _BRIGHTEST to a byte: a soft shoulder, then sRGB (IEC 61966-2-1)."""
    light = np.arange(_LEVELS) / _LEVELS * _BRIGHTEST
    shown = 1 - np.exp(-1.18 * light)
    shown = shown * (0.94 + 0.06 * shown)
    coded = np.where(shown < 0.0031308, 12.92 * shown, 1.055 * shown ** (1 / 2.4) - 0.055)
    return np.round(np.clip(coded, 0, 1) * 255).astype(np.uint8)
