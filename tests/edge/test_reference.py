import numpy as np
import pytest

from edge.reference import (
    MAX_BYTES,
    MAX_LOOKS,
    BadReference,
    Reference,
    add_look,
    masked_look,
    moved_reference,
    read_reference,
    small_grey,
    write_reference,
)
from tests.edge.views import picture


def reference_of(*seconds: float) -> Reference:
    made: Reference | None = None
    for second in seconds:
        made = add_look(made, masked_look(picture(second=second)))
    assert made is not None
    return made


def test_it_comes_back_but_for_the_loss() -> None:
    made = reference_of(2.0, 30.0)
    back = read_reference(write_reference(made))
    assert np.array_equal(back.view_to_looks, np.eye(3))
    for look, was in zip(back.looks, made.looks, strict=True):
        assert look.shape == (360, 640)
        assert np.abs(look.astype(int) - was).mean() < 4


def test_it_fits_into_a_layout_whatever_it_shows() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (720, 1280, 3), dtype=np.uint8)
    made: Reference | None = None
    for _ in range(MAX_LOOKS + 1):
        made = add_look(made, small_grey(noise))
    assert made is not None
    assert len(made.looks) == MAX_LOOKS
    assert len(write_reference(made)) <= MAX_BYTES


def test_masked_parts_are_black_and_the_picture_stays() -> None:
    image = picture()
    look = masked_look(image, [((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5))])
    assert not look[:179].any()
    assert look[190:].mean() > 30
    assert image[:100].any()


def test_regions_drawn_on_another_view_keep_the_looks() -> None:
    data = write_reference(reference_of(2.0))
    shift = np.array([[1.0, 0.0, 0.02], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    back = read_reference(moved_reference(data, shift))
    assert np.array_equal(back.view_to_looks, shift)
    assert np.array_equal(back.looks[0], read_reference(data).looks[0])
    with pytest.raises(ValueError, match="realigned since"):
        add_look(back, back.looks[0])


def test_looks_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="640x360 and 600x360"):
        add_look(reference_of(2.0), np.zeros((360, 600), np.uint8))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda data: b"", "0 bytes do not begin"),
        (lambda data: b"\xff\xd8" + data, "do not begin"),
        (lambda data: data[:40], "do not begin"),
        (lambda data: data[:-10], "look 0 is cut short"),
        (lambda data: data[:76] + b"\x09" + data[77:], "states 9 looks"),
        (lambda data: data[:4] + bytes(72) + data[76:], "cannot be turned round"),
        (lambda data: data[:81] + bytes(len(data) - 81), "look 0 is no picture"),
    ],
)
def test_bytes_that_are_no_reference(spoil, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadReference, match=said):
        read_reference(spoil(write_reference(reference_of(2.0))))
