"""Coarse grey pictures of patches, and whether they differ."""

import numpy as np
import pytest

from models.signatures import COARSE, differ, signatures


def test_a_signature_is_a_coarse_grey_picture_of_both_looks() -> None:
    patches = np.zeros((2, 64, 32, 3), np.uint8)
    patches[1, 32:, 16:] = 200
    look = signatures(patches).reshape(2, 32, 16)
    assert not look[0].any()
    assert (look[1, 16:, 8:] == 200).all()
    assert look[1].sum() == 200 * 16 * 8


def test_a_coarse_one_has_cells_of_four_by_four() -> None:
    patches = np.zeros((2, 64, 32, 3), np.uint8)
    patches[1, 32:36, 4:8] = 160
    patches[1, 36:40, 4:6] = 160
    look = signatures(patches, side=COARSE).reshape(2, 16, 8)
    assert look[1, 8, 1] == 160
    assert look[1, 9, 1] == 80
    assert look.sum() == 240


def test_whether_they_differ_is_as_a_naive_twin_says() -> None:
    rng = np.random.default_rng(5)
    before = rng.integers(0, 256, (40, 128), dtype=np.uint8)
    spread = np.linspace(0, 12, 40)[:, None] * rng.standard_normal((40, 128))
    shift = rng.integers(-45, 46, (40, 1))
    now = np.clip(before + spread + shift, 0, 255).astype(np.uint8)
    found = differ(now, before, threshold=5.0, brightness=32.0)
    for look, old, said in zip(now.tolist(), before.tolist(), found.tolist(), strict=True):
        steps = [a - b for a, b in zip(look, old, strict=True)]
        mean = sum(steps) / len(steps)
        texture = sum(abs(step - mean) for step in steps) / len(steps)
        assert said is (texture >= 5.0 or abs(mean) >= 32.0)
    assert 5 < np.count_nonzero(found) < 35


@pytest.mark.parametrize("cells", [0, 8])
def test_of_none_nothing_differs(cells: int) -> None:
    none = np.empty((0, cells), np.uint8)
    assert differ(none, none, threshold=1.0, brightness=1.0).shape == (0,)
