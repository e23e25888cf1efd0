"""Bad light and weather for rendered lots, each picture its own: dawn, dusk, night, fog, rain.

On an ordinary day a camera sees little of it, and learns it last: a grey car in the fog before
sunrise differs from the asphalt by a few grey levels, less than what the sensor's noise adds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from sample_videos.weather import SUNRISE, SUNSET, Conditions, Weather, weathered

_TWILIGHT: Final = 0.55
_NIGHT: Final = 0.25
"""Shares of the pictures; the rest is by day."""

_FOG, _RAIN, _DRYING, _WIND, _DIRT, _LEAVES = 0.45, 0.25, 0.15, 0.2, 0.15, 0.15
"""How often there is each; it is drying where it rained before."""

_LEFT: Final = (0.12, 0.8)
"""What fog leaves of the contrast in the middle of the picture."""


@dataclass(frozen=True, slots=True)
class PictureWeather(Weather):
    """Conditions of a row of pictures, one an hour."""

    pictures: Sequence[Conditions]

    def at(self, hour: float) -> Conditions:
        """The conditions of the picture that this hour belongs to."""
        return self.pictures[int(hour)]


def bad_weather(rng: np.random.Generator, pictures: int, away: float) -> PictureWeather:
    """So many pictures of dim hours, most of them with some weather.

    away: metres to what the camera looks at; the nearer, the denser the fog has to be.
    """
    return PictureWeather(tuple(_conditions(rng, away) for _ in range(pictures)))


def _conditions(rng: np.random.Generator, away: float) -> Conditions:
    strength = {"cloud": float(rng.choice([0.0, 1.0, rng.uniform()]))}
    if rng.random() < _FOG:
        strength["fog"] = -float(np.log(rng.uniform(*_LEFT))) / away
    wet = float(rng.uniform(0.1, 0.8)) if rng.random() < _DRYING else 0.0
    if rng.random() < _RAIN:
        strength["rain"] = wet = float(rng.uniform(0.2, 1.0))
    for kind, often, most in (("wind", _WIND, 3.0), ("dirt", _DIRT, 0.9), ("leaves", _LEAVES, 0.8)):
        if rng.random() < often:
            strength[kind] = float(rng.uniform(0.2, 1.0)) * most
    seen = weathered(_hour(rng), strength, wet=wet)
    # Cameras differ in what they make of little light.
    brighter, grainier = np.exp(rng.normal(0.0, (0.25, 0.25)))
    light = replace(seen.light, exposure=seen.light.exposure * float(brighter))
    return replace(seen, light=light, gain=float(np.clip(seen.gain * grainier, 0.8, 6.0)))


def _hour(rng: np.random.Generator) -> float:
    """Twilight (an hour before sunrise to one after it, as at sunset), night or day."""
    kind = rng.random()
    if kind < _TWILIGHT:
        return float(rng.choice([SUNRISE, SUNSET]) + rng.uniform(-1.0, 1.0))
    if kind < _TWILIGHT + _NIGHT:
        return float(rng.uniform(SUNSET + 1.0, SUNRISE + 23.0)) % 24.0
    return float(rng.uniform(SUNRISE + 1.0, SUNSET - 1.0))
