"""PKLot's XML: contours, rectangles where there is no contour, and spaces without a label."""

from pathlib import Path

import pytest

from models.foreign.labels import LeftOut
from models.foreign.pklot_xml import read
from node.errors import UsageError

from .published import CONTOUR, RECTANGLE, collected, pixels, read_back, space, write_pklot

OCCUPIED, VACANT = 'occupied="1"', 'occupied="0"'


def test_the_folders_say_camera_weather_and_time(tmp_path: Path) -> None:
    spaces = (
        space("1", OCCUPIED, RECTANGLE + CONTOUR),
        space("2", VACANT, CONTOUR.replace("<point", "<Point")),
        space("3", VACANT, RECTANGLE),
    )
    write_pklot(tmp_path / "PKLot", *spaces)
    place, name = "UFPR05/Rainy/2013-03-01", "2013-03-01_07_00_05"
    write_pklot(tmp_path / "PKLot", space("9", VACANT, CONTOUR), place=place, name=name)
    left_out = LeftOut()
    first, second = read_back(read(tmp_path / "PKLot", None, left_out), tmp_path / "f.json")
    assert (first.camera, first.taken) == ("PUCPR", "2012-09-11T15:16:58")
    assert (second.camera, second.taken) == ("UFPR05", "2013-03-01T07:00:05")
    assert (first.weather, second.weather) == ("sunny", "rainy")
    assert [(spot.name, spot.occupied) for spot in first.spots] == [
        ("1", True),
        ("2", False),
        ("3", False),
    ]
    contour = [(10, 60), (20, 20), (60, 20), (50, 60)]
    assert pixels(first, first.spots[0]) == contour, "what a person drew comes first"
    assert pixels(first, first.spots[1]) == contour
    upright = {(110, 30), (130, 30), (130, 70), (110, 70)}
    assert set(pixels(first, first.spots[2])) == upright, "40 wide, turned by 90 degrees"
    assert first.pixels().shape == (100, 200, 3)
    assert not left_out


def test_one_file_without_its_folders_is_read_too(tmp_path: Path) -> None:
    path = write_pklot(tmp_path, space("1", OCCUPIED, CONTOUR), place=".", name="noon")
    (frame,) = collected(read(path, None, LeftOut()))
    assert (frame.camera, frame.taken, frame.weather) == ("PUCPR", "", "")


def test_what_cannot_be_used_is_counted(tmp_path: Path) -> None:
    flat = CONTOUR.replace('y="20"', 'y="60"')
    path = write_pklot(tmp_path, space("1", "", CONTOUR), space("2", OCCUPIED, flat))
    write_pklot(tmp_path, name="2012-09-11_15_30_00")
    path.with_name("2012-09-11_15_30_00.jpg").unlink()
    left_out = LeftOut()
    (frame,) = collected(read(tmp_path, None, left_out))
    assert frame.spots == ()
    assert left_out == {
        "spots left out: no label": 1,
        "spots left out: their polygon has no area": 1,
        "frames left out: the picture is missing": 1,
    }


def test_pictures_may_lie_in_another_folder(tmp_path: Path) -> None:
    write_pklot(tmp_path / "xml", space("1", OCCUPIED, CONTOUR))
    (tmp_path / "xml").rename(tmp_path / "pictures")
    write_pklot(tmp_path / "xml", space("1", OCCUPIED, CONTOUR))
    for picture in (tmp_path / "xml").rglob("*.jpg"):
        picture.unlink()
    (frame,) = collected(read(tmp_path / "xml", tmp_path / "pictures", LeftOut()))
    assert frame.image.is_relative_to(tmp_path / "pictures")


@pytest.mark.parametrize(
    ("wrong", "needle"),
    [
        (space("4", 'occupied="yes"', CONTOUR), "space 4: occupied is 'yes', must be 0 or 1"),
        (space("4", OCCUPIED, ""), "space 4 has neither contour nor rotatedRect"),
        (space("4", OCCUPIED, CONTOUR.replace("60", "?")), "space 4: y of <point> is '\\?'"),
        (space("4", OCCUPIED, RECTANGLE.replace('d="90"', "")), "space 4: d of <angle> is ''"),
        (f"<space {OCCUPIED}>{CONTOUR}</space>", "space 1 has no id"),
        ("<space>", "is not XML"),
    ],
)
def test_a_wrong_space_is_named(tmp_path: Path, wrong: str, needle: str) -> None:
    path = write_pklot(tmp_path, space("3", VACANT, CONTOUR), wrong)
    with pytest.raises(UsageError, match=needle) as caught:
        collected(read(path, None, LeftOut()))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no \.xml file"):
        read(tmp_path, None, LeftOut())
    (tmp_path / "voc.xml").write_text("<annotation/>")
    with pytest.raises(UsageError, match="begins with <annotation>"):
        collected(read(tmp_path, None, LeftOut()))
    with pytest.raises(UsageError, match="cannot read"):
        collected(read(tmp_path / "none.xml", None, LeftOut()))
