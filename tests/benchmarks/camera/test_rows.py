"""The camera benchmark's rows: goals that can be missed, and faults that can go unfound."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.camera.cli import load_rows, truth_rows
from benchmarks.camera.load import Load
from benchmarks.camera.truth import Truth, measure_truth
from tests.edge.pictures import noisy, scene

GOOD = Load(read_all=0.2, camera=0.15, key_frames=0.04, resident_mb=100, worst_lag_ms=80, frames=30)


def test_each_goal_can_be_missed() -> None:
    assert all(row.met for row in load_rows(GOOD))
    bad = Load(
        read_all=0.2, camera=0.17, key_frames=0.06, resident_mb=121, worst_lag_ms=101, frames=30
    )
    assert not any(row.met for row in load_rows(bad))
    assert [row.ratio for row in load_rows(bad)][:2] == pytest.approx([0.85, 0.3])


def test_without_pyav_its_row_is_left_out() -> None:
    without = Load(
        read_all=0.2, camera=0.1, key_frames=None, resident_mb=9, worst_lag_ms=9, frames=3
    )
    assert len(load_rows(without)) == len(load_rows(GOOD)) - 1


def test_a_fault_that_is_not_found_misses_the_goal() -> None:
    assert all(row.met for row in truth_rows(Truth(20, 20, 20, 0, 5, 100)))
    assert not any(row.met for row in truth_rows(Truth(20, 19, 18, 1, 5, 100)))


def test_faults_are_put_upon_the_frames_that_are_there(tmp_path: Path) -> None:
    lot = np.tile(scene(width=320, height=240), (3, 4, 1))
    paths = []
    for hour in range(1):
        path = tmp_path / f"{hour}.png"
        cv2.imwrite(str(path), noisy(lot, seed=hour))
        paths.append(path)
    truth = measure_truth({("1", "2026-11-22"): paths})
    assert truth == Truth(injected=4, found=4, ended=4, false_alarms=0, camera_days=1, frames=1)
