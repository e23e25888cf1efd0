"""The committed clips, layout and truth belong together."""

import json
import tomllib
from pathlib import Path
from typing import Any

import cv2
import pytest

from sample_videos import NORTH
from sample_videos.layout import layout_toml
from sample_videos.lot import cameras
from sample_videos.schedule import World
from sample_videos.truth import truth_json


@pytest.fixture(scope="module")
def layout() -> Any:
    return tomllib.loads(NORTH.layout.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def committed_truth() -> Any:
    return json.loads(NORTH.truth.read_text(encoding="utf-8"))


@pytest.mark.parametrize("clip", NORTH.clips.values(), ids=NORTH.clips.keys())
def test_a_clip_opens_and_has_its_length_and_size(clip: Path) -> None:
    assert clip.stat().st_size < 5_000_000
    video = cv2.VideoCapture(str(clip))
    try:
        assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(10)
        assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 600
        there, frame = video.read()
        assert there
        assert frame.shape == (720, 1280, 3)
        for _ in range(25):
            assert video.grab()
        assert video.get(cv2.CAP_PROP_POS_MSEC) == pytest.approx(2500, abs=1)
    finally:
        video.release()


def test_layout_and_truth_name_the_same_spots(layout: Any, committed_truth: Any) -> None:
    assert layout["lot"]["id"] == committed_truth["lot"]
    spots = {spot["id"] for spot in layout["spots"]}
    assert spots == set(committed_truth["spots"])
    assert {camera["id"] for camera in layout["cameras"]} == set(NORTH.clips)
    for camera in layout["cameras"]:
        assert {region["spot"] for region in camera["regions"]} <= spots


def test_layout_and_truth_are_what_the_renderer_writes(world: World) -> None:
    assert NORTH.layout.read_text(encoding="utf-8") == layout_toml(cameras())
    assert NORTH.truth.read_text(encoding="utf-8") == truth_json(world, "north")
