"""Frozen pictures, as they come from real encoders, against still scenes with a sensor's noise."""

import cv2
import numpy as np

from edge.frames import Image
from edge.glance import glance
from edge.stillness import Stillness
from tests.edge.pictures import jpeg, noisy
from tests.edge.pictures import scene as large_scene
from tests.edge.test_persistence import at


def scene(*, width: int = 320, height: int = 240) -> Image:
    return large_scene(width=width, height=height)


def still_for(pictures: list[Image]) -> float:
    """Return for how long the last picture has been the same, one picture a second."""
    stillness = Stillness()
    seconds = 0.0
    for second, picture in enumerate(pictures):
        seconds = stillness.observe(glance(picture).thumbnail, at(second))
    return seconds


def recompressed(picture: Image, *, quality: int) -> Image:
    image = cv2.imdecode(np.frombuffer(jpeg(picture, quality=quality), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(image, np.uint8)


def test_a_picture_that_is_repeated_is_still() -> None:
    assert still_for([scene()] * 80) == 79.0


def test_noise_that_nobody_would_see_is_life() -> None:
    assert still_for([noisy(scene(), seed=n, sigma=0.7) for n in range(20)]) < 5


def test_noise_under_a_coarse_encoder_is_life() -> None:
    dark = (scene() * 0.2).astype(np.uint8)
    night = [recompressed(noisy(dark, seed=n), quality=40) for n in range(20)]
    assert still_for(night) < 5


def test_a_frozen_picture_that_is_encoded_anew_repeats_its_few_variants() -> None:
    variants = [recompressed(scene(), quality=quality) for quality in (90, 60, 70, 80)]
    assert still_for([variants[second % 4] for second in range(80)]) == 76.0


def test_a_scene_that_a_thrifty_encoder_refreshes_once_a_while_is_alive() -> None:
    """Between key frames, 20 s apart, it sends nothing: the pictures in between are the same."""
    pictures = [noisy(scene(), seed=second // 20, sigma=1.0) for second in range(60)]
    stillness = Stillness()
    longest = max(
        stillness.observe(glance(picture).thumbnail, at(second))
        for second, picture in enumerate(pictures)
    )
    assert longest == 19.0


def test_a_clock_that_runs_in_a_frozen_picture_does_not_make_it_live() -> None:
    def with_clock(second: int) -> Image:
        picture = large_scene()
        picture[8:24, 8:120] = 0
        cv2.putText(picture, f"{second:08}", (8, 22), 0, 0.5, (255, 255, 255))
        return picture

    assert still_for([with_clock(second) for second in range(20)]) == 19.0


def test_another_picture_begins_it_anew() -> None:
    moved = np.roll(scene(), 3, axis=1)
    assert still_for([scene()] * 20 + [moved] * 5) == 4.0


def test_another_size_is_another_picture() -> None:
    assert still_for([scene()] * 20 + [scene(width=240, height=160)] * 2) == 1.0
