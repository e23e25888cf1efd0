import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_videos.camera import Camera


def looking_north(height: float = 10.0) -> Camera:
    """At x = 0, y = -10, looking 45 degrees down at the origin; 90 degrees wide."""
    return Camera("c", "c", (0.0, -10.0, height), (0.0, 0.0, 0.0), 90.0, 800, 600)


def test_the_target_is_the_pictures_middle() -> None:
    pixels, depth = looking_north().project(np.zeros((1, 3), np.float32))
    assert pixels[0] == pytest.approx([400, 300], abs=1e-3)
    assert depth[0] == pytest.approx(np.hypot(10, 10), abs=1e-4)


def test_east_is_right_and_up_is_up() -> None:
    pixels, _ = looking_north().project(np.array([(1, 0, 0), (0, 0, 1)], np.float32))
    assert pixels[0, 0] > 400
    assert pixels[0, 1] == pytest.approx(300, abs=1e-3)
    assert pixels[1, 1] < 300


def test_half_the_field_of_view_reaches_the_edge() -> None:
    # At 90 degrees a point as far to the right as it is deep lies on the right edge.
    away = float(np.hypot(10, 10))
    pixels, _ = looking_north().project(np.array([(away, 0, 0)], np.float32))
    assert pixels[0, 0] == pytest.approx(800, abs=0.01)


def test_a_point_behind_has_no_depth() -> None:
    _, depth = looking_north().project(np.array([(0, -40, 10)], np.float32))
    assert depth[0] < 0


@given(column=st.integers(0, 159), row=st.integers(0, 119))
def test_ground_is_the_inverse_of_project(column: int, row: int) -> None:
    camera = Camera("c", "c", (0.0, -10.0, 8.0), (0.0, 0.0, 0.0), 60.0, 160, 120)
    x, y, distance = camera.ground()
    point = np.array([(x[row, column], y[row, column], 0)], np.float32)
    assert np.isfinite(distance[row, column])
    pixels, _ = camera.project(point)
    assert pixels[0] == pytest.approx([column + 0.5, row + 0.5], abs=0.02)


def test_sky_is_infinitely_far() -> None:
    level = Camera("c", "c", (0.0, 0.0, 10.0), (0.0, 50.0, 10.0), 60.0, 64, 36)
    _, _, distance = level.ground()
    assert np.isinf(distance[0]).all()
    assert np.isfinite(distance[-1]).all()
