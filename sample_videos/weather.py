"""A whole day's light and weather by the hour: what the sky does, and what that does to a camera.

Pure: the same seed gives the same day. Hours are of local solar time, 0 to 24 and on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sample_videos.light import Light, Vector, clear_sky

Doubles = NDArray[np.float64]

SUNRISE, SUNSET = 6.4, 18.6
_NOON_ELEVATION = 50.0
_NIGHT_SKY = np.array([0.0028, 0.0032, 0.0042])
_LAMP_GLOW = 0.05
"""What the lamps add to the light that the camera's exposure adapts to."""
_MOST_EXPOSURE = 14.0
_DENSE_FOG = 3.0 / 180.0
"""Extinction, 1 / metre: meteorologists see 180 m far (Koschmieder) and call it dense below 200."""


@dataclass(frozen=True)
class Spell:
    """Some weather that comes, stays and goes: hours, and its strength at its height."""

    kind: str
    begin: float
    end: float
    strength: float

    def at(self, hour: float) -> float:
        """Its strength at an hour; it comes and goes within a quarter of its length."""
        edge = (self.end - self.begin) / 4
        rise = min(hour - self.begin, self.end - hour) / edge
        return self.strength * float(np.clip(rise, 0, 1))


@dataclass(frozen=True)
class Conditions:
    """One instant of a day: the light, and what stands between the lot and the picture."""

    hour: float
    light: Light
    fog: float  # extinction, 1 / metre
    rain: float  # 0 to 1
    shake: float  # of the mast in the wind: pixels of a picture 1280 wide
    dirt: float  # on the lens, 0 to 1
    leaves: float  # blown past the lens, 0 to 1
    gain: float  # of the sensor: 1 by day
    quality: int  # of the JPEG


class Weather(Protocol):
    """What a studio asks for."""

    def at(self, hour: float) -> Conditions:
        """Everything at an hour."""


class DayWeather:
    """The spells of one day."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng((seed, 24))

        def spell(kind: str, begin: float, end: float, strength: float) -> Spell:
            shift = float(rng.uniform(-0.4, 0.4))
            scale = float(rng.uniform(0.85, 1.15))
            return Spell(kind, begin + shift, end + shift, strength * scale)

        self.spells = (
            spell("fog", 5.4, 8.2, _DENSE_FOG),
            spell("dirt", 9.0, 14.0, 0.8),
            spell("wind", 9.6, 11.0, 2.0),
            spell("cloud", 11.4, 16.2, 1.0),
            spell("rain", 13.2, 15.4, 0.8),
            spell("leaves", 15.6, 17.6, 0.8),
            spell("wind", 16.0, 17.4, 3.0),
            spell("cloud", 19.6, 23.0, 1.0),
            spell("rain", 20.2, 21.8, 1.0),
            spell("fog", 22.4, 25.0, 0.6 * _DENSE_FOG),
        )

    def strength(self, kind: str, hour: float) -> float:
        """How strong a kind of weather is at an hour; days repeat."""
        hour = hour % 24
        found = [s.at(hour + turn) for s in self.spells if s.kind == kind for turn in (0.0, 24.0)]
        return max(found, default=0.0)

    def at(self, hour: float) -> Conditions:
        """Everything at an hour."""
        # The ground dries within two hours.
        past = [
            self.strength("rain", hour - late) * (1 - late / 2) for late in np.arange(0, 2, 0.1)
        ]
        return weathered(
            hour,
            {spell.kind: self.strength(spell.kind, hour) for spell in self.spells},
            wet=max(past),
        )


def weathered(hour: float, strength: Mapping[str, float], *, wet: float) -> Conditions:
    """An hour under so much of each kind of weather, in the units of spells; left out is none.

    wet: what the rain of the last hours left on the ground, 0 to 1.
    """
    cloud = min(1.0, 0.12 + strength.get("cloud", 0.0))
    rain = min(1.0, strength.get("rain", 0.0))
    light = replace(sky_at(hour % 24, cloud), wet=float(min(1.0, 1.3 * wet)))
    return Conditions(
        hour=hour,
        light=light,
        fog=strength.get("fog", 0.0) + 0.004 * rain,
        rain=rain,
        shake=strength.get("wind", 0.0),
        dirt=strength.get("dirt", 0.0),
        leaves=strength.get("leaves", 0.0),
        gain=float(np.clip(light.exposure / 2.2, 1.0, 5.0)),
        quality=80 if light.lamps == 0 else 60,
    )


def sky_at(hour: float, cloud: float) -> Light:
    """The light at an hour of the day under a share of cloud, lamps on in the dark."""
    turn = (hour - SUNRISE) / (SUNSET - SUNRISE)
    elevation = _NOON_ELEVATION * float(np.sin(np.pi * turn)) if -0.5 < turn < 1.5 else -20.0
    azimuth = 90.0 + 180.0 * turn
    clear = clear_sky(max(elevation, 4.0), azimuth)
    daylight = _ease((elevation + 9.0) / 13.0)
    sunlight = _ease((elevation + 0.5) / 4.0) * (1 - 0.97 * cloud)
    sun, sky, horizon = (np.array(part) for part in (clear.sun, clear.sky, clear.horizon))
    height = clear.sun_direction[2]
    # Clouds scatter what they take from the sun, and grey the blue.
    scattered = 0.28 * cloud * height * float(sun.mean())
    grey = float(sky.mean())
    sky = daylight**2 * (sky + (grey - sky) * 0.8 * cloud + scattered) + _NIGHT_SKY
    horizon = daylight**2 * (horizon + (float(horizon.mean()) - horizon) * 0.8 * cloud)
    horizon = horizon * (1 - 0.35 * cloud) + 1.5 * _NIGHT_SKY
    sun = sun * sunlight
    lamps = float(np.clip(1 - daylight / 0.35, 0, 1))
    seen = float(sun.mean()) * height + float(sky.mean()) + _LAMP_GLOW * lamps
    exposure = min(_MOST_EXPOSURE, 1.22 * seen**-0.78)
    # Without sun its place only costs time: straight above, no shadow is drawn out.
    direction = clear.sun_direction if sunlight > 0 else (0.0, 0.0, 1.0)
    return Light(direction, _triple(sun), _triple(sky), _triple(horizon), exposure, lamps)


def _ease(share: float) -> float:
    part = float(np.clip(share, 0, 1))
    return part * part * (3 - 2 * part)


def _triple(values: Doubles) -> Vector:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
