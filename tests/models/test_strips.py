import numpy as np
import pytest

from models.patches import PatchSpec
from models.strips import MAX_HEIGHT, pack, strip_size, unpack

SPEC = PatchSpec(32, 0.25, 1.8)


@pytest.mark.parametrize("count", [1, 2, 100, 512, 513, 1025, 1537])
def test_packed_patches_come_back(count: int) -> None:
    rng = np.random.default_rng(count)
    patches = rng.integers(0, 256, (count, *SPEC.shape), dtype=np.uint8)
    picture = pack(patches)
    assert picture.shape[:2] == strip_size(count, SPEC)[::-1]
    assert picture.shape[0] <= MAX_HEIGHT
    assert np.array_equal(unpack(picture, count, SPEC), patches)


def test_up_to_a_jpegs_height_they_stand_one_below_another() -> None:
    assert strip_size(100, SPEC) == (32, 6400)
    assert strip_size(1000, SPEC) == (64, 32_000)


def test_a_picture_of_another_size_is_no_strip() -> None:
    with pytest.raises(ValueError, match="3 patches need 32x192"):
        unpack(np.zeros((128, 32, 3), np.uint8), 3, SPEC)
