"""CNRPark+EXT: rows of labels joined with boxes that are drawn on larger pictures."""

from pathlib import Path

import pytest

from models.foreign.cnrpark import read
from models.foreign.labels import LeftOut
from node.errors import UsageError

from .published import collected, label, pixels, read_back, write_cnrpark


def test_rows_of_one_moment_become_a_frame(tmp_path: Path) -> None:
    rows = (
        label("02", "603", "0"),
        label("01", "603", "1"),
        label("01", "604", "0"),
        label("A", "1", "1", at="20150703_0805"),
    )
    left_out = LeftOut()
    reading = read(write_cnrpark(tmp_path, *rows), None, None, left_out)
    first, second = read_back(reading, tmp_path / "f.json")
    assert (first.camera, first.taken, first.weather) == ("1", "2015-11-12T07:09", "sunny")
    assert [(spot.name, spot.occupied) for spot in first.spots] == [("603", True), ("604", False)]
    # 2592x1944 becomes 200x100 here: the box follows the picture's own size.
    assert pixels(first, first.spots[0]) == [(100, 50), (120, 50), (120, 60), (100, 60)]
    assert pixels(first, first.spots[1]) == [(0, 0), (50, 0), (50, 25), (0, 25)]
    assert (second.camera, second.spots[0].occupied) == ("2", False)
    assert left_out == {"spots left out: CNRPark's A and B have no whole frames": 1}


def test_folders_may_be_named(tmp_path: Path) -> None:
    path = write_cnrpark(tmp_path / "all", label("1", "603", "1"))
    csv = path.rename(tmp_path / "labels.csv")
    with pytest.raises(UsageError, match=r"no camera1\.csv in .*--boxes"):
        read(csv, None, None, LeftOut())
    full = tmp_path / "all" / "FULL_IMAGE_1000x750"
    assert len(collected(read(csv, full, None, LeftOut()))) == 1, "boxes lie one folder above"
    boxes = tmp_path / "boxes"
    boxes.mkdir()
    (tmp_path / "all" / "camera1.csv").rename(boxes / "camera1.csv")
    assert len(collected(read(csv, full, boxes, LeftOut()))) == 1


def test_what_cannot_be_used_is_counted(tmp_path: Path) -> None:
    rows = (label("1", "605", "1"), label("1", "603", "1", at="2015-11-12_08.00"))
    left_out = LeftOut()
    (frame,) = collected(read(write_cnrpark(tmp_path, *rows), None, None, left_out))
    assert frame.spots == ()
    assert left_out == {
        "spots left out: no box in the camera's CSV": 1,
        "frames left out: the picture is missing": 1,
    }


@pytest.mark.parametrize(
    ("row", "needle"),
    [
        (label("1", "603", "2"), "line 3: occupancy is '2', must be 0 or 1"),
        (label("C", "603", "1"), "line 3: camera is 'C', not a number, A or B"),
        (label("1", "603", "1", at="2015-11-12"), "line 3: datetime is '2015-11-12'"),
        (label("1", "603", "1").replace(",S,", ",Q,"), "line 3: weather is 'Q', not S, O or R"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str, needle: str) -> None:
    path = write_cnrpark(tmp_path, label("1", "603", "1"), row)
    with pytest.raises(UsageError, match=needle) as caught:
        read(path, None, None, LeftOut())
    assert str(path) in str(caught.value)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = write_cnrpark(tmp_path, label("A", "1", "1"))
    with pytest.raises(UsageError, match="no row of cameras 1 to 9"):
        read(path, None, None, LeftOut())
    path.write_text("path,label\n")
    with pytest.raises(UsageError, match="no column 'camera'; its first line must name"):
        read(path, None, None, LeftOut())
    with pytest.raises(UsageError, match="cannot read"):
        read(tmp_path / "none.csv", None, None, LeftOut())
    path.write_bytes(b"camera\xff\n")
    with pytest.raises(UsageError, match="not text in UTF-8"):
        read(path, None, None, LeftOut())


def test_a_wrong_box_is_named(tmp_path: Path) -> None:
    path = write_cnrpark(tmp_path, label("1", "603", "1"))
    (tmp_path / "camera1.csv").write_text("SlotId,X,Y,W,H\n603,1,2,wide,4\n")
    with pytest.raises(UsageError, match=r"camera1\.csv line 2: X, Y, W and H.*'wide'"):
        read(path, None, None, LeftOut())
