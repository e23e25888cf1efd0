"""Drawings: regions where they are, labels inside the picture, a grid at the tenths."""

import numpy as np
import pytest

from central.layout.drawing import OCCUPIED, VACANT, Image, Mark, blackened, draw_grid, draw_marks

LEFT = [[0.1, 0.2], [0.4, 0.2], [0.4, 0.8], [0.1, 0.8]]
RIGHT = [[0.6, 0.2], [0.9, 0.2], [0.9, 0.8], [0.6, 0.8]]


def grey(width: int, height: int) -> Image:
    """A picture of one grey."""
    return np.full((height, width, 3), 120, dtype=np.uint8)


def test_regions_are_tinted_and_the_rest_is_left_as_it_was() -> None:
    picture = grey(400, 300)
    drawn = draw_marks(
        picture, [Mark(LEFT, ("A",), OCCUPIED), Mark(RIGHT, ("B",), VACANT)], tint=0.25
    )
    assert drawn.shape == picture.shape
    assert drawn[80, 60, 2] > drawn[80, 60, 1]  # redder inside the left
    assert drawn[80, 260, 1] > drawn[80, 260, 2]  # greener inside the right
    assert (drawn[80, 200] == 120).all()  # between them
    assert (picture == 120).all()  # the caller's picture is not drawn on


def test_small_regions_enlarge_the_drawing_up_to_three_times() -> None:
    tiny = [[0.1, 0.1], [0.13, 0.1], [0.13, 0.13], [0.1, 0.13]]
    assert draw_marks(grey(400, 300), [Mark(tiny, ("A",), VACANT)], tint=0.1).shape[1] == 1200
    assert draw_marks(grey(4000, 300), [Mark(tiny, ("A",), VACANT)], tint=0.1).shape[1] == 4000


@pytest.mark.parametrize("size", [(400, 300), (64, 48), (8, 8)])
def test_a_label_larger_than_its_region_or_picture_is_no_fault(size: tuple[int, int]) -> None:
    corner = [[0.9, 0.9], [1.0, 0.9], [1.0, 1.0], [0.9, 1.0]]
    draw_marks(grey(*size), [Mark(corner, ("x" * 64, "100%"), VACANT)], tint=0.1)
    draw_grid(grey(*size))


def test_masks_are_black_and_hatched_and_the_rest_is_left_as_it_was() -> None:
    picture = grey(400, 300)
    drawn = draw_marks(picture, [Mark(RIGHT, ("B",), VACANT)], tint=0.1, masks=[LEFT])
    inside = drawn[64:236, 44:156]
    assert (inside == 0).all(axis=2).mean() > 0.6
    assert inside.max() > 40  # the hatch: it is no shadow
    assert (drawn[:, :30] == 120).all()
    sent = blackened(picture, [LEFT])
    assert (sent[64:236, 44:156] == 0).all()
    assert (sent[:, 170:] == 120).all()
    assert (picture == 120).all()


def test_no_regions_give_the_picture() -> None:
    picture = grey(40, 30)
    assert (draw_marks(picture, [], tint=0.1) == picture).all()


def test_the_grid_s_lines_are_at_the_tenths() -> None:
    changed = (draw_grid(grey(1200, 900)) != 120).any(axis=2)
    # A line changes its whole column or row, but for a pixel that blends back to the same grey.
    columns = np.flatnonzero(changed.mean(axis=0) > 0.95)
    rows = np.flatnonzero(changed.mean(axis=1) > 0.95)
    for step in range(1, 10):
        assert 120 * step in columns
        assert 90 * step in rows
    assert not changed[45, 60]  # and nothing half-way between two
    assert len(columns) <= 9 * 9
