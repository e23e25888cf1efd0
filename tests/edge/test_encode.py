import cv2
import numpy as np
import pytest

from central.processor.decode import decode
from edge.encode import Colour, encode_jpeg, encode_patches, limit_width
from models.patches import PatchSpec
from models.strips import strip_size, unpack


def noise(height: int, width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


def smooth(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    blurred = cv2.GaussianBlur(noise(64 * count, 32), (0, 0), 4)
    return np.asarray(blurred, np.uint8).reshape(count, 64, 32, 3)


def there_and_back(
    patches: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], *, colour: Colour
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    spec = PatchSpec(32, 0.25, 1.8)
    jpeg = encode_patches(patches, quality=80, colour=colour)
    width, height = strip_size(len(patches), spec)
    picture = decode(jpeg, width=width, height=height, smooth=False)
    assert isinstance(picture, np.ndarray)
    back = np.empty_like(patches)
    unpack(picture, back, spec)
    return back


def test_patches_come_back_as_they_were_but_for_the_loss() -> None:
    patches = smooth(5)
    back = there_and_back(patches, colour=Colour.FULL)
    assert np.abs(back.astype(int) - patches).max() <= 12


@pytest.mark.parametrize("colour", [Colour.HALF, Colour.QUARTER])
def test_colour_at_less_resolution_stays_within_its_patch(colour: Colour) -> None:
    patches = smooth(5)
    patches[1] = (0, 0, 255)  # nothing could run farther than red into its neighbours
    back = there_and_back(patches, colour=colour)
    assert np.abs(back[1].astype(int) - patches[1]).max() <= 4
    assert np.abs(back[0].astype(int) - patches[0]).mean() <= 4
    alone = there_and_back(patches[[0, 0, 2]], colour=colour)
    assert np.array_equal(back[0], alone[0]), "what stands beside a patch changes it"


def test_less_colour_is_fewer_bytes_and_only_where_blocks_keep_to_their_patch() -> None:
    def size(side: int, *, colour: Colour) -> int:
        patches = np.asarray(noise(5 * side, side), np.uint8).reshape(5, side, side, 3)
        return len(encode_patches(patches, quality=80, colour=colour))

    assert size(16, colour=Colour.HALF) < 0.9 * size(16, colour=Colour.FULL)
    assert size(16, colour=Colour.QUARTER) < 0.8 * size(16, colour=Colour.FULL)
    assert size(8, colour=Colour.QUARTER) == size(8, colour=Colour.FULL)


def test_no_patches_are_no_bytes() -> None:
    assert (
        encode_patches(np.empty((0, 64, 32, 3), np.uint8), quality=80, colour=Colour.QUARTER) == b""
    )


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
