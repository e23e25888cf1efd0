"""What lies between the lot and the sensor: fog, rain, drops, dirt, leaves, lamps' glare, a mast
that shakes. Bytes in, bytes out; seeded by the frame's index.
"""

import cv2
import numpy as np

from sample_videos.camera import Camera, Floats
from sample_videos.headlights import Glow
from sample_videos.sensor import Sensor
from sample_videos.surface import Bytes
from sample_videos.weather import Conditions


class Lens:
    """One camera's front glass and mast."""

    def __init__(self, camera: Camera, distance: Floats, sensor: Sensor, seed: int) -> None:
        """distance: of the ground that each pixel sees, metres, (height, width)."""
        self._size = (camera.width, camera.height)
        self._scale = camera.width / 1280
        self._distance = np.minimum(distance, 150.0)
        self._sensor = sensor
        self._seed = seed
        rng = np.random.default_rng((seed, 5))
        self._dirt = self._blots(rng, 14, 0.012, 0.045)
        self._drops = self._blots(rng, 26, 0.006, 0.02)

    def _blots(self, rng: np.random.Generator, count: int, low: float, high: float) -> Floats:
        """Soft discs, (height, width, 1) 0 to 1: how much of the view each pixel loses."""
        width, height = self._size
        cover = np.zeros((height, width), np.float32)
        for _ in range(count):
            centre = int(rng.uniform(0, width)), int(rng.uniform(0, height))
            cv2.circle(cover, centre, int(rng.uniform(low, high) * width), 1.0, -1, cv2.LINE_AA)
        soft = cv2.GaussianBlur(cover, (0, 0), 0.007 * width)
        return np.asarray(soft, np.float32)[..., None]

    def through(
        self, picture: Bytes, conditions: Conditions, glows: list[Glow], index: int
    ) -> Bytes:
        """The picture behind the glass, as the sensor reads it out."""
        rng = np.random.default_rng((self._seed, index, 9))
        seen = picture
        if glows:
            seen = self._glare(seen, glows, wet=conditions.light.wet)
        if conditions.fog > 0.0005:
            seen = self._fog(seen, conditions)
        if conditions.rain > 0.02:
            seen = self._rain(seen, conditions.rain, rng)
        if conditions.dirt > 0.02:
            murk = cv2.GaussianBlur(seen, (0, 0), 9 * self._scale).astype(np.float32)
            murk = murk * 0.62 + 26
            seen = self._mix(seen, murk, self._dirt * np.float32(conditions.dirt * 0.8))
        if conditions.leaves > 0.02:
            seen = self._leaves(seen, conditions.leaves, rng)
        if conditions.shake > 0.05:
            seen = self._shaken(seen, conditions.shake, rng)
        return self._sensor.expose(seen, index, conditions.gain)

    @staticmethod
    def _mix(picture: Bytes, other: Floats, share: Floats) -> Bytes:
        mixed = picture + (other - picture) * share
        return np.asarray(np.clip(mixed, 0, 255), np.uint8)

    def _fog(self, picture: Bytes, conditions: Conditions) -> Bytes:
        light = conditions.light
        scattered = 0.7 * np.asarray(light.sky) + 0.3 * np.asarray(light.horizon)
        scattered = scattered + 0.02 * light.lamps
        haze = self._sensor.develop(
            np.asarray(scattered[None, None] * 0.55, np.float32),
            light.exposure,
            self._size[1] // 2,
            self._size[0] // 2,
        )
        share = 1 - np.exp(-np.float32(conditions.fog) * self._distance)
        return self._mix(picture, haze.astype(np.float32), share[..., None])

    def _rain(self, picture: Bytes, rain: float, rng: np.random.Generator) -> Bytes:
        width, height = self._size
        streaks = np.zeros((height, width), np.uint8)
        count = int(260 * rain)
        x, y = rng.uniform(0, width, count), rng.uniform(-20, height, count)
        length = rng.uniform(0.012, 0.04, count) * height
        for left, top, down in zip(x, y, length, strict=True):
            begin, end = (int(left), int(top)), (int(left + down * 0.12), int(top + down))
            cv2.line(streaks, begin, end, int(rng.uniform(30, 80)), 1, cv2.LINE_AA)
        seen = cv2.add(picture, cv2.cvtColor(streaks, cv2.COLOR_GRAY2BGR))
        blurred = cv2.GaussianBlur(picture, (0, 0), 6 * self._scale).astype(np.float32)
        # Drops on the glass show the lot upside down and small: nearly a blur.
        return self._mix(np.asarray(seen, np.uint8), blurred, self._drops * np.float32(0.9 * rain))

    def _leaves(self, picture: Bytes, leaves: float, rng: np.random.Generator) -> Bytes:
        seen = picture.copy()
        for _ in range(int(rng.poisson(7 * leaves))):
            centre = int(rng.uniform(0, self._size[0])), int(rng.uniform(0, self._size[1]))
            axes = (
                max(1, int(rng.uniform(4, 16) * self._scale)),
                max(1, int(rng.uniform(2, 8) * self._scale)),
            )
            tone = rng.uniform(0.3, 1.1)
            colour = (int(22 * tone), int(70 * tone), int(112 * tone))
            cv2.ellipse(seen, centre, axes, float(rng.uniform(0, 360)), 0, 360, colour, -1)
        return seen

    def _shaken(self, picture: Bytes, shake: float, rng: np.random.Generator) -> Bytes:
        across, down = rng.normal(0, shake * self._scale / 2, 2)
        turn = np.radians(rng.normal(0, 0.03 * shake))
        middle = np.array(self._size) / 2
        c, s = np.cos(turn), np.sin(turn)
        matrix = np.array([[c, -s, 0.0], [s, c, 0.0]])
        matrix[:, 2] = middle - matrix[:, :2] @ middle + (across, down)
        moved = cv2.warpAffine(picture, matrix, self._size, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(moved, np.uint8)

    def _glare(self, picture: Bytes, glows: list[Glow], *, wet: float) -> Bytes:
        light = np.zeros(picture.shape, np.float32)
        for glow in glows:
            centre = int(glow.x), int(glow.y)
            radius = max(1, int(glow.size))
            strength = [part * (0.4 + 0.6 * glow.facing) for part in glow.colour]
            cv2.circle(light, centre, radius, strength, -1, cv2.LINE_AA)
            if wet > 0.1:
                # A wet ground draws lamps out towards the camera.
                foot = (centre[0], centre[1] + int(14 * glow.size))
                cv2.line(light, centre, foot, [p * 0.5 * wet for p in strength], radius)
        halo = cv2.GaussianBlur(light, (0, 0), 7 * self._scale) * 1.6
        near = cv2.GaussianBlur(light, (0, 0), 1.2 * self._scale)
        return np.asarray(np.clip(picture + halo + near, 0, 255), np.uint8)
