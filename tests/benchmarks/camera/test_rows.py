"""The camera benchmark's rows: goals that can be missed, and faults that can go unfound."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.camera.cli import lag_rows, load_rows, truth_rows
from benchmarks.camera.lag import Lag, lag_of
from benchmarks.camera.load import Load
from benchmarks.camera.truth import NUDGE_PX, Day, Tally, Truth, measure_truth
from tests.edge.pictures import noisy, scene
from tests.edge.views import REGIONS


def lag(worst_ms: float) -> Lag:
    ages = {1: 10.0, 2: 20.0, 3: worst_ms}
    line = "DEBUG camera sent sequence={} ms: picture=4.0 slot=1.0 encode={:.1f} write=1.0\n"
    return lag_of(ages, "".join(line.format(n, age - 7.0) for n, age in ages.items()), after=1)


GOOD = Load(
    read_all=0.2,
    camera=0.15,
    key_frames=0.04,
    resident_mb=100,
    frames_lag=lag(80.0),
    strips_lag=lag(80.0),
)


def test_each_goal_can_be_missed() -> None:
    assert all(row.met for row in load_rows(GOOD))
    assert all(row.met is not False for row in lag_rows("frames", lag(99.0)))
    bad = replace(GOOD, camera=0.17, key_frames=0.06, resident_mb=121)
    assert not any(row.met for row in load_rows(bad))
    assert [row.ratio for row in load_rows(bad)][:2] == pytest.approx([0.85, 0.3])


def test_without_pyav_its_row_is_left_out() -> None:
    without = replace(GOOD, key_frames=None)
    assert len(load_rows(without)) == len(load_rows(GOOD)) - 1


def test_the_lag_is_told_by_its_stages_without_the_first_seconds() -> None:
    found = lag(101.0)
    assert found.frames == 2
    assert (found.sent.worst, found.arrived.worst) == pytest.approx((100.0, 101.0))
    assert found.worst_frame == pytest.approx(
        {"picture": 4.0, "slot": 1.0, "encode": 94.0, "write": 1.0}
    )
    sent, arrived, *stages = lag_rows("strips", found)
    assert (sent.met, arrived.met) == (False, False)
    assert [row.ours for row in stages] == [4.0, 1.0, 94.0, 1.0]
    assert not any(row.met for row in lag_rows("strips", lag_of({}, "", after=0)))


def test_a_fault_that_is_not_found_misses_the_goal() -> None:
    good = Truth({"frozen": Tally(5, 5, 5)}, 0, 0, camera_days=5, frames=100)
    assert all(row.met for row in truth_rows(good))
    bad = Truth({"frozen": Tally(5, 4, 4), "late": Tally(5, 5, 4)}, 1, 1, camera_days=5, frames=100)
    assert not any(row.met for row in truth_rows(bad))


def test_faults_are_put_upon_the_frames_that_are_there(tmp_path: Path) -> None:
    lot = np.tile(scene(width=320, height=240), (3, 4, 1))
    path = tmp_path / "noon.png"
    cv2.imwrite(str(path), noisy(lot, seed=1))
    truth = measure_truth([Day("1", (path,), REGIONS)])
    found = Tally(injected=1, found=1, ended=1)
    pictures = ("frozen", "black", "white", "blurred", "late", "lost", "resized")
    knocks = [f"nudged {pixels:g} px" for pixels in NUDGE_PX]
    assert truth == Truth(dict.fromkeys((*pictures, *knocks), found), 0, 0, camera_days=1, frames=1)


def test_what_is_beyond_the_detectors_is_not_counted_as_found(tmp_path: Path) -> None:
    """A picture without edges cannot be told to be blurred or nudged."""
    path = tmp_path / "fog.png"
    cv2.imwrite(str(path), np.full((480, 640, 3), 120, np.uint8))
    faults = measure_truth([Day("1", (path,), REGIONS)]).faults
    assert (faults["blurred"].found, faults["nudged 8 px"].found) == (0, 0)
