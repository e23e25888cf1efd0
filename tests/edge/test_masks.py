import numpy as np
import pytest

from edge.masks import burn

WHITE = 255


def white(height: int = 60, width: int = 100) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((height, width, 3), WHITE, dtype=np.uint8)


def test_a_rectangle_is_black_inside_and_the_rest_is_untouched() -> None:
    image = white()
    burn(image, [((0.2, 0.5), (0.6, 0.5), (0.6, 1.0), (0.2, 1.0))])
    assert not image[30:, 20:60].any()
    # What the outline takes in besides is a pixel or two.
    assert (image[:28] == WHITE).all()
    assert (image[:, :18] == WHITE).all()
    assert (image[:, 62:] == WHITE).all()


@pytest.mark.parametrize("seed", range(20))
def test_every_pixel_that_a_polygon_touches_is_black(seed: int) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.random((3, 2))
    image = white()
    burn(image, [tuple((float(x), float(y)) for x, y in corners)])
    # The naive twin: many points inside the triangle.
    weights = rng.dirichlet((1.0, 1.0, 1.0), 20_000)
    xs, ys = (weights @ corners * (100, 60)).T
    assert not image[ys.astype(int), xs.astype(int)].any()


def test_without_masks_nothing_happens() -> None:
    image = white()
    burn(image, [])
    assert (image == WHITE).all()
