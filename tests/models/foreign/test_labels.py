"""Polygons of any shape become four corners, and frames JSON holds what `evaluate` needs."""

import json
from pathlib import Path

import pytest

from models.foreign.labels import (
    Frame,
    LeftOut,
    Reading,
    Spot,
    four_corners,
    picture_size,
    write_frames,
)
from node.errors import OperationError, UsageError

from .published import write_picture

SQUARE = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))


def test_a_convex_quadrilateral_stays_as_it_is_drawn() -> None:
    left_out = LeftOut()
    assert four_corners(SQUARE, left_out) == SQUARE
    assert four_corners((*SQUARE, SQUARE[0]), left_out) == SQUARE, "a closed one is opened"
    assert not left_out


def test_another_polygon_becomes_the_smallest_rectangle_round_it() -> None:
    left_out = LeftOut()
    hexagon = ((0, 5), (3, 0), (17, 0), (20, 5), (17, 10), (3, 10))
    corners = four_corners(hexagon, left_out)
    assert corners is not None
    assert {(round(x), round(y)) for x, y in corners} == {(0, 0), (20, 0), (20, 10), (0, 10)}
    assert sum(left_out.values()) == 1


@pytest.mark.parametrize("points", [(), ((1, 1), (5, 5)), ((1, 1),) * 4, ((0, 0), (5, 5), (9, 9))])
def test_what_has_no_area_is_counted(points: tuple[tuple[float, float], ...]) -> None:
    left_out = LeftOut()
    assert four_corners(points, left_out) is None
    assert left_out == {"spots left out: their polygon has no area": 1}


def test_a_picture_s_size_is_its_own(tmp_path: Path) -> None:
    assert picture_size(write_picture(tmp_path / "a.jpg", width=90, height=70)) == (90, 70)
    (tmp_path / "b.jpg").write_text("no picture")
    with pytest.raises(UsageError, match="not a picture"):
        picture_size(tmp_path / "b.jpg")


def test_unknown_things_are_not_written(tmp_path: Path) -> None:
    spot = Spot("7", SQUARE, occupied=True)
    inside = Frame(tmp_path / "p" / "a.jpg", 20, 10, "east", "2020-01-02T03:04", "", (spot,))
    elsewhere = Frame(Path("/elsewhere/b.jpg"), 20, 10, "", "", "", ())
    reading = Reading("made", tmp_path, 2, iter([inside, elsewhere]))
    write_frames(tmp_path / "f.json", reading, [inside, elsewhere])
    document = json.loads((tmp_path / "f.json").read_text())
    assert document["source"] == "made"
    first, second = document["images"]
    assert first["image"] == "p/a.jpg"
    assert (first["camera"], first["datetime"]) == ("east", "2020-01-02T03:04")
    assert "weather" not in first
    assert second["image"] == "/elsewhere/b.jpg"
    with pytest.raises(OperationError, match="cannot be written"):
        write_frames(tmp_path / "no" / "f.json", reading, [inside])
