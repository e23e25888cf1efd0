import numpy as np
import pytest

from models.patches import PatchSpec
from models.strips import MAX_HEIGHT, pack, strip_size, unpack

SPEC = PatchSpec(32, 0.25, 1.8)


@pytest.mark.parametrize("count", [1, 2, 9, 11, 100, 512, 513, 1537])
def test_packed_patches_come_back(count: int) -> None:
    rng = np.random.default_rng(count)
    patches = rng.integers(0, 256, (count, *SPEC.shape), dtype=np.uint8)
    picture = pack(patches)
    assert picture.shape[:2] == strip_size(count, SPEC)[::-1]
    assert picture.shape[0] <= MAX_HEIGHT
    back = np.zeros((count + 1, *SPEC.shape), np.uint8)
    unpack(picture, back, np.arange(1, count + 1), SPEC)
    assert np.array_equal(back[1:], patches)
    assert not back[0].any()


def test_each_comes_to_the_place_that_it_is_given() -> None:
    patches = np.random.default_rng(4).integers(0, 256, (13, *SPEC.shape), dtype=np.uint8)
    places = np.random.default_rng(5).permutation(20)[:13]
    back = np.zeros((20, *SPEC.shape), np.uint8)
    unpack(pack(patches), back, places, SPEC)
    assert np.array_equal(back[places], patches)


def test_they_stand_in_ten_columns_or_as_many_as_a_jpegs_height_asks_for() -> None:
    assert strip_size(100, SPEC) == (320, 640)
    assert strip_size(3, SPEC) == (96, 64)
    assert strip_size(6000, SPEC) == (384, 32_000)


def test_a_picture_of_another_size_is_no_strip() -> None:
    picture, patches = np.zeros((128, 32, 3), np.uint8), np.empty((3, *SPEC.shape), np.uint8)
    with pytest.raises(ValueError, match="3 patches need 96x64"):
        unpack(picture, patches, np.arange(3), SPEC)
