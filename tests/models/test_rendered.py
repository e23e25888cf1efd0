"""Rendered lots: repeatable, labelled rightly, made once, and kept in the format of any frames."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.patches import PatchSpec
from models.rendered import cut_lots, make_lots
from models.rendered_ground import repainted
from models.rendered_lot import (
    FRAMES,
    Kind,
    RenderedFrame,
    draw_lot,
    large_regions,
    random_camera,
)
from sample_videos.ground import albedo
from sample_videos.lot import cameras as masts_of_the_sample_lot

WIDTH = 240
SEED = 29
"""Whose first lot is seen from high above, so that no vehicle hides another."""
SPEC = PatchSpec(32, 0.25, 1.8)


pytestmark = pytest.mark.timeout(300)  # drawing is slow, and slower beside other work


@pytest.fixture(scope="module")
def drawn() -> list[RenderedFrame]:
    """The pictures of one lot, small."""
    return draw_lot(SEED, 0, width=WIDTH)


def test_lots_are_drawn_once_alike_and_read_as_labelled_frames(
    tmp_path: Path, drawn: list[RenderedFrame]
) -> None:
    counts: list[int] = []

    def make(lots: int) -> None:
        frames = make_lots(
            tmp_path, seed=SEED, lots=lots, workers=1, report=counts.append, width=WIDTH
        )
        assert len(frames) == lots * FRAMES

    make(1)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    make(1)
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    assert counts == [0, 1, 1]
    frames = make_lots(tmp_path, seed=SEED, lots=1, workers=1, report=counts.append, width=WIDTH)
    for frame, same in zip(frames, drawn, strict=True):
        assert frame.image.read_bytes() == same.jpeg
        assert tuple(spot.occupied for spot in frame.spots) == same.occupied
    plain = cut_lots(frames, SPEC)
    assert plain.patches.shape == (sum(len(frame.spots) for frame in frames), *SPEC.shape)
    assert 0.1 < plain.occupied.mean() < 0.95


def test_lots_in_bad_light_lie_beside_the_others_and_differ_from_them(
    tmp_path: Path, drawn: list[RenderedFrame]
) -> None:
    dim = make_lots(
        tmp_path,
        seed=SEED,
        lots=1,
        workers=1,
        report=lambda _: None,
        width=WIDTH,
        kind=Kind.DIM,
    )
    assert {frame.image.name for frame in dim} == {f"dim-000-{n}.jpg" for n in range(FRAMES)}
    assert not list(tmp_path.rglob("lot-*"))
    again = draw_lot(SEED, 0, width=WIDTH, kind=Kind.DIM)
    assert [frame.image.read_bytes() for frame in dim] == [one.jpeg for one in again]
    assert {one.jpeg for one in again}.isdisjoint(one.jpeg for one in drawn)


def test_busy_lots_are_seen_from_low_down() -> None:
    rng = np.random.default_rng(4)
    for _ in range(30):
        camera = random_camera(rng, WIDTH, 32.0)
        away = np.subtract(camera.target, camera.position)[:2]
        # What is nearer than five metres may be steeper.
        if float(np.hypot(*away)) > 5.01:
            assert camera.position[2] / float(np.hypot(*away)) <= np.tan(np.radians(32.1))


def test_what_is_called_occupied_looks_rougher_than_what_is_called_vacant(
    drawn: list[RenderedFrame],
) -> None:
    pictures = [np.asarray(cv2.imdecode(np.frombuffer(one.jpeg, np.uint8), 0)) for one in drawn]
    rough: dict[bool, list[float]] = {True: [], False: []}
    for frame, picture in zip(drawn, pictures, strict=True):
        for polygon, state in zip(frame.polygons, frame.occupied, strict=True):
            inside = np.zeros(picture.shape, np.uint8)
            cv2.fillConvexPoly(inside, np.round(polygon).astype(np.int32), 1)
            values = picture[inside > 0]
            if len(values) > 20:
                rough[bool(state)].append(float(values.std()) / float(values.mean()))
    assert np.median(rough[True]) > 1.5 * np.median(rough[False])


def test_cameras_differ_see_enough_and_are_often_low() -> None:
    rng = np.random.default_rng(1)
    cameras = [random_camera(rng, 960) for _ in range(40)]
    assert all(len(large_regions(camera)) >= 8 for camera in cameras)
    heights = [camera.position[2] for camera in cameras]
    assert min(heights) < 4.0
    assert max(heights) > 9.0
    assert len({camera.position for camera in cameras}) == 40


def test_no_camera_stands_where_clips_and_days_are_seen_from() -> None:
    rng = np.random.default_rng(3)
    masts = [np.array(mast.position) for mast in masts_of_the_sample_lot()]
    for _ in range(60):
        place = np.array(random_camera(rng, 960).position)
        assert all(float(np.linalg.norm(place - mast)) > 9.9 for mast in masts)


def test_the_ground_differs_and_keeps_within_what_reflects() -> None:
    camera = random_camera(np.random.default_rng(2), WIDTH)
    own = albedo(camera, 3)
    found = [repainted(own, camera, np.random.default_rng(seed)) for seed in range(8)]
    for one in found:
        assert one.shape == own.shape
        assert one.dtype == np.float32
        assert float(one.min()) > 0.0
        assert float(one.max()) <= 0.9
    means = [float(one.mean()) for one in found]
    assert max(means) > 1.3 * min(means)
    np.testing.assert_array_equal(found[0], repainted(own, camera, np.random.default_rng(0)))
