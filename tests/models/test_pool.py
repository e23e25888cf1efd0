"""A pool depends on its plan alone, and what is there is not made again."""

from pathlib import Path

import numpy as np
import pytest

from models.augment import Augmentation
from models.corpus import Crops, load_crops
from models.patches import PatchSpec
from models.pool import Portion, make, sample, save_crops, shares, without
from models.splits import Part

from .lot_data import make_data

SPEC = PatchSpec(32, 0.25, 1.8)
HOW = Augmentation()
PORTIONS = (Portion("acpds", "acpds", 40), Portion("pklot", "cnrpark", 30, composed=True))


@pytest.fixture(scope="module")
def crops(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Crops]:
    data = make_data(tmp_path_factory.mktemp("data"))
    return {name: load_crops(data, name, tuple(Part)) for name in ("acpds", "cnrpark", "pklot")}


def test_a_pool_is_made_once_and_alike(tmp_path: Path, crops: dict[str, Crops]) -> None:
    made = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        for one in crops.values():
            save_crops(folder, one)
        counts: list[int] = []
        made.append(make(folder, PORTIONS, SPEC, HOW, seed=3, workers=1, report=counts.append))
        assert sum(counts) == 70
    for first, second in zip(*made, strict=True):
        np.testing.assert_array_equal(first.patches, second.patches)
        np.testing.assert_array_equal(first.occupied, second.occupied)
        assert first.patches.shape == (first.portion.samples, *SPEC.shape)
        assert 0.2 < first.occupied.mean() < 0.8
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "a").glob("*patches.npy")}
    make(tmp_path / "a", PORTIONS, SPEC, HOW, seed=3, workers=1, report=lambda _: None)
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_samples_show_the_state_that_was_asked_for(crops: dict[str, Crops]) -> None:
    """Occupied and vacant ask for other crops; were the states mixed up, means would agree."""
    dark = crops["acpds"]
    marked = Crops(
        "acpds",
        np.where(dark.occupied[:, None, None, None], 250, 5).astype(np.uint8)
        * np.ones_like(dark.pictures),
        dark.regions,
        dark.occupied,
        dark.scene,
    )
    states = np.arange(40) % 2 == 0
    seen = sample(marked, marked, states, SPEC, HOW, np.random.default_rng(1), compose=False)
    middle = seen[:, 12:20, 12:20].mean(axis=(1, 2, 3))
    assert np.median(middle[states]) > np.median(middle[~states]) + 100


def test_leaving_a_source_out_leaves_out_its_cars_too() -> None:
    assert without(PORTIONS, "cnrpark") == PORTIONS[:1]
    assert without(PORTIONS, "acpds") == PORTIONS[1:]
    assert without(PORTIONS, "cnrext") == PORTIONS


def test_portions_share_their_ground_s_weight_by_size() -> None:
    portions = (*PORTIONS, Portion("acpds", "acpds", 120, composed=True))
    weights = shares(portions, {"acpds": 0.8, "pklot": 0.2})
    np.testing.assert_allclose(weights, [0.2, 0.2, 0.6])
