"""Quantising, convexity and rows, against hand-computed values and OpenCV."""

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from central.layout.document import MILLION, Corner
from central.layout.geometry import (
    Corners,
    polygon_fault,
    quadrilateral_fault,
    quantise,
    split_row,
)
from models.corners import canonical_corners
from tests.central.layout.layouts import SQUARE, quadrilaterals, quick


@pytest.mark.parametrize(
    ("fraction", "millionths"),
    [
        (0.0, 0),
        (1.0, 1_000_000),
        (0.412, 412_000),
        (0.0000005, 0),  # half to even, of what is written: down here …
        (0.0000015, 2),  # … and up here
        (0.1234565, 123_456),  # the nearest float lies above the half: the text decides
        (-0.0000015, -2),
        (1e-12, 0),
    ],
)
def test_quantise_rounds_the_written_number_half_to_even(fraction: float, millionths: int) -> None:
    assert quantise(fraction) == millionths


@quick
@given(st.integers(0, MILLION))
def test_quantise_gives_back_what_was_written_from_millionths(millionths: int) -> None:
    assert quantise(millionths / MILLION) == millionths


@quick
@given(quadrilaterals, st.integers(0, 3), st.booleans())
def test_a_quadrilateral_is_right_from_any_corner_in_either_direction(
    corners: Corners, first: int, backwards: bool
) -> None:
    turned = corners[first:] + corners[:first]
    a, b, c, d = turned[::-1] if backwards else turned
    assert quadrilateral_fault((a, b, c, d)) is None


@quick
@given(quadrilaterals)
def test_what_is_accepted_can_be_cut_from_a_wide_picture(corners: Corners) -> None:
    canonical_corners([(x / MILLION * 1920, y / MILLION * 1080) for x, y in corners])


@quick
@given(quadrilaterals)
def test_two_swapped_corners_make_sides_cross(corners: Corners) -> None:
    a, b, c, d = corners
    problem = quadrilateral_fault((a, c, b, d))
    assert problem is not None
    assert "cross" in problem or "area" in problem or "line" in problem


@pytest.mark.parametrize(
    ("corners", "word"),
    [
        (((0, 0), (100, 100), (100, 0), (0, 100)), "cross"),
        (((0, 0), (100, 0), (20, 20), (0, 100)), "inwards"),
        (((0, 0), (50, 50), (80, 80), (100, 100)), "area is zero"),
        (((0, 0), (50, 0), (100, 0), (50, 100)), "in one line"),
        (((0, 0), (0, 0), (100, 0), (50, 100)), "same point"),
        (((7, 7), (7, 7), (7, 7), (7, 7)), "same point"),
    ],
)
def test_each_fault_of_a_quadrilateral_is_told_apart(corners: Corners, word: str) -> None:
    problem = quadrilateral_fault(corners)
    assert problem is not None
    assert word in problem


def test_a_row_seen_from_above_is_split_evenly() -> None:
    parts = split_row(SQUARE, 4)
    assert parts[1] == ((250_000, 0), (500_000, 0), (500_000, MILLION), (250_000, MILLION))
    assert len(parts) == 4


def test_a_row_of_one_spot_is_the_spot() -> None:
    corners = ((412_000, 300_000), (447_000, 301_000), (455_000, 362_000), (417_000, 360_000))
    assert split_row(corners, 1) == (corners,)


def test_spots_get_smaller_towards_the_row_s_far_end() -> None:
    parts = split_row(
        ((100_000, 900_000), (700_000, 400_000), (750_000, 430_000), (300_000, 990_000)), 5
    )
    lengths = [part[1][0] - part[0][0] for part in parts]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > 2 * lengths[-1]


@quick
@given(quadrilaterals, st.integers(1, 12))
def test_a_row_agrees_with_opencv_s_homography(corners: Corners, count: int) -> None:
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32)
    # OpenCV solves in floats: keep to rows that a person could draw.
    bends = np.array(corners, dtype=np.float64)
    edges = np.roll(bends, -1, axis=0) - bends
    following = np.roll(edges, -1, axis=0)
    turn = np.abs(edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0])
    assume(turn.min() >= 1e9)
    matrix = cv2.getPerspectiveTransform(unit, np.array(corners, dtype=np.float32))
    steps = np.array(
        [[[k / count, side]] for k, side in itertools.product(range(count + 1), (0, 1))]
    )
    expected = cv2.perspectiveTransform(steps, matrix).reshape(count + 1, 2, 2)
    for k, part in enumerate(split_row(corners, count)):
        wanted = [expected[k, 0], expected[k + 1, 0], expected[k + 1, 1], expected[k, 1]]
        np.testing.assert_allclose(np.array(part), np.array(wanted), atol=3.0)


@quick
@given(quadrilaterals, st.integers(2, 12))
def test_neighbours_in_a_row_share_their_corners(corners: Corners, count: int) -> None:
    parts = split_row(corners, count)
    assert (parts[0][0], parts[-1][1], parts[-1][2], parts[0][3]) == corners
    for left, right in itertools.pairwise(parts):
        assert (left[1], left[2]) == (right[0], right[3])


@pytest.mark.parametrize(
    ("corners", "problem"),
    [
        (((0, 0), (9, 0)), "has 2 corners; give at least three"),
        (((0, 0), (9, 0), (0, 0), (5, 5)), "two corners are the same point"),
        (((0, 0), (9, 0), (5, 0)), "its area is zero"),
        (((0, 0), (9, 9), (9, 0), (0, 8)), "two sides cross"),  # a bow tie
        (((0, 0), (8, 0), (4, 0), (4, 5)), "two sides cross"),  # folded back over itself
        (((0, 0), (9, 0), (9, 9), (5, 0), (0, 9)), "two sides cross"),  # touches another side
        (((5, 0), (2, 9), (9, 3), (1, 3), (8, 9)), "two sides cross"),  # a star
        (((0, 0), (9, 0), (0, 9)), None),
        (((0, 0), (9, 0), (9, 9), (5, 2), (0, 9)), None),  # a corner inwards is no fault
        (((0, 0), (4, 0), (9, 0), (9, 9)), None),  # nor is one in line
    ],
)
def test_a_mask_s_sides_may_not_cross(corners: tuple[Corner, ...], problem: str | None) -> None:
    found = polygon_fault(corners)
    assert found is None if problem is None else found is not None and found.startswith(problem)


@quick
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=3, max_size=6))
def test_a_simple_polygon_covers_its_own_area(points: list[Corner]) -> None:
    """The even-odd fill of an accepted polygon loses nothing: a mask hides what it goes round."""
    assume(polygon_fault(tuple(points)) is None)
    size = 20
    outline = np.array(points, dtype=np.int32) * size
    even_odd = np.zeros((13 * size, 13 * size), dtype=np.uint8)
    cv2.fillPoly(even_odd, [outline], 1)
    doubled = sum(
        x0 * y1 - x1 * y0
        for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True)
    )
    assert int(even_odd.sum()) >= abs(doubled) / 2 * size * size
