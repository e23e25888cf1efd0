import cv2
import numpy as np
import pytest

from edge.encode import encode_jpeg, encode_patches, limit_width
from models.patches import PatchSpec
from models.strips import unpack


def noise(height: int, width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_patches_come_back_as_they_were_but_for_the_loss() -> None:
    smooth = cv2.GaussianBlur(noise(64 * 5, 32), (0, 0), 4)
    patches = np.asarray(smooth, np.uint8).reshape(5, 64, 32, 3)
    jpeg = np.frombuffer(encode_patches(patches, quality=80), np.uint8)
    decoded = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    back = unpack(np.asarray(decoded, np.uint8), 5, PatchSpec(32, 0.25, 1.8))
    assert np.abs(back.astype(int) - patches).max() <= 12


def test_no_patches_are_no_bytes() -> None:
    assert encode_patches(np.empty((0, 64, 32, 3), np.uint8), quality=80) == b""


def test_less_quality_is_fewer_bytes() -> None:
    image = noise(64, 64)
    assert len(encode_jpeg(image, quality=20)) < len(encode_jpeg(image, quality=90))


@pytest.mark.parametrize(
    ("max_width", "shape"), [(None, (90, 160)), (200, (90, 160)), (80, (45, 80)), (64, (36, 64))]
)
def test_wider_frames_shrink_and_keep_their_aspect(
    max_width: int | None, shape: tuple[int, int]
) -> None:
    assert limit_width(noise(90, 160), max_width).shape[:2] == shape
