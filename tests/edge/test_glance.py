"""What is taken from a picture, and that neither light nor noise disturbs it."""

import numpy as np
import pytest

from edge.glance import Glance, glance
from tests.edge.pictures import HEIGHT, WIDTH, blurred, noisy, scene


def sharpness(seen: Glance) -> float:
    assert seen.sharpness is not None
    return seen.sharpness


def test_a_black_and_a_white_picture_are_all_of_that() -> None:
    black = glance(np.full((HEIGHT, WIDTH, 3), 16, np.uint8))
    assert black.dark == pytest.approx(1.0)
    assert (black.bright, black.sharpness) == (0.0, None)
    white = glance(np.full((HEIGHT, WIDTH, 3), 255, np.uint8))
    assert white.bright == pytest.approx(1.0)
    assert (white.dark, white.sharpness) == (0.0, None)


def test_shares_are_of_the_whole_picture() -> None:
    picture = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    picture[:, : WIDTH // 4] = 0
    seen = glance(picture)
    assert (seen.width, seen.height) == (WIDTH, HEIGHT)
    assert seen.dark == pytest.approx(0.25)
    assert seen.thumbnail.shape == (HEIGHT // 4, WIDTH // 4)


def test_blur_lowers_sharpness_and_half_the_light_does_not() -> None:
    clear = sharpness(glance(noisy(scene(), seed=1)))
    dimmed = sharpness(glance(noisy((scene() * 0.5).astype(np.uint8), seed=2, sigma=0.5)))
    assert dimmed == pytest.approx(clear, rel=0.15)
    assert sharpness(glance(blurred(scene()))) < 0.3 * clear


def test_noise_is_not_taken_for_sharpness() -> None:
    night = noisy((scene() * 0.15).astype(np.uint8), seed=3, sigma=5.0)
    assert glance(night).sharpness is None


@pytest.mark.parametrize(("width", "height"), [(1, 1), (15, 200), (70, 40), (1920, 1080)])
def test_any_size_can_be_looked_at(width: int, height: int) -> None:
    seen = glance(np.zeros((height, width, 3), np.uint8))
    assert seen.dark == pytest.approx(1.0)
