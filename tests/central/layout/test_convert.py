"""Layout and truth from labelled pictures; what the rules say about missing labels and shapes."""

from pathlib import Path

import pytest

from central.layout.convert import Names, to_layout, to_truth
from central.layout.frames import MarkedPicture, one_camera, read_pictures
from central.layout.toml import format_layout, parse_layout
from node.errors import UsageError
from tests.central.layout.pictures import OTHER, SQUARE, a_day, image, spot, write_json

NAMES = Names(lot_id="cnr", camera_id="cam3", lot_name="CNR lot")


@pytest.fixture
def day(tmp_path: Path) -> tuple[MarkedPicture, ...]:
    """The four pictures of camera 3."""
    return one_camera(read_pictures(a_day(tmp_path)), "3", source="day.json")


def pictures_of(tmp_path: Path, *images: dict[str, object]) -> tuple[MarkedPicture, ...]:
    """Read pictures made for one test."""
    return read_pictures(write_json(tmp_path / "f.json", *images))


def test_the_layout_holds_every_spot_of_any_picture(day: tuple[MarkedPicture, ...]) -> None:
    converted = to_layout(day, NAMES, source="day.json")
    layout = converted.layout
    assert [one.spot_id for one in layout.spots] == ["s1", "B-2", "s7"]
    assert (layout.lot_id, layout.name, layout.cameras[0].camera_id) == ("cnr", "CNR lot", "cam3")
    assert layout.cameras[0].regions[0].corners == (
        (62_500, 83_333),
        (312_500, 83_333),
        (312_500, 416_667),
        (62_500, 416_667),
    )
    assert converted.boxed == ()
    assert parse_layout(format_layout(layout), file="cnr.toml") == layout


def test_the_truth_follows_the_video_and_holds_a_missing_label(
    day: tuple[MarkedPicture, ...],
) -> None:
    truth = to_truth(day, lot_id="cnr", seconds_per_picture=2.5, source="day.json")
    assert truth.duration_s == 10.0
    assert truth.spots == {
        "s1": ((0.0, False), (2.5, True), (7.5, False)),
        "B-2": ((0.0, True), (7.5, False)),
    }
    assert truth.left_out == ("s7",)  # not labelled in the first picture
    assert truth.held == 2  # s1 and B-2 in the third


def test_no_label_in_the_first_picture_is_no_truth(tmp_path: Path) -> None:
    pictures = pictures_of(tmp_path, image("a.png", spot(1)))
    with pytest.raises(UsageError, match=r"first picture has no labels; leave out --out-truth"):
        to_truth(pictures, lot_id="n", seconds_per_picture=1.0, source="f.json")


@pytest.mark.parametrize(
    "polygon",
    [
        [[10, 10], [30, 5], [50, 10], [50, 50], [10, 50]],  # five corners
        [[10, 10], [50, 10], [30, 50]],  # three
        [[10, 10], [50, 50], [50, 10], [10, 50]],  # crossing
    ],
)
def test_what_is_no_convex_quadrilateral_becomes_a_rectangle(
    tmp_path: Path, polygon: list[list[int]]
) -> None:
    converted = to_layout(
        pictures_of(tmp_path, image("a.png", spot(1, polygon=polygon))), NAMES, source="f.json"
    )
    assert converted.boxed == ("s1",)
    (region,) = converted.layout.cameras[0].regions
    xs, ys = zip(*region.polygon, strict=True)
    # The smallest rectangle round it holds every corner of the polygon's box or turns with it.
    assert (max(xs) - min(xs)) * 160 >= 39.9
    assert (max(ys) - min(ys)) * 120 >= 39.9


def test_a_corner_a_little_outside_moves_to_the_edge(tmp_path: Path) -> None:
    polygon = [[-2, 10], [50, 10], [50, 122], [-2, 122]]
    converted = to_layout(
        pictures_of(tmp_path, image("a.png", spot(1, polygon=polygon))), NAMES, source="f.json"
    )
    assert converted.layout.cameras[0].regions[0].corners[3] == (0, 1_000_000)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (
            [image("a.png", spot(1, polygon=[[1, 1], [400, 1], [400, 90], [1, 90]]))],
            "images[0].spots[0].polygon[1]: x is 400; the picture is 160x120 px",
        ),
        (
            [image("a.png", spot(1, polygon=[[1, 1], [9, float("nan")], [9, 9], [1, 9]]))],
            "images[0].spots[0].polygon[1]: y is nan; the picture is 160x120 px",
        ),
        (
            [image("a.png", spot(1, polygon=[[1, 1], [90, 90]]))],
            "images[0].spots[0].polygon: has 2 corners; give at least three, best four",
        ),
        (
            [image("a.png", spot(1, polygon=[[1, 1], [5, 5], [9, 9], [12, 12]]))],
            "images[0].spots[0].polygon: ",
        ),
        ([image("a.png", spot("!!"))], "images[0].spots[0].id: is '!!'; use letters and digits"),
        (
            [image("a.png", spot("A 1"), spot("A-1", polygon=OTHER))],
            "images[0].spots[1].id: becomes 'A-1' as images[0].spots[0].id does",
        ),
        (
            [image("a.png", spot(1, polygon=SQUARE)), image("b.png", spot(1, polygon=OTHER))],
            "images[1].spots[0]: spot 's1' has another polygon than at images[0].spots[0]; "
            "convert one fixed view at a time",
        ),
        ([image("a.png")], "spots: the lot has none"),
    ],
)
def test_what_cannot_be_a_layout_is_named(
    tmp_path: Path, images: list[dict[str, object]], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        to_layout(pictures_of(tmp_path, *images), NAMES, source="f.json")
    assert str(caught.value).startswith(f"f.json: {message}")
