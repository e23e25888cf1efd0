import numpy as np
import pytest

from sample_videos.camera import Camera
from sample_videos.car_shapes import SHAPES
from sample_videos.cars import Car, build_car
from sample_videos.light import clear_sky
from sample_videos.raster import nearest, rasterise, take
from sample_videos.shadow import ShadowMap, blockers
from sample_videos.surface import ORIGIN, Body, Finish, Pose, ellipsoid

CAMERA = Camera("c", "c", (0.0, -12.0, 4.0), (0.0, 0.0, 0.8), 50.0, 320, 180)


@pytest.mark.parametrize("kind", SHAPES)
def test_a_car_is_closed_and_has_its_size(kind: str) -> None:
    shape = SHAPES[kind]
    body = build_car(Car(shape, (0.5, 0.5, 0.5)))
    seen = rasterise(body, ORIGIN, CAMERA)
    assert len(np.unique(seen.pixel)) == len(seen.pixel)
    assert np.ptp(seen.points[:, 0]) == pytest.approx(shape.length, abs=0.15)
    assert seen.points[:, 2].max() == pytest.approx(shape.height, abs=0.06)
    assert set(seen.finish) >= {Finish.PAINT, Finish.GLASS, Finish.MATTE}
    # No holes: between the leftmost and the rightmost pixel of its middle rows all are covered.
    rows = seen.pixel // CAMERA.width
    row = int(np.median(rows))
    columns = np.sort(seen.pixel[rows == row] % CAMERA.width)
    assert (np.diff(columns) == 1).all()


def test_the_nearer_of_two_hides_the_other() -> None:
    near = ellipsoid((0.0, -2.0, 1.0), (0.5, 0.5, 0.5), (1.0, 0.0, 0.0))
    far = ellipsoid((0.0, 2.0, 1.0), (0.4, 0.4, 0.4), (0.0, 1.0, 0.0))
    seen = rasterise(Body((far, near)), ORIGIN, CAMERA)
    middle = (CAMERA.height // 2 - 2) * CAMERA.width + CAMERA.width // 2
    assert take(seen, seen.pixel == middle).albedo[0] == pytest.approx([1, 0, 0])
    assert len(nearest(seen).pixel) == len(seen.pixel)


def test_nothing_is_seen_behind_the_camera() -> None:
    ball = ellipsoid((0.0, 0.0, 1.0), (0.5, 0.5, 0.5), (1.0, 1.0, 1.0))
    assert len(rasterise(Body((ball,)), Pose(0.0, -40.0, 0.0), CAMERA).pixel) == 0


def test_a_shadow_falls_away_from_the_sun() -> None:
    # Sun in the south, 45 degrees up: a ball 1 m up throws its shadow 1 m to the north.
    ball = ellipsoid((0.0, 0.0, 1.0), (0.3, 0.3, 0.3), (1.0, 1.0, 1.0))
    shadows = ShadowMap(clear_sky(45.0, 180.0))
    assert shadows.add(blockers(Body((ball,)), ORIGIN)) is not None
    ground = np.array([(0, 1, 0), (0, -1, 0), (0, 0, 0), (1, 1, 0), (400, 1, 0)], np.float32)
    assert shadows.lit(ground).tolist() == [0, 1, 1, 1, 1]
    assert shadows.lit(np.array([(0, 0, 1.3)], np.float32)).tolist() == [1]
