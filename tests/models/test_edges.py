"""Spots that the picture's edge cuts off: what is left of picture and region, and what is cut."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.corners import canonical_corners
from models.datasets import LabelledFrame, LabelledSpot
from models.edges import beside, covered, cut_at_edges, ended, shortened
from models.patches import FloatArray, Image, PatchCutter, PatchSpec

SPEC = PatchSpec(32, 0.25, 1.8)
SQUARE = np.array([[40.0, 40.0], [80.0, 40.0], [80.0, 80.0], [40.0, 80.0]])
SLANTED = np.array([[60.0, 40.0], [90.0, 40.0], [70.0, 80.0], [40.0, 80.0]])


def picture() -> Image:
    return np.random.default_rng(1).integers(0, 256, (120, 160, 3), dtype=np.uint8)


def cases(cars: list[FloatArray], count: int = 300) -> list[tuple[Image, FloatArray]]:
    rng = np.random.default_rng(2)
    return [ended(picture(), SLANTED, cars, rng) for _ in range(count)]


def test_what_is_left_of_a_picture_is_a_part_of_it_that_holds_the_region() -> None:
    full = picture()
    smaller = 0
    for left, region in cases([]):
        height, width = left.shape[:2]
        smaller += (height, width) != full.shape[:2]
        assert height in (120, height) or width == 160
        np.testing.assert_array_equal(canonical_corners(region), region)
        assert (region >= -1e-9).all()
        assert (region <= (width + 1e-9, height + 1e-9)).all()
        # It is the same ground as before: a corner or an end of the full picture.
        starts = {(0, 0), (full.shape[0] - height, full.shape[1] - width)}
        assert any(np.array_equal(full[y : y + height, x : x + width], left) for y, x in starts)
    assert smaller > 290


def test_every_side_is_cut_and_the_lower_one_most_often() -> None:
    sizes = [left.shape[:2] for left, _ in cases([])]
    assert sum(height < 120 for height, _ in sizes) == pytest.approx(150, abs=30)
    assert sum(width < 160 for _, width in sizes) == pytest.approx(150, abs=30)


def test_an_edge_shortens_a_region_along_its_own_sides() -> None:
    left = shortened(SLANTED, 1, 1, 60.0)
    assert left is not None
    np.testing.assert_allclose(left, [[60, 40], [90, 40], [80, 60], [50, 60]])
    upper = shortened(SLANTED, 1, -1, 60.0)
    assert upper is not None
    np.testing.assert_allclose(upper, [[50, 60], [80, 60], [70, 80], [40, 80]])


def test_a_single_corner_beyond_moves_straight_and_too_many_leave_nothing() -> None:
    left = shortened(SLANTED, 0, 1, 85.0)
    assert left is not None
    np.testing.assert_allclose(left, [[60, 40], [85, 40], [70, 80], [40, 80]])
    assert shortened(SLANTED, 0, 1, 50.0) is None
    whole = shortened(SQUARE, 0, 1, 100.0)
    assert whole is not None
    np.testing.assert_allclose(whole, SQUARE)


def test_a_region_is_drawn_beside_the_edge_unless_another_car_stands_there() -> None:
    np.testing.assert_allclose(beside(SQUARE, 1, 1, 60.0), SQUARE - np.array([0, 20]))
    np.testing.assert_allclose(beside(SQUARE, 0, -1, 60.0), SQUARE + np.array([20, 0]))
    car = SQUARE - np.array([0, 40])
    assert covered(car, beside(SQUARE, 1, 1, 60.0), SQUARE) == pytest.approx(0.5)
    assert covered(SQUARE - np.array([0, 80]), beside(SQUARE, 1, 1, 60.0), SQUARE) == 0.0

    def moved(cars: list[FloatArray]) -> int:
        return sum(
            bool(np.allclose(np.ptp(region, axis=0), np.ptp(SLANTED, axis=0)))
            and float(region[:, 1].max()) < 79.0
            and left.shape[0] < 120
            for left, region in cases(cars)
        )

    above = SLANTED - np.array([0, 40])
    assert moved([]) > 30
    assert moved([above]) < 0.5 * moved([])


def test_what_lies_beyond_the_edge_is_the_last_line_repeated(tmp_path: Path) -> None:
    assert cv2.imwrite(str(tmp_path / "a.png"), picture())
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = (SLANTED / (160, 120)).tolist()
    spot = LabelledSpot("a", ((ax, ay), (bx, by), (cx, cy), (dx, dy)), occupied=True)
    frame = LabelledFrame(tmp_path / "a.png", 160, 120, "", "", "", (spot,))
    found = [cut_at_edges(frame, SPEC, np.random.default_rng(seed)) for seed in range(40)]
    assert all(one.shape == (1, *SPEC.shape) for one in found)

    def repeats(patch: Image) -> bool:
        """Whether two neighbouring lines at a side of the second look are the same."""
        second = patch[SPEC.size :]
        turns = (np.rot90(second, turn) for turn in range(4))
        return any(np.array_equal(one[0], one[1]) for one in turns)

    assert sum(repeats(one[0]) for one in found) >= 32
    uncut = PatchCutter([spot.polygon], width=160, height=120, spec=SPEC).cut(picture())
    assert not repeats(uncut[0])
    np.testing.assert_array_equal(found[3], cut_at_edges(frame, SPEC, np.random.default_rng(3)))
