"""Layout values: areas, look-ups and the order of views."""

from central.layout.document import Camera, Layout, Region, Spot, views_by_spot
from tests.central.layout.layouts import SQUARE, north

SMALL = ((0, 0), (100, 0), (100, 100), (0, 100))


def test_a_region_s_area_is_exact_in_either_direction() -> None:
    backwards = (SQUARE[3], SQUARE[2], SQUARE[1], SQUARE[0])
    assert Region("A", SQUARE).doubled_area == 2 * 10**12
    assert Region("A", backwards).doubled_area == 2 * 10**12


def test_a_region_s_polygon_is_in_fractions() -> None:
    assert north().cameras[0].regions[0].polygon[1] == (0.447, 0.301)


def test_a_camera_is_found_by_its_id() -> None:
    assert north().camera("north-east") == north().cameras[0]
    assert north().camera("absent") is None


def test_the_largest_view_comes_first_and_equal_ones_go_by_camera_id() -> None:
    layout = Layout(
        lot_id="n",
        spots=(Spot("A"), Spot("B"), Spot("C")),
        cameras=(
            Camera("z", regions=(Region("A", SMALL), Region("B", SMALL))),
            Camera("y", regions=(Region("A", SQUARE), Region("B", SMALL))),
        ),
    )
    assert views_by_spot(layout) == {"A": ("y", "z"), "B": ("y", "z"), "C": ()}
