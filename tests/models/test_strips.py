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
    back = np.zeros((count + 2, *SPEC.shape), np.uint8)
    unpack(picture, back[1:-1], SPEC)
    assert np.array_equal(back[1:-1], patches)
    assert not back[0].any()
    assert not back[-1].any()


def test_they_stand_in_ten_columns_or_as_many_as_a_jpegs_height_asks_for() -> None:
    assert strip_size(100, SPEC) == (320, 640)
    assert strip_size(3, SPEC) == (96, 64)
    assert strip_size(12, SPEC) == (192, 128)
    assert strip_size(6000, SPEC) == (384, 32_000)


@pytest.mark.parametrize("count", [11, 12, 19, 21, 88, 91])
def test_no_column_is_left_blank_and_no_row(count: int) -> None:
    width, height = strip_size(count, SPEC)
    columns, down = width // SPEC.size, height // SPEC.shape[0]
    assert count > (columns - 1) * down
    assert count > columns * (down - 1)


def test_patches_that_do_not_lie_in_a_row_cannot_be_filled() -> None:
    picture, patches = np.zeros((64, 64, 3), np.uint8), np.empty((4, *SPEC.shape), np.uint8)
    with pytest.raises(ValueError, match="one after the other"):
        unpack(picture, patches[::2], SPEC)


def test_a_picture_of_another_size_is_no_strip() -> None:
    picture, patches = np.zeros((128, 32, 3), np.uint8), np.empty((3, *SPEC.shape), np.uint8)
    with pytest.raises(ValueError, match="3 patches need 96x64"):
        unpack(picture, patches, SPEC)
