"""Reading labelled pictures: both forms, the choice of a camera, and what is refused."""

import json
from pathlib import Path

import pytest

from central.layout.frames import one_camera, read_pictures
from node.errors import UsageError
from tests.central.layout.pictures import SQUARE, a_day, image, spot, write_json


def refusal(path: Path) -> str:
    """Return the message with which a file is refused, less its path."""
    with pytest.raises(UsageError) as caught:
        read_pictures(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


def test_one_camera_s_pictures_come_in_the_order_of_their_times(tmp_path: Path) -> None:
    pictures = one_camera(read_pictures(a_day(tmp_path)), "3", source="day.json")
    assert [picture.image for picture in pictures] == [
        "0700.png",
        "0800.png",
        "0900.png",
        "1000.png",
    ]


def test_without_times_the_order_of_the_file_stands(tmp_path: Path) -> None:
    path = write_json(
        tmp_path / "f.json", image("b.png", datetime="2"), image("a.png"), image("c.png")
    )
    chosen = one_camera(read_pictures(path), None, source="f.json")
    assert [picture.image for picture in chosen] == ["b.png", "a.png", "c.png"]


def test_a_list_of_polygons_is_one_picture_without_labels(tmp_path: Path) -> None:
    path = tmp_path / "rois.json"
    path.write_text(
        json.dumps({"video": "v.mp4", "width": 1280, "height": 720, "spots": [spot(184)]})
    )
    (picture,) = read_pictures(path)
    assert (picture.image, picture.width, picture.height) == ("", 1280, 720)
    assert picture.spots[0].spot_id == "s184"
    assert picture.spots[0].occupied is None
    assert picture.spots[0].polygon == tuple((float(x), float(y)) for x, y in SQUARE)


def test_several_cameras_ask_for_a_choice(tmp_path: Path) -> None:
    pictures = read_pictures(a_day(tmp_path))
    with pytest.raises(UsageError, match=r"pictures of 2 cameras \(3, 4\); choose one with --cam"):
        one_camera(pictures, None, source="day.json")
    with pytest.raises(UsageError, match=r"has no pictures of camera '5'; it has 3, 4"):
        one_camera(pictures, "5", source="day.json")


def test_pictures_of_several_sizes_are_no_fixed_camera(tmp_path: Path) -> None:
    path = write_json(tmp_path / "f.json", image("a.png"), {**image("b.png"), "width": 320})
    with pytest.raises(UsageError, match=r"several sizes \(160x120, 320x120\)"):
        one_camera(read_pictures(path), None, source="f.json")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({**image("a.png"), "width": 0}, "images[0].width: is '0' (a whole number); write whole"),
        ({**image("a.png"), "height": 7.5}, "images[0].height: is '7.5' (a number); write whole"),
        ({**image("a.png"), "camera": [3]}, "images[0].camera: is an array; write a text or"),
        ({**image("a.png"), "datetime": 7}, "images[0].datetime: is '7' (a whole number); write a"),
        ({"image": "a.png", "width": 9}, "images[0].height: is missing; add it"),
        (image("a.png", spot(None)), "images[0].spots[0].id: is 'None' (null); write a text or"),
        (image("a.png", {"id": 1}), "images[0].spots[0].polygon: is missing; add it"),
        (image("a.png", spot(1, polygon=[[1, 2, 3]])), "polygon[0]: has 3 numbers; give two"),
        (image("a.png", spot(1, polygon=[["1", 2]])), "polygon[0]: is '1' (a text); write a num"),
        (image("a.png", {**spot(1), "occupied": 1}), "occupied: is '1' (a whole number); write tr"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, entry: dict[str, object], message: str) -> None:
    assert message in refusal(write_json(tmp_path / "f.json", entry))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not valid JSON: "),
        ("[" * 100_000, "is not valid JSON: "),
        ("[]", "is an array; write an object with 'images'"),
        ("{}", "has neither 'images' nor 'spots'"),
        ('{"images": []}', "images: is empty; list at least one picture"),
        ('{"images": [3]}', "images[0]: is '3' (a whole number); write a table"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "f.json"
    path.write_text(text)
    assert refusal(path).startswith(message)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    assert "cannot be read (No such file" in refusal(tmp_path / "absent.json")
