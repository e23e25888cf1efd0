"""The bad light of rendered lots: mostly twilight, fog by what it leaves of the contrast."""

import numpy as np
import pytest

from models.rendered_weather import bad_weather
from sample_videos.weather import SUNRISE, SUNSET, Conditions

AWAY = 25.0
COUNT = 2_000


@pytest.fixture(scope="module")
def seen() -> list[Conditions]:
    """Many pictures' conditions."""
    weather = bad_weather(np.random.default_rng(3), COUNT, AWAY)
    return [weather.at(index + 0.5) for index in range(COUNT)]


def test_half_the_pictures_are_of_twilight_and_a_quarter_of_the_night(
    seen: list[Conditions],
) -> None:
    hours = np.array([one.hour for one in seen])
    assert ((hours >= 0.0) & (hours < 24.0)).all()
    twilight = np.minimum(np.abs(hours - SUNRISE), np.abs(hours - SUNSET)) <= 1.0
    night = ~twilight & ((hours < SUNRISE) | (hours > SUNSET))
    assert twilight.mean() == pytest.approx(0.55, abs=0.04)
    assert (twilight & (hours < 12.0)).mean() == pytest.approx(0.275, abs=0.04)
    assert night.mean() == pytest.approx(0.25, abs=0.04)
    assert all(one.light.lamps == 1.0 for one, dark in zip(seen, night, strict=True) if dark)


def test_fog_leaves_an_eighth_to_four_fifths_of_the_contrast(seen: list[Conditions]) -> None:
    foggy = [one for one in seen if one.fog > 0.0 and one.rain == 0.0]
    left = np.exp([-one.fog * AWAY for one in foggy])
    assert left.min() > 0.11
    assert left.max() < 0.81
    assert np.median(left) == pytest.approx(0.46, abs=0.05)
    assert len(foggy) > 0.2 * COUNT


def test_the_nearer_the_denser(seen: list[Conditions]) -> None:
    near = bad_weather(np.random.default_rng(3), COUNT, AWAY / 2)
    for index, far in enumerate(seen):
        if far.rain == 0.0:
            assert near.at(index).fog == pytest.approx(2.0 * far.fog)


def test_where_it_rains_it_is_wet_and_much_is_dry(seen: list[Conditions]) -> None:
    rainy = [one for one in seen if one.rain > 0.0]
    assert len(rainy) == pytest.approx(0.25 * COUNT, rel=0.15)
    assert min(one.light.wet for one in rainy) > 0.2
    assert sum(one.light.wet == 0.0 for one in seen) > 0.55 * COUNT


def test_the_same_generator_gives_the_same_weather(seen: list[Conditions]) -> None:
    again = bad_weather(np.random.default_rng(3), COUNT, AWAY)
    assert [again.at(index) for index in range(COUNT)] == seen
