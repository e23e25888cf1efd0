"""No camera, day or place may be on two sides of the split."""

from itertools import pairwise
from pathlib import Path

import pytest

from models.corpus import SOURCES, frames_by_part
from models.datasets import LabelledFrame, LabelledPatch, read_patch_list
from models.splits import Part, acpds_parts, cnrext_part, cnrpark_part, pklot_part

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there")


def frame(
    name: str = "a.jpg", *, camera: str = "", taken: str = "", split: str = ""
) -> LabelledFrame:
    return LabelledFrame(Path(name), 10, 10, camera, taken, split, ())


def test_pklot_is_split_by_day() -> None:
    days = {"2012-10-13": Part.TRAIN, "2012-10-14": Part.CALIBRATION, "2012-10-25": Part.VALIDATION}
    for day, part in days.items():
        assert pklot_part(frame(camera="PUCPR", taken=f"{day}_08_00_00")) is part
    assert pklot_part(frame(camera="UFPR04", taken="2012-12-20_08_00_00")) is Part.TRAIN


def test_cnrext_is_split_by_camera() -> None:
    parts = {"1": Part.TRAIN, "3": Part.DEMONSTRATION, "7": Part.VALIDATION, "9": Part.CALIBRATION}
    for camera, part in parts.items():
        assert cnrext_part(frame(camera=camera)) is part


def test_acpds_keeps_its_own_split_and_calibrates_on_the_last_names() -> None:
    frames = [frame(f"{i:03}.jpg", split="train") for i in range(100)]
    frames += [frame("v.jpg", split="valid")]
    parts = acpds_parts(frames)
    assert parts[100] is Part.VALIDATION
    assert parts[:88] == (Part.TRAIN,) * 88
    assert parts[88:100] == (Part.CALIBRATION,) * 12


def test_cnrpark_is_split_by_camera_and_hour() -> None:
    def patch(camera: str, taken: str) -> LabelledPatch:
        return LabelledPatch("p", camera, "1", taken, occupied=True)

    assert cnrpark_part(patch("CNRPark-A", "2015-07-03T16:55")) is Part.TRAIN
    assert cnrpark_part(patch("CNRPark-A", "2015-07-03T17:05")) is Part.CALIBRATION
    assert cnrpark_part(patch("CNRPark-B", "2015-07-08T08:05")) is Part.VALIDATION


@needs_data
def test_the_real_data_share_no_camera_and_day_between_parts() -> None:
    for source in set(SOURCES) - {"cnrpark"}:
        groups: dict[Part, set[tuple[str, str]]] = {}
        for part, one in frames_by_part(DATA, source):
            group = (one.camera, one.taken[:10]) if one.camera else (one.image.name, "")
            groups.setdefault(part, set()).add(group)
        assert groups.keys() >= {Part.TRAIN, Part.CALIBRATION, Part.VALIDATION}
        for first, second in pairwise(groups.values()):
            assert not first & second


@needs_data
def test_camera_b_of_cnrpark_is_only_validated() -> None:
    rows = read_patch_list(DATA / "patches" / "cnrpark.csv")
    cameras = {part: {row.camera for row in rows if cnrpark_part(row) is part} for part in Part}
    assert cameras[Part.VALIDATION] == {"CNRPark-B"}
    assert cameras[Part.TRAIN] == cameras[Part.CALIBRATION] == {"CNRPark-A"}
