"""Reading labelled frames: every wrong entry is named in one line."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from models.datasets import read_frames
from node.errors import UsageError

SQUARE = [[10, 10], [30, 10], [30, 30], [10, 30]]


def entry(**changes: Any) -> dict[str, Any]:
    spots = [{"id": "A1", "polygon": SQUARE, "occupied": True}]
    return {"image": "a.png", "width": 64, "height": 48, "spots": spots} | changes


def write(path: Path, *entries: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"source": "test", "images": list(entries)}))
    return path


def test_polygons_become_shares_of_the_picture(tmp_path: Path) -> None:
    (frame,) = read_frames(write(tmp_path / "f.json", entry(camera=7)))
    assert frame.camera == "7"
    assert frame.spots[0].polygon[0] == (10 / 64, 10 / 48)
    assert frame.spots[0].occupied


def test_pictures_lie_beside_the_list_or_where_images_says(tmp_path: Path) -> None:
    path = write(tmp_path / "f.json", entry(), entry(image="frames/b.png"))
    beside, above = read_frames(path)
    assert beside.image == tmp_path / "a.png"
    assert above.image == tmp_path.parent / "frames/b.png"
    (elsewhere, _) = read_frames(path, tmp_path / "pictures")
    assert elsewhere.image == tmp_path / "pictures" / "a.png"


@pytest.mark.parametrize(
    ("wrong", "needle"),
    [
        (entry(width=0), "width"),
        ({"image": "a.png"}, "needs image, width, height and spots"),
        (entry(spots={}), "spots a list"),
        (entry(spots=[{"id": "A1", "polygon": SQUARE}]), "occupied"),
        (entry(spots=[{"id": "A1", "polygon": SQUARE, "occupied": 1}]), "true or false"),
        (entry(spots=[{"id": "A1", "polygon": SQUARE[:3], "occupied": True}]), "spot A1.*four"),
        (
            entry(spots=[{"id": "A1", "polygon": [[0, 0]] * 4, "occupied": True}]),
            "spot A1.*convex",
        ),
        (entry(spots=[{"id": "A1", "polygon": "here", "occupied": True}]), "spot A1"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, wrong: dict[str, Any], needle: str) -> None:
    path = write(tmp_path / "f.json", entry(), wrong)
    with pytest.raises(UsageError, match=needle) as caught:
        read_frames(path)
    assert "images[1]" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "needle"),
    [("{", "is not JSON"), ("[]", "has no frames"), ('{"images": []}', "has no frames")],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str, needle: str) -> None:
    path = tmp_path / "f.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=needle):
        read_frames(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_frames(tmp_path / "none.json")


def test_a_missing_a_broken_and_a_resized_picture_are_refused(tmp_path: Path) -> None:
    (frame,) = read_frames(write(tmp_path / "f.json", entry()))
    with pytest.raises(UsageError, match=r"no picture at .*a\.png.*--images"):
        frame.pixels()
    frame.image.write_bytes(b"no picture")
    with pytest.raises(UsageError, match="not a picture"):
        frame.pixels()
    cv2.imwrite(str(frame.image), np.zeros((24, 32, 3), dtype=np.uint8))
    with pytest.raises(UsageError, match="32x24 px, the list says 64x48"):
        frame.pixels()
