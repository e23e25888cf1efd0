import numpy as np
import pytest

from edge.nudge import Floats, Look, Movement, measure, moved, shift_px
from edge.reference import small_grey
from tests.edge.views import REGIONS, nudged, picture

MORNING, NOON = 2.0, 30.0
LOOK = Look(small_grey(picture(second=MORNING)), regions=REGIONS)


def seen(second: float, **how: float) -> tuple[Movement | None, Floats]:
    image, truth = nudged(picture(second=second), **how)
    return measure(LOOK, small_grey(image), regions=REGIONS), truth


def error_px(movement: Movement | None, truth: Floats) -> float:
    """How far off the regions' corners are, in pixels of a picture 1920 wide."""
    assert movement is not None
    corners = np.array([corner for region in REGIONS for corner in region])
    away = (moved(movement.homography, corners) - moved(truth, corners)) * (1920, 1080)
    return float(np.hypot(away[:, 0], away[:, 1]).max())


@pytest.mark.parametrize("second", [MORNING, NOON])
@pytest.mark.parametrize("pixels", [0.0, 1.0, 4.0, 8.0, 20.0, 60.0])
@pytest.mark.parametrize("angle", [20.0, 160.0, 285.0])
def test_a_shift_is_measured_in_any_light(second: float, pixels: float, angle: float) -> None:
    right, down = pixels * np.cos(np.radians(angle)), pixels * np.sin(np.radians(angle))
    movement, truth = seen(second, right=right, down=down)
    assert error_px(movement, truth) < 2.5
    assert movement is not None
    assert abs(movement.shift_px - pixels) < 2.0


@pytest.mark.parametrize("second", [MORNING, NOON])
@pytest.mark.parametrize(
    "how", [{"turn": 0.5}, {"turn": -1.5}, {"zoom": 1.02}, {"zoom": 0.97, "right": 12.0}]
)
def test_turn_and_zoom_are_measured(second: float, how: dict[str, float]) -> None:
    assert error_px(*seen(second, **how)) < 4.0


def test_another_view_is_not_recognised() -> None:
    other = small_grey(picture("north_west"))
    assert measure(LOOK, other, regions=REGIONS) is None


def test_nothing_can_be_told_of_nothing_or_of_another_shape() -> None:
    assert measure(LOOK, np.full((360, 640), 90, np.uint8), regions=REGIONS) is None
    noise = np.random.default_rng(1).integers(0, 40, (360, 640), dtype=np.uint8)
    assert measure(LOOK, noise, regions=REGIONS) is None
    assert measure(LOOK, small_grey(picture())[:300], regions=REGIONS) is None


def test_a_look_that_was_taken_of_a_moved_view_counts_from_the_view() -> None:
    image, truth = nudged(picture(), right=15.0)
    later = Look(small_grey(image), regions=REGIONS, from_view=truth)
    movement = measure(later, small_grey(picture()), regions=REGIONS)
    assert error_px(movement, np.eye(3)) < 1.0


def test_masked_parts_are_not_looked_at() -> None:
    left_half = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    look = Look(small_grey(picture()), masks=(left_half,))
    assert 10 < len(look.tiles) < len(LOOK.tiles)
    assert all(tile.left >= 320 for tile in look.tiles)


def test_shift_is_that_of_the_farthest_but_a_tenth_of_the_corners() -> None:
    right = np.array([[1.0, 0.0, 0.01], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert shift_px(right, REGIONS, aspect=16 / 9) == pytest.approx(19.2)
    down = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.01], [0.0, 0.0, 1.0]])
    assert shift_px(down, (), aspect=16 / 9) == pytest.approx(10.8)
