"""Regions proposed from a clip: cars that come and stand are found, not what passes."""

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

import sample_videos
from central.layout.proposals import Picture, propose, sampled
from central.layout.toml import read_layout

CLIPS = Path(sample_videos.__file__).parent


def scene(
    seconds: int, boxes: dict[tuple[int, int, int, int], tuple[int, int]]
) -> Iterator[Picture]:
    """Two frames a second of a grey noisy ground; each box is there from one second to another."""
    noise = np.random.default_rng(5)
    for frame in range(2 * seconds):
        picture = np.full((270, 480, 3), 110, np.int16)
        for (x, y, w, h), (begin, end) in boxes.items():
            if begin <= frame / 2 < end:
                picture[y : y + h, x : x + w] = (200, 40, 60)
        picture += noise.normal(0, 4, picture.shape).astype(np.int16)
        yield np.clip(picture, 0, 255).astype(np.uint8)


def test_a_car_that_comes_and_one_that_leaves_are_proposed() -> None:
    came, left = (100, 100, 60, 40), (300, 150, 60, 40)
    found = propose(scene(60, {came: (20, 99), left: (-1, 35)}))
    boxes = [np.array(one.corners) * (480, 270) for one in found]
    assert len(found) == 2
    for x, y, w, h in (came, left):
        assert any(
            np.allclose([*box.min(axis=0), *box.max(axis=0)], [x, y, x + w, y + h], atol=6)
            for box in boxes
        )


def test_the_same_spot_is_proposed_once_and_counted() -> None:
    spot = (100, 100, 60, 40)
    found = propose(list(scene(40, {spot: (20, 99)})) + list(scene(40, {spot: (-1, 20)})))
    assert [one.seen for one in found] == [2]


def test_what_passes_or_brightens_everything_is_not_proposed() -> None:
    passing = {(x, 120, 60, 40): (x // 40, x // 40 + 1) for x in range(0, 400, 20)}
    assert propose(scene(60, passing)) == []
    brightening = [
        np.clip(frame.astype(np.int16) + 2 * i // 3, 0, 255).astype(np.uint8)
        for i, frame in enumerate(scene(60, {}))
    ]
    assert propose(brightening) == []
    assert propose([]) == []


def test_most_spots_that_changed_in_a_clip_are_proposed() -> None:
    layout = read_layout(CLIPS / "north.toml")
    truth = json.loads((CLIPS / "north.truth.json").read_text())["spots"]
    camera = next(one for one in layout.cameras if one.camera_id == "north-east")
    found = propose(sampled(str(CLIPS / "north_east.mp4")))
    hit = set()
    for proposal in found:
        x, y = np.mean(proposal.corners, axis=0)
        for region in camera.regions:
            corners = (np.array(region.corners) / 1e3).astype(np.float32)
            if cv2.pointPolygonTest(corners, (float(x) * 1e3, float(y) * 1e3), False) >= 0:
                hit.add(region.spot_id)
    changed = {spot for spot, changes in truth.items() if len(changes) > 1}
    assert len(hit & changed) >= len(changed) * 0.6
    assert len(found) <= 2 * len(hit & changed)


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"no video")
    with pytest.raises(ValueError, match="no video"):
        list(sampled(str(tmp_path / "x.mp4")))
