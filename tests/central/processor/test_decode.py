"""What a camera may send instead of a picture."""

import struct

import cv2
import numpy as np
import pytest

from central.processor.decode import MAX_PIXELS, Undecodable, decode, jpeg_size
from models.patches import REDUCTIONS
from tests.central.processor.harness import HEIGHT, WIDTH, picture

JPEG = picture("ovov")


def reason(data: bytes, *, width: int = WIDTH, height: int = HEIGHT) -> str:
    result = decode(data, width=width, height=height)
    assert isinstance(result, Undecodable)
    return result.reason


def test_a_whole_jpeg_is_the_picture_that_was_encoded() -> None:
    frame = decode(JPEG, width=WIDTH, height=HEIGHT)
    assert isinstance(frame, np.ndarray)
    assert frame.shape == (HEIGHT, WIDTH, 3)
    assert frame.dtype == np.uint8
    assert frame[HEIGHT // 2, int(0.14 * WIDTH)].tolist() == pytest.approx([240] * 3, abs=4)


def test_no_picture_lies_where_it_would_be_written_past_the_cache() -> None:
    pytest.importorskip("simplejpeg", reason="simplejpeg comes with the extra 'all' only")
    kept = []  # so that each has a place of its own
    for side in range(16, 400, 16):
        _, encoded = cv2.imencode(".jpg", np.zeros((side, 32, 3), np.uint8))
        picture = decode(encoded.tobytes(), width=32, height=side)
        assert isinstance(picture, np.ndarray)
        kept.append(picture)
    assert {picture.ctypes.data % 32 for picture in kept} == {16}


@pytest.mark.parametrize("kind", [cv2.IMWRITE_JPEG_PROGRESSIVE, cv2.IMWRITE_JPEG_OPTIMIZE])
def test_size_is_found_in_every_kind_of_jpeg(kind: int) -> None:
    _, encoded = cv2.imencode(".jpg", np.zeros((30, 50, 3), np.uint8), [kind, 1])
    assert jpeg_size(encoded.tobytes()) == (50, 30)


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"not a picture", b"\x89PNG\r\n\x1a\n" + bytes(64), b"\xff\xd8" * 40]
)
def test_bytes_that_are_no_jpeg(data: bytes) -> None:
    assert "no JPEG" in reason(data)


def test_every_truncation_is_found() -> None:
    for length in (*range(40), *range(40, len(JPEG) - 1, 97), len(JPEG) - 2, len(JPEG) - 1):
        assert reason(JPEG[:length])


def test_a_padded_end_is_no_truncation() -> None:
    assert not isinstance(decode(JPEG + bytes(16), width=WIDTH, height=HEIGHT), Undecodable)


def test_noise_for_a_body_never_escapes_as_an_exception() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        damaged = np.frombuffer(JPEG, np.uint8).copy()
        places = rng.integers(2, len(damaged) - 2, size=200)
        damaged[places] = rng.integers(0, 256, size=200)
        decode(damaged.tobytes(), width=WIDTH, height=HEIGHT)


def test_the_stated_size_must_be_true() -> None:
    assert reason(JPEG, width=640, height=480) == "the JPEG is 320x240, stated is 640x480"


def test_a_small_file_cannot_ask_for_gigabytes() -> None:
    header = JPEG[: JPEG.index(b"\xff\xc0") + 5]
    bomb = header + struct.pack(">HH", 65_000, 65_000) + JPEG[len(header) + 4 :]
    assert str(MAX_PIXELS) in reason(bomb, width=65_000, height=65_000)


def test_orientation_in_exif_does_not_turn_the_picture_under_its_regions() -> None:
    tiff = b"II*\0\x08\0\0\0" + struct.pack("<HHHIHH", 1, 0x0112, 3, 1, 6, 0) + bytes(4)
    exif = b"Exif\0\0" + tiff
    turned = JPEG[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + JPEG[2:]
    obeyed = cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR)
    assert obeyed is not None
    assert obeyed.shape[:2] == (WIDTH, HEIGHT), "the test's own EXIF must be a valid one"
    assert not isinstance(decode(turned, width=WIDTH, height=HEIGHT), Undecodable)


@pytest.mark.parametrize("size", [(64, 48), (321, 243), (33, 17)])
@pytest.mark.parametrize("reduce", REDUCTIONS)
def test_a_picture_can_be_decoded_smaller(size: tuple[int, int], reduce: int) -> None:
    width, height = size
    _, encoded = cv2.imencode(".jpg", np.full((height, width, 3), 77, np.uint8))
    small = decode(encoded.tobytes(), width=width, height=height, reduce=reduce)
    assert isinstance(small, np.ndarray)
    assert small.shape == (-(-height // reduce), -(-width // reduce), 3)
    assert small.mean() == pytest.approx(77, abs=1)


@pytest.mark.parametrize("reduce", REDUCTIONS)
@pytest.mark.parametrize("kind", ["colour", "grey", "progressive"])
def test_the_pixels_are_opencv_s_whichever_library_decodes(kind: str, reduce: int) -> None:
    rng = np.random.default_rng(3)
    soft = cv2.GaussianBlur(rng.integers(0, 256, (135, 243, 3), dtype=np.uint8), (0, 0), 2)
    drawn = soft[..., 0] if kind == "grey" else soft
    options = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1] if kind == "progressive" else []
    _, encoded = cv2.imencode(".jpg", drawn, options)
    ours = decode(encoded.tobytes(), width=243, height=135, reduce=reduce)
    flag = "IMREAD_COLOR" if reduce == 1 else f"IMREAD_REDUCED_COLOR_{reduce}"
    theirs = cv2.imdecode(encoded, getattr(cv2, flag))
    assert isinstance(ours, np.ndarray)
    assert np.array_equal(ours, np.asarray(theirs))
