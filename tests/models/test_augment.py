"""Disturbances depend on the generator alone, keep the label, and leave what they should leave."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.augment import Augmentation, Ground, composed, look, real
from models.corpus import CROP_SIZE, crop_frame
from models.datasets import LabelledFrame, LabelledSpot
from models.parked import Car, fill, park, silhouette
from models.patches import FloatArray, Image, PatchCutter, PatchSpec
from models.scenery import cast_shadow, grow_leaves, paint_ground, resurface, stand_before
from models.viewpoint import Drawing, cut_blind, cut_looks, redraw, tilt

SPEC = PatchSpec(size=32, margin=0.25, surroundings=1.8)
STILL = Drawing(0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0)
NOTHING = Augmentation(STILL, *[0.0] * (len(fields(Augmentation)) - 1))
GREY = np.full((CROP_SIZE, CROP_SIZE, 3), 100, dtype=np.uint8)
RED = np.full((CROP_SIZE, CROP_SIZE, 3), (20, 20, 220), dtype=np.uint8)


def crops(count: int) -> list[Image]:
    rng = np.random.default_rng(9)
    coarse = rng.integers(0, 256, (count, 12, 12, 3), dtype=np.uint8)
    side = (CROP_SIZE, CROP_SIZE)
    return [np.asarray(cv2.resize(one, side, interpolation=cv2.INTER_CUBIC)) for one in coarse]


def quads(count: int) -> FloatArray:
    slanted = np.array([[40.0, 38.0], [70.0, 42.0], [74.0, 70.0], [36.0, 74.0]])
    return np.repeat(slanted[None], count, axis=0)


def grounds(count: int) -> list[Ground]:
    return [Ground(crop, quad) for crop, quad in zip(crops(count), quads(count), strict=True)]


def cars() -> list[Car]:
    return [Car(RED, quads(1)[0])]


def make(seed: int) -> Image:
    rng, spec = np.random.default_rng(seed), Augmentation()
    scenes = [real(one, cars(), spec, rng) for one in grounds(12)]
    scenes += [composed(one, cars(), spec, rng, occupied=True) for one in grounds(4)]
    return look(scenes, SPEC, spec, rng)


def test_the_same_generator_gives_the_same_patches() -> None:
    np.testing.assert_array_equal(make(5), make(5))
    assert (make(5) != make(6)).any()


def test_patches_have_the_classifier_s_shape() -> None:
    patches = make(5)
    assert patches.shape == (16, *SPEC.shape)
    assert patches.dtype == np.uint8


def test_the_crops_are_not_changed() -> None:
    kept = grounds(6)
    rng = np.random.default_rng(1)
    spec = Augmentation(foliage=1.0, shadow=1.0, before=1.0, beside=1.0)
    look([real(one, cars(), spec, rng) for one in kept], SPEC, spec, rng)
    for ground, before in zip(kept, crops(6), strict=True):
        np.testing.assert_array_equal(ground.crop, before)


def test_an_undisturbed_crop_is_cut_as_the_frame_would_be(tmp_path: Path) -> None:
    """Training and serving must see the same geometry: a crop's patch equals the frame's."""
    picture = cv2.resize(crops(1)[0], (400, 400), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(tmp_path / "a.png"), picture)
    region = ((0.42, 0.40), (0.60, 0.42), (0.58, 0.60), (0.38, 0.56))
    spot = LabelledSpot("A1", region, occupied=True)
    frame = LabelledFrame(tmp_path / "a.png", 400, 400, "", "", "", (spot,))
    pictures, regions = crop_frame(frame)
    drawn = redraw(regions, STILL, np.random.default_rng(0))
    np.testing.assert_allclose(drawn, regions)
    from_crop = cut_looks(pictures[0], drawn[0], SPEC)
    cutter = PatchCutter([region], width=400, height=400, spec=SPEC)
    assert np.abs(from_crop.astype(int) - cutter.cut(frame.pixels())[0]).mean() < 2.0


def test_no_disturbance_leaves_a_real_scene_alone() -> None:
    ground = grounds(1)[0]
    same = real(ground, cars(), NOTHING, np.random.default_rng(0))
    np.testing.assert_array_equal(same.crop, ground.crop)
    np.testing.assert_array_equal(same.corners, ground.corners)


def test_a_redrawn_region_stays_near_the_spot() -> None:
    drawn = redraw(quads(2000), Drawing(), np.random.default_rng(1))
    assert ((drawn < 0) | (drawn > CROP_SIZE)).mean() < 0.001
    assert np.abs(drawn.mean(axis=(0, 1)) - quads(1).mean(axis=(0, 1))).max() < 1.0


def test_a_tilted_region_still_marks_the_same_ground() -> None:
    quad = quads(1)[0]
    marked = GREY.copy()
    cv2.fillConvexPoly(marked, np.round(quad).astype(np.int32), (250, 250, 250))
    for seed in range(20):
        scene, tilted = tilt(marked, quad, np.random.default_rng(seed))
        inside = np.zeros(scene.shape[:2], np.uint8)
        cv2.fillConvexPoly(inside, np.round(tilted).astype(np.int32), 1)
        bright = scene[..., 0] > 175
        both = (bright & (inside == 1)).sum()
        assert both > 0.8 * max(bright.sum(), inside.sum())


def test_a_blind_patch_shows_nothing_beyond_the_box() -> None:
    quad = quads(1)[0]
    scene = RED.copy()
    scene[20:92, 20:92] = 100  # far enough round the region for any box that is cut
    patch = cut_blind(scene, quad, SPEC, np.random.default_rng(2))
    assert np.ptp(patch[:32].astype(int), axis=2).max() == 0  # no red anywhere


@pytest.mark.parametrize("occupied", [True, False])
def test_a_composed_scene_has_a_car_on_the_spot_if_it_is_occupied(occupied: bool) -> None:
    quad, covered = quads(1)[0], []
    for seed in range(40):
        scene = fill(GREY, quad, cars(), np.random.default_rng(seed), occupied=occupied)
        x, y = quad.mean(axis=0).astype(int)
        covered.append(scene[y, x, 2] > 180)
    # A neighbour's body may lean over an empty spot's middle, but mostly does not.
    assert np.mean(covered) == 1.0 if occupied else np.mean(covered) < 0.5


def test_a_parked_car_stands_on_its_quadrilateral() -> None:
    quad = quads(1)[0]
    scene = park(GREY, quad, cars()[0], np.random.default_rng(3))
    rows = np.flatnonzero((scene[..., 2] > 150).any(axis=1))
    assert abs(rows.max() - quad[:, 1].max()) < 8
    assert (scene[:8] == GREY[:8]).all()


def test_a_body_rises_above_its_ground_the_lower_the_camera_the_more() -> None:
    """Seen from straight above, length and width keep their proportion and nothing rises."""
    rises = []
    for squash in (1.0, 0.7, 0.3):
        ground = np.array([[-12.5, -25.0], [12.5, -25.0], [12.5, 25.0], [-12.5, 25.0]])
        quad = ground * [1.0, squash] + 56.0
        outlines = [silhouette(quad, np.random.default_rng(seed)) for seed in range(20)]
        above = [quad[:, 1].min() - outline[:, 1].min() for outline in outlines]
        assert max(outline[:, 1].max() for outline in outlines) < quad[:, 1].max() + 10.0 * squash
        rises.append(float(np.mean(above)))
    assert rises[0] < 3.0 < rises[1] < rises[2]
    # A car of a metre and a half on 10 px a metre, seen at 17 degrees, foot and roof drawn in.
    assert 7.0 < rises[2] < 16.0


def test_other_ground_keeps_the_light_of_the_ground_it_covers() -> None:
    lit = np.repeat(np.linspace(40, 220, CROP_SIZE)[None], CROP_SIZE, axis=0)
    scene = np.repeat(lit[..., None], 3, axis=2).astype(np.uint8)
    brighter = []
    for seed in range(30):
        covered = resurface(scene, quads(1)[0], np.random.default_rng(seed))
        assert (covered != scene).mean() > 0.5
        brighter.append(covered[:, 80:].mean() > covered[:, :32].mean())
    assert np.mean(brighter) > 0.8


def test_leaves_cover_a_part_and_spare_the_rest() -> None:
    rng = np.random.default_rng(3)
    shares = []
    for _ in range(30):
        scene = np.full((CROP_SIZE, CROP_SIZE, 3), 128, dtype=np.float32)
        grow_leaves(scene, rng)
        shares.append((scene != 128).any(axis=2).mean())
    assert min(shares) > 0.005
    assert max(shares) < 0.95


@pytest.mark.parametrize(
    "draw",
    [
        lambda scene, rng: stand_before(scene, rng),
        lambda scene, rng: paint_ground(scene, quads(1)[0], rng),
    ],
)
def test_what_is_drawn_into_a_scene_leaves_most_of_it(
    draw: Callable[[Image, np.random.Generator], Image],
) -> None:
    changed = [
        (draw(GREY, np.random.default_rng(seed)) != GREY).any(axis=2).mean() for seed in range(30)
    ]
    assert max(changed) > 0.02
    assert np.mean(changed) < 0.5


def test_a_shadow_darkens_one_side() -> None:
    scene = GREY.astype(np.float32)
    cast_shadow(scene, np.random.default_rng(1))
    assert scene.min() < 85.0
    assert scene.max() == 100.0
