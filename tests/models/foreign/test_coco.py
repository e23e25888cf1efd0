"""COCO JSON: boxes and polygons, categories by name, names that hold the time."""

from pathlib import Path
from typing import Any

import pytest

from models.foreign.coco import DEFAULT, Categories, read
from models.foreign.labels import LeftOut
from node.errors import UsageError

from .published import collected, pixels, read_back, write_coco

BOX = {"id": 0, "image_id": 0, "category_id": 2, "bbox": [10, 20, 30, 40]}


def test_boxes_and_polygons_become_spots(tmp_path: Path) -> None:
    path = write_coco(tmp_path / "_annotations.coco.json")
    first, second = read_back(read(path, None, DEFAULT, LeftOut()), tmp_path / "f.json")
    assert pixels(first, first.spots[0]) == [(10, 20), (40, 20), (40, 60), (10, 60)]
    assert pixels(second, second.spots[0]) == [(10, 60), (20, 20), (60, 20), (50, 60)]
    assert [frame.spots[0].occupied for frame in (first, second)] == [True, False]
    assert [frame.taken for frame in (first, second)] == [
        "2012-09-11T15:10:58",
        "2012-09-11T15:11:58",
    ]
    assert (first.width, first.height) == (200, 100)


def test_categories_may_have_other_names(tmp_path: Path) -> None:
    names = [{"id": "x", "name": "busy"}, {"id": "y", "name": "free"}]
    spots = [BOX | {"category_id": "x"}, BOX | {"category_id": "y"}, BOX | {"category_id": "z"}]
    path = write_coco(tmp_path / "a.json", categories=names, annotations=spots)
    left_out = LeftOut()
    frames = collected(read(path, None, Categories("busy", "free"), left_out))
    assert [spot.occupied for spot in frames[0].spots] == [True, False]
    assert left_out == {"annotations left out: another category": 1}
    with pytest.raises(UsageError, match="'space-occupied' but busy, free: choose by --occupied"):
        read(path, None, DEFAULT, LeftOut())
    with pytest.raises(UsageError, match="'empty' but busy, free: choose by --vacant"):
        read(path, None, Categories("busy", "empty"), LeftOut())


def test_missing_pictures_are_counted_and_other_names_have_no_time(tmp_path: Path) -> None:
    images = [
        {"id": 0, "file_name": "noon.jpg", "width": 200, "height": 100},
        {"id": 1, "file_name": "gone.jpg", "width": 200, "height": 100},
    ]
    path = write_coco(tmp_path / "a.json", images=images)
    next(tmp_path.glob("*.jpg")).rename(tmp_path / "noon.jpg")
    left_out = LeftOut()
    (frame,) = collected(read(path, None, DEFAULT, left_out))
    assert frame.taken == ""
    assert left_out == {"frames left out: the picture is missing": 1}


def test_a_mask_in_runs_is_read_by_its_box(tmp_path: Path) -> None:
    runs = BOX | {"segmentation": {"counts": [1, 2], "size": [100, 200]}}
    path = write_coco(tmp_path / "a.json", annotations=[runs])
    frame, _ = collected(read(path, None, DEFAULT, LeftOut()))
    assert frame.spots[0].corners[2] == (40, 60)


@pytest.mark.parametrize(
    ("changes", "needle"),
    [
        ({"annotations": [BOX, BOX | {"bbox": [1, 2, 3]}]}, r"annotations\[1\] needs"),
        ({"annotations": [BOX, BOX | {"bbox": [1, 2, 3, "w"]}]}, r"annotations\[1\] needs.*'w'"),
        ({"annotations": ["box"]}, r"annotations\[0\] needs image_id"),
        ({"annotations": {}}, 'needs a list "annotations"'),
        ({"categories": [{"id": 1}]}, r"categories\[0\] needs id and name"),
        ({"categories": []}, "but none"),
        ({"images": [{"id": 1, "file_name": "a.jpg"}]}, r"images\[0\] needs.*width"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, changes: dict[str, Any], needle: str) -> None:
    path = write_coco(tmp_path / "a.json", **changes)
    with pytest.raises(UsageError, match=needle) as caught:
        collected(read(path, None, DEFAULT, LeftOut()))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(UsageError, match="is not JSON"):
        read(tmp_path / "a.json", None, DEFAULT, LeftOut())
    (tmp_path / "a.json").write_text("[]")
    with pytest.raises(UsageError, match="is no COCO file"):
        read(tmp_path / "a.json", None, DEFAULT, LeftOut())
    with pytest.raises(UsageError, match="cannot read"):
        read(tmp_path / "none.json", None, DEFAULT, LeftOut())
