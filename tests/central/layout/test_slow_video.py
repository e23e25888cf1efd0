"""Pictures as a slow video: every picture for its time, in order."""

from pathlib import Path

import cv2
import pytest

from central.layout.frames import read_pictures
from central.layout.slow_video import find_images, frames_per_picture, write_video
from node.errors import OperationError, UsageError
from tests.central.layout.pictures import HEIGHT, SHADES, WIDTH, image, write_json, write_shade

SIZE = (WIDTH, HEIGHT)


def shades_of(path: Path) -> list[int]:
    """Return the mean grey of each frame of a video."""
    capture = cv2.VideoCapture(str(path))
    shades: list[int] = []
    while True:
        found, frame = capture.read()
        if not found:
            capture.release()
            return shades
        shades.append(round(float(frame.mean())))


@pytest.mark.parametrize("name", ["day.mp4", "day.avi"])
def test_each_picture_is_shown_for_its_time(tmp_path: Path, name: str) -> None:
    files = [write_shade(tmp_path / f"{shade}.png", shade) for shade in SHADES]
    write_video(tmp_path / name, files, size=SIZE, fps=2.0, repeat=3)
    expected = [shade for shade in SHADES for _ in range(3)]
    found = shades_of(tmp_path / name)
    assert len(found) == len(expected)
    assert all(abs(a - b) <= 6 for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize(("seconds", "fps", "count"), [(1.0, 1.0, 1), (0.4, 5.0, 2), (3, 10, 30)])
def test_a_picture_lasts_a_whole_number_of_frames(seconds: float, fps: float, count: int) -> None:
    assert frames_per_picture(seconds, fps) == count


@pytest.mark.parametrize(("seconds", "fps"), [(0.1, 1.0), (1.5, 1.0)])
def test_a_part_of_a_frame_cannot_be_shown(seconds: float, fps: float) -> None:
    with pytest.raises(UsageError, match=r"choose them so that their product is a whole number"):
        frames_per_picture(seconds, fps)


def test_pictures_are_found_beside_the_json_above_it_or_where_told(tmp_path: Path) -> None:
    inner, elsewhere = tmp_path / "frames", tmp_path / "elsewhere"
    for folder in (inner, elsewhere):
        folder.mkdir()
    path = write_json(inner / "f.json", image("a.png"))
    pictures = read_pictures(path)
    with pytest.raises(UsageError, match=r"there is no picture .*a\.png; name its folder with --i"):
        find_images(path, pictures, None)
    above = write_shade(tmp_path / "a.png", 9)
    assert find_images(path, pictures, None) == [above]
    beside = write_shade(inner / "a.png", 9)
    assert find_images(path, pictures, None) == [beside]
    told = write_shade(elsewhere / "a.png", 9)
    assert find_images(path, pictures, elsewhere) == [told]


def test_a_list_of_polygons_has_no_pictures(tmp_path: Path) -> None:
    pictures = read_pictures(write_json(tmp_path / "f.json", image("")))
    with pytest.raises(UsageError, match="without an 'image' cannot become a video"):
        find_images(tmp_path / "f.json", pictures, None)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"name a file that ends in \.mp4 or \.avi"):
        write_video(tmp_path / "day.mkv", [], size=SIZE, fps=1.0, repeat=1)


def test_a_folder_that_is_not_there_is_no_place_to_write(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match=r"cannot be written; check the folder"):
        write_video(tmp_path / "absent" / "day.avi", [], size=SIZE, fps=1.0, repeat=1)


def test_a_picture_of_another_size_or_none_is_named(tmp_path: Path) -> None:
    large = write_shade(tmp_path / "large.png", 9, width=2 * WIDTH)
    with pytest.raises(UsageError, match=r"large\.png: is 320x120 px, the JSON says 160x120"):
        write_video(tmp_path / "day.avi", [large], size=SIZE, fps=1.0, repeat=1)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    with pytest.raises(UsageError, match=r"broken\.png: is no picture that can be read"):
        write_video(tmp_path / "day.avi", [broken], size=SIZE, fps=1.0, repeat=1)
