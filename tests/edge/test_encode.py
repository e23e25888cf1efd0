import cv2
import numpy as np
import pytest

from edge.encode import encode_frame, encode_jpeg, limit_width
from edge.frames import CapturedFrame
from tests.edge.videos import numbered_image


def noise(height: int, width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_the_jpeg_decodes_to_the_stated_size_and_keeps_its_times() -> None:
    frame = CapturedFrame(numbered_image(7), captured_at_us=11, position_us=22)
    encoded = encode_frame(frame, quality=80, max_width=None)
    decoded = cv2.imdecode(np.frombuffer(encoded.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert decoded.shape == (encoded.height, encoded.width, 3) == (48, 64, 3)
    assert abs(float(decoded.mean()) - 70) < 2
    assert (encoded.captured_at_us, encoded.position_us) == (11, 22)


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
