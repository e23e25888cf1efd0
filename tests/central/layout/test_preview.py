"""What `preview` draws: the right camera, the right verdicts, and what it refuses."""

from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from central.layout.document import Camera
from central.layout.drawing import OCCUPIED, PLAIN, UNKNOWN, VACANT
from central.layout.preview import (
    Preview,
    choose_camera,
    classified_marks,
    draw,
    plain_marks,
    read_picture,
    write_picture,
)
from node.errors import OperationError, UsageError
from tests.central.layout.layouts import NORTH, north
from tests.central.layout.pictures import write_shade


def test_the_only_camera_needs_no_name() -> None:
    assert choose_camera(north(), None, source="north.toml").camera_id == "north-east"


def test_among_several_cameras_one_must_be_named() -> None:
    layout = replace(north(), cameras=(Camera("a"), Camera("b")))
    assert choose_camera(layout, "b", source="n").camera_id == "b"
    with pytest.raises(UsageError, match=r"several cameras or none \(a, b\); use --camera-id"):
        choose_camera(layout, None, source="n")
    with pytest.raises(UsageError, match=r"n: has no camera 'c'; its cameras: a, b"):
        choose_camera(layout, "c", source="n")


def test_plain_marks_are_the_spots_ids() -> None:
    marks = plain_marks(north().cameras[0])
    assert [mark.lines for mark in marks] == [("A01",), ("A02",)]
    assert {mark.colour for mark in marks} == {PLAIN}
    assert marks[0].polygon[0] == (0.412, 0.3)


@pytest.mark.parametrize(
    ("probability", "colour", "text"),
    [
        (0.97, OCCUPIED, "x 97%"),
        (0.03, VACANT, "o 97%"),
        (0.60, UNKNOWN, "? 60%"),
        (0.40, UNKNOWN, "? 60%"),
        (0.66, UNKNOWN, "? 66%"),  # at a threshold it is not yet sure
    ],
)
def test_a_verdict_is_a_colour_and_the_confidence_in_it(
    probability: float, colour: tuple[int, int, int], text: str
) -> None:
    mark, _ = classified_marks(
        north().cameras[0], [probability, 0.5], occupied_above=0.66, vacant_below=0.34
    )
    assert (mark.colour, mark.lines) == (colour, ("A01", text))


def test_a_video_s_first_frame_is_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 5.0, (64, 48))
    for shade in (200, 20):
        writer.write(read_picture(write_shade(tmp_path / "s.png", shade, width=64, height=48)))
    writer.release()
    assert abs(float(read_picture(path).mean()) - 200) < 3


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no picture")
    with pytest.raises(UsageError, match=r"notes\.txt: is neither a picture nor a video"):
        read_picture(text)
    with pytest.raises(UsageError, match=r"absent\.jpg: there is no such file"):
        read_picture(tmp_path / "absent.jpg")


def test_where_a_drawing_cannot_be_written_is_named(tmp_path: Path) -> None:
    picture = read_picture(write_shade(tmp_path / "p.png", 9))
    with pytest.raises(UsageError, match=r"--out .*p\.what: name a file that ends in \.jpg or"):
        write_picture(tmp_path / "p.what", picture)
    with pytest.raises(OperationError, match=r"p\.png: cannot be written; check the folder"):
        write_picture(tmp_path / "absent" / "p.png", picture)


def test_regions_and_grid_are_drawn_to_a_file(tmp_path: Path) -> None:
    picture = write_shade(tmp_path / "p.png", 120, width=640, height=480)
    layout = tmp_path / "north.toml"
    layout.write_text(NORTH)
    for name, chosen in (("regions.png", layout), ("grid.png", None)):
        job = Preview(picture=picture, layout=chosen, camera_id=None, out=tmp_path / name)
        draw(job, classify=False)
        assert (read_picture(tmp_path / name) != 120).any()
