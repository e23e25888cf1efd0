"""Who may stand in whose view: rows as a camera on a mast sees them."""

import numpy as np
import pytest

from central.processor.neighbours import neighbours


def box(left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


FAR = [box(0.1 * at, 0.30, 0.1 * at + 0.09, 0.36) for at in range(4)]
NEAR = [box(0.1 * at, 0.40, 0.1 * at + 0.09, 0.50) for at in range(4)]


def test_a_vehicle_hides_what_is_behind_it_and_not_what_is_before() -> None:
    near = neighbours([*FAR, *NEAR])
    assert near[1, 5], "the one in front of it"
    assert not near[5, 1], "the one behind it"
    assert not near[1, 7], "one in front, but far to the side"


def test_those_beside_are_near_if_their_boxes_touch() -> None:
    slanting = [
        [(0.1 * at + 0.05, 0.3), (0.1 * at + 0.15, 0.3), (0.1 * at + 0.1, 0.4), (0.1 * at, 0.4)]
        for at in range(4)
    ]
    near = neighbours(slanting)
    assert near[1].tolist() == [True, False, True, False]
    assert not near.diagonal().any()


@pytest.mark.parametrize("turn", range(4))
def test_the_order_of_corners_does_not_matter(turn: int) -> None:
    turned = [corners[turn:] + corners[:turn] for corners in (*FAR, *NEAR)]
    assert np.array_equal(neighbours(turned), neighbours([*FAR, *NEAR]))


def test_no_spots() -> None:
    assert neighbours([]).shape == (0, 0)
