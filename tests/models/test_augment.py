"""Disturbances depend on the generator alone and leave what they should leave."""

from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np

from models.augment import Augmentation, augment, cut_looks, grow_leaves, redraw
from models.corpus import CROP_SIZE, crop_frame
from models.datasets import LabelledFrame, LabelledSpot
from models.patches import FloatArray, Image, PatchCutter, PatchSpec

SPEC = PatchSpec(size=32, margin=0.25, surroundings=1.8)
NOTHING = Augmentation(
    **{field.name: 0.0 for field in fields(Augmentation)} | {"smallest": 1.0, "largest": 1.0}
)


def crops(count: int) -> list[Image]:
    rng = np.random.default_rng(9)
    coarse = rng.integers(0, 256, (count, 12, 12, 3), dtype=np.uint8)
    side = (CROP_SIZE, CROP_SIZE)
    return [np.asarray(cv2.resize(one, side, interpolation=cv2.INTER_CUBIC)) for one in coarse]


def quads(count: int) -> FloatArray:
    slanted = np.array([[40.0, 38.0], [70.0, 42.0], [74.0, 70.0], [36.0, 74.0]])
    return np.repeat(slanted[None], count, axis=0)


def test_the_same_generator_gives_the_same_patches() -> None:
    def make(seed: int) -> Image:
        return augment(crops(12), quads(12), SPEC, Augmentation(), np.random.default_rng(seed))

    np.testing.assert_array_equal(make(5), make(5))
    assert (make(5) != make(6)).any()


def test_patches_have_the_classifier_s_shape() -> None:
    patches = augment(crops(5), quads(5), SPEC, Augmentation(), np.random.default_rng(5))
    assert patches.shape == (5, *SPEC.shape)
    assert patches.dtype == np.uint8


def test_the_crops_are_not_changed() -> None:
    kept = crops(6)
    augment(kept, quads(6), SPEC, Augmentation(foliage=1.0, shadow=1.0), np.random.default_rng(1))
    for crop, before in zip(kept, crops(6), strict=True):
        np.testing.assert_array_equal(crop, before)


def test_an_undisturbed_crop_is_cut_as_the_frame_would_be(tmp_path: Path) -> None:
    """Training and serving must see the same geometry: a crop's patch equals the frame's."""
    picture = cv2.resize(crops(1)[0], (400, 400), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(tmp_path / "a.png"), picture)
    region = ((0.42, 0.40), (0.60, 0.42), (0.58, 0.60), (0.38, 0.56))
    spot = LabelledSpot("A1", region, occupied=True)
    frame = LabelledFrame(tmp_path / "a.png", 400, 400, "", "", "", (spot,))
    pictures, regions = crop_frame(frame)
    drawn = redraw(regions, NOTHING, np.random.default_rng(0))
    np.testing.assert_allclose(drawn, regions)
    from_crop = cut_looks(pictures[0], drawn[0], SPEC)
    cutter = PatchCutter([region], width=400, height=400, spec=SPEC)
    assert np.abs(from_crop.astype(int) - cutter.cut(frame.pixels())[0]).mean() < 2.0


def test_a_redrawn_region_stays_near_the_spot() -> None:
    drawn = redraw(quads(2000), Augmentation(), np.random.default_rng(1))
    assert ((drawn < 0) | (drawn > CROP_SIZE)).mean() < 0.001
    assert np.abs(drawn.mean(axis=(0, 1)) - quads(1).mean(axis=(0, 1))).max() < 1.0


def test_leaves_cover_a_part_and_spare_the_rest() -> None:
    rng = np.random.default_rng(3)
    shares = []
    for _ in range(30):
        scene = np.full((CROP_SIZE, CROP_SIZE, 3), 128, dtype=np.float32)
        grow_leaves(scene, rng)
        shares.append((scene != 128).any(axis=2).mean())
    assert min(shares) > 0.005
    assert max(shares) < 0.95
